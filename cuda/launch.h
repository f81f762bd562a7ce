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

inline ErrorCode errorCode(cudaError_t error) {
  switch (error) {
    case cudaErrorMemoryAllocation:
      return ErrorCode::outOfMemory;
    case cudaErrorNoDevice:
    case cudaErrorInvalidDevice:
    case cudaErrorStubLibrary:
    case cudaErrorInsufficientDriver:
    case cudaErrorDevicesUnavailable:
    case cudaErrorSystemNotReady:
    case cudaErrorSystemDriverMismatch:
    case cudaErrorCompatNotSupportedOnDevice:
      return ErrorCode::noSuchDevice;
    default:
      return ErrorCode::internal;
  }
}

// Throws unless `error` is success; `what` says what was tried.
inline void checkCuda(cudaError_t error, const char* what) {
  if (error == cudaSuccess) return;
  cudaGetLastError();  // said here; the next call must not meet it again
  throw Failure(errorCode(error), std::string(what) + ": " + cudaGetErrorString(error) + " (" + cudaGetErrorName(error) + ")");
}

// Blocks of `threads` for one thread each of `count`.
inline unsigned blocksFor(int64_t count, int threads) { return static_cast<unsigned>((count + threads - 1) / threads); }

// Starts `kernel` on `stream` of the current device. More than 48 KB of dynamic shared memory is asked for here.
template <class... Parameters, class... Arguments>
void launch(void (*kernel)(Parameters...), dim3 grid, dim3 block, size_t sharedBytes, cudaStream_t stream,
            Arguments&&... arguments) {
  static_assert((std::is_trivially_copyable_v<std::remove_cv_t<Parameters>> && ...), "kernel parameters are copied as bytes");
  if (sharedBytes > 48 * 1024)
    checkCuda(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(sharedBytes)),
              "shared memory of a kernel");
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
