// How a backend on the processor's cores is made.
#pragma once
#include "core/backend.h"

namespace dinf {
template <class Real>
std::unique_ptr<Backend<Real>> makeCpuBackend(int threads);
}  // namespace dinf
