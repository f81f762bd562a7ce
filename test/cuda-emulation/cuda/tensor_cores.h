// Stands in for cuda/tensor_cores.h, whose functions are PTX: found first, so that the kernels which include that run unchanged.
#pragma once
#include "emulated/tensor_cores.h"

namespace dinf::cuda {

inline uint32_t tf32(float x) { return cuda_emulation::roundToTf32(x); }
inline void multiplyAdd(float (&sum)[4], const uint32_t (&a)[4], const uint32_t (&b)[2], EMULATION_SITE) {
  cuda_emulation::multiplyTf32(sum, a, b, {file, line});
}

// At once: that nobody reads them before they are waited for, the barrier behind the wait shows.
inline void copyFour(float* shared, const float* from, bool, int left) {
  for (int i = 0; i < 4; ++i) shared[i] = i < left ? from[i] : 0.0f;
}
inline void waitForCopies() {}

}  // namespace dinf::cuda
