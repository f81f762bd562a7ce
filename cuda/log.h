// The log of what happened (core/backend.h): lines in pinned memory that the host reads while the device goes on.
#pragma once
#include <cuda_runtime.h>
#include <cstdint>

namespace dinf::cuda {

struct Log {
  double* lines;
  volatile int64_t* published;  // how many lines the host may read
  int64_t* count;               // the same, in the device's own memory
  int width, length;            // slots of a line, lines that are kept
};

// By all threads of one block, after what they wrote to the slots is theirs to see. The host polls the number: it must not see it before
// the line.
__device__ __forceinline__ void publishLine(const Log& log, const double* slots, int count) {
  const int64_t number = *log.count;
  double* line = log.lines + number % log.length * log.width;
  for (int i = static_cast<int>(threadIdx.x); i < count; i += static_cast<int>(blockDim.x)) line[i] = slots[i];
  __threadfence_system();
  __syncthreads();
  if (threadIdx.x != 0) return;
  *log.count = number + 1;
  __threadfence_system();
  *log.published = number + 1;
}

}  // namespace dinf::cuda
