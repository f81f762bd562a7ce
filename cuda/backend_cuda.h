// How a backend on a CUDA device is made. Includes nothing of CUDA: a build without it has the same interface.
#pragma once
#include "core/backend.h"

namespace dinf {
// Throws NO_SUCH_DEVICE in a build without CUDA, or where there is no such device. `memoryLimit`: bytes that one solve may take; 0: all. `threads`: of the host.
// `tf32`: 11 significant bits do for products of matrices, where that is faster.
template <class Real>
std::unique_ptr<Backend<Real>> makeCudaBackend(int device, int64_t memoryLimit, int threads = 1, bool tf32 = false);
}  // namespace dinf
