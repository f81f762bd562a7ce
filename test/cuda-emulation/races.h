// Between the compiler's instrumentation and the race detector.
#pragma once
#include "machine.h"

namespace cuda_emulation {
void touch(const void* address, size_t bytes, Access, const void* code);
void markInstrumented();
}  // namespace cuda_emulation
