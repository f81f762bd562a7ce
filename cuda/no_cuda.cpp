// In place of the CUDA backend in a build without it.
#include "core/backend.h"
#include "core/check.h"

namespace dinf {

template <class Real>
std::unique_ptr<Backend<Real>> makeCudaBackend(int, int64_t) {
  throw Failure("NO_SUCH_DEVICE", "this build has no CUDA backend: use device cpu or auto, or build where a CUDA toolkit is installed");
}
template std::unique_ptr<Backend<float>> makeCudaBackend<float>(int, int64_t);
template std::unique_ptr<Backend<double>> makeCudaBackend<double>(int, int64_t);

}  // namespace dinf
