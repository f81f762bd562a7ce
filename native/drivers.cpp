// The drivers: one line each, in the order of the schema.
#include <iterator>
#include "core/device.h"
#include "cpu/backend_cpu.h"
#include "cuda/backend_cuda.h"

namespace dinf {
namespace {

template <class Real>
using Factory = std::unique_ptr<Backend<Real>> (*)(const DeviceSpec&);

template <class Real>
constexpr Factory<Real> kFactories[] = {
    [](const DeviceSpec& device) { return makeCpuBackend<Real>(device.threads); },
    [](const DeviceSpec& device) { return makeCudaBackend<Real>(device.index, device.memoryLimit, device.threads, device.tf32); },
};
static_assert(std::size(kFactories<float>) == kDriverKindCount, "one factory for each driver of the schema");

}  // namespace

template <class Real>
std::unique_ptr<Backend<Real>> makeBackend(const DeviceSpec& device) {
  return kFactories<Real>[static_cast<int>(device.driver)](device);
}
template std::unique_ptr<Backend<float>> makeBackend<float>(const DeviceSpec&);
template std::unique_ptr<Backend<double>> makeBackend<double>(const DeviceSpec&);

}  // namespace dinf
