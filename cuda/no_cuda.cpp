// In place of the CUDA backend in a build without it.
#include "core/check.h"
#include "cuda/backend_cuda.h"
#include "cuda/devices.h"

namespace dinf {

template <class Real>
std::unique_ptr<Backend<Real>> makeCudaBackend(int, int64_t, int, bool) {
  throw Failure(ErrorCode::noSuchDevice, "this build has no CUDA backend: use device cpu or auto, or build where a CUDA toolkit is installed");
}
template std::unique_ptr<Backend<float>> makeCudaBackend<float>(int, int64_t, int, bool);
template std::unique_ptr<Backend<double>> makeCudaBackend<double>(int, int64_t, int, bool);

CudaStatus cudaStatus() noexcept {
  CudaStatus status;
  try {
    status.reason = "this build has no CUDA backend";
  } catch (...) {  // out of memory: no device either way
  }
  return status;
}

bool cudaLost(int) noexcept { return false; }

}  // namespace dinf
