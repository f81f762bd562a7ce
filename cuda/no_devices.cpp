// cudaStatus of a build without CUDA.
#include "devices.h"

namespace dinf {

CudaStatus cudaStatus() noexcept {
  CudaStatus status;
  try {
    status.reason = "this build has no CUDA backend";
  } catch (...) {  // out of memory: no device either way
  }
  return status;
}

}  // namespace dinf
