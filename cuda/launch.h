// The only place where a kernel starts, an error of the runtime becomes a Failure, and dynamic shared memory gets its name.
#pragma once
#include <cuda_runtime.h>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>
#include "core/check.h"

namespace dinf::cuda {

// Throws unless `error` is success; `what` says what was tried. After an error that a device does not come back from, DEVICE_LOST: the
// current device is lost to this process, and isLost() says so from then on.
void checkCuda(cudaError_t error, const char* what);
bool isLost(int device);
// Makes a device the calling thread's: what fails on this thread from now on is its failure.
void useDevice(int device);

// Blocks of `threads` for one thread each of `count`.
inline unsigned blocksFor(int64_t count, int threads) { return static_cast<unsigned>((count + threads - 1) / threads); }

// Bytes of dynamic shared memory that a block of `kernel` may have on the current device: what the device gives one block, less what the
// kernel holds statically. The first call of a kernel and device lets it have them all: that attribute belongs to the function, and what
// one launch set to less another one beside it would be refused.
size_t dynamicRoom(const void* kernel);

// Blocks have as much, static memory included, without asking; kernels with more than the rest of it statically have no dynamic memory.
constexpr size_t kSharedUnasked = 48 * 1024, kMostStatic = 16 * 1024;

// Starts `kernel` on `stream` of the current device.
template <class... Parameters, class... Arguments>
void launch(void (*kernel)(Parameters...), dim3 grid, dim3 block, size_t sharedBytes, cudaStream_t stream,
            Arguments&&... arguments) {
  static_assert((std::is_trivially_copyable_v<std::remove_cv_t<Parameters>> && ...), "kernel parameters are copied as bytes");
  if (sharedBytes > kSharedUnasked - kMostStatic) {
    const size_t room = dynamicRoom(reinterpret_cast<const void*>(kernel));
    check(sharedBytes <= room, ErrorCode::internal,
          "a kernel asks for " + std::to_string(sharedBytes) + " bytes of shared memory, and a block may have " + std::to_string(room));
  }
  cudaLaunchConfig_t config{};
  config.gridDim = grid;
  config.blockDim = block;
  config.dynamicSmemBytes = sharedBytes;
  config.stream = stream;
  checkCuda(cudaLaunchKernelEx(&config, kernel, std::forward<Arguments>(arguments)...), "launch of a kernel");
}

// The block's dynamic shared memory, `sharedBytes` of launch(), 16-byte aligned. One array whatever T: a kernel that wants
// several computes their offsets.
template <class T>
__device__ __forceinline__ T* blockShared() {
  static_assert(alignof(T) <= 16);
  extern __shared__ __align__(16) unsigned char dynamicSharedBytes[];
  return reinterpret_cast<T*>(dynamicSharedBytes);
}

}  // namespace dinf::cuda
