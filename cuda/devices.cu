// cudaStatus through the runtime; free memory through the driver's management library, because asking the runtime for it would
// make a context (some 300 MB of device memory).
#include <cuda_runtime_api.h>
#include <dlfcn.h>
#include "cuda/launch.h"
#include "devices.h"

namespace dinf {

namespace {

// "13.0" of 13000.
std::string versionName(int version) {
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

// The oldest driver release of a major version of CUDA: minor versions need no newer one.
const char* driverRelease(int version) {
  switch (version / 1000) {
    case 11:
      return "450";
    case 12:
      return "525";
    case 13:
      return "580";
    default:
      return nullptr;
  }
}

// The driver library is opened by the runtime only when first needed; its absence and its age give the same error.
std::string reasonOf(cudaError_t error, const CudaStatus& status) {
  if (status.driverVersion == 0) return "no NVIDIA driver installed";
  if (status.driverVersion / 1000 < status.runtimeVersion / 1000 || error == cudaErrorInsufficientDriver) {
    const std::string major = std::to_string(status.runtimeVersion / 1000) + ".0";
    const char* release = driverRelease(status.runtimeVersion);
    return "driver " + versionName(status.driverVersion) + " is too old for this build, which needs " + major +
           (release ? " (driver " + std::string(release) + " or newer)" : "");
  }
  if (error == cudaErrorNoDevice || error == cudaSuccess) return "no CUDA device visible";
  return std::string("the CUDA driver does not start: ") + cudaGetErrorString(error);
}

// The driver keeps a few per cent of a card for itself, and a part of a card has half of it at most.
int64_t freeOf(int64_t bytes, int64_t cardBytes, int64_t cardFree) { return cardBytes <= bytes + bytes / 4 ? cardFree : -1; }

// Free bytes of devices by their PCI address, without a context. The few entry points are declared here: NVML's header is not
// part of every toolkit.
class Management {
 public:
  Management() : library_(dlopen("libnvidia-ml.so.1", RTLD_LAZY | RTLD_LOCAL)) {
    if (!library_) return;
    const auto start = find<int()>("nvmlInit_v2");
    stop_ = find<int()>("nvmlShutdown");
    byAddress_ = find<int(const char*, void**)>("nvmlDeviceGetHandleByPciBusId_v2");
    memory_ = find<int(void*, Memory*)>("nvmlDeviceGetMemoryInfo");
    ready_ = start && stop_ && byAddress_ && memory_ && start() == 0;
  }
  ~Management() {
    if (ready_) stop_();
    if (library_) dlclose(library_);
  }
  Management(const Management&) = delete;
  Management& operator=(const Management&) = delete;

  // Of a device with so many bytes. A part of a card (MIG) has the card's address, and what is free of the card says nothing of the part.
  int64_t freeBytes(const char* address, int64_t bytes) const {
    void* device = nullptr;
    Memory memory{};
    if (!ready_ || byAddress_(address, &device) != 0 || memory_(device, &memory) != 0) return -1;
    return freeOf(bytes, static_cast<int64_t>(memory.total), static_cast<int64_t>(memory.free));
  }

 private:
  struct Memory {
    unsigned long long total, free, used;
  };
  template <class F>
  F* find(const char* name) const {
    return reinterpret_cast<F*>(dlsym(library_, name));
  }

  void* library_;
  bool ready_ = false;
  int (*stop_)() = nullptr;
  int (*byAddress_)(const char*, void**) = nullptr;
  int (*memory_)(void*, Memory*) = nullptr;
};

void list(CudaStatus& status) {
  status.built = true;
  status.toolkitVersion = CUDART_VERSION;
  status.architectures = DINF_CUDA_ARCHITECTURES;
  if (cudaRuntimeGetVersion(&status.runtimeVersion) != cudaSuccess) status.runtimeVersion = CUDART_VERSION;
  if (cudaDriverGetVersion(&status.driverVersion) != cudaSuccess) status.driverVersion = 0;
  int count = 0;
  const cudaError_t error = cudaGetDeviceCount(&count);
  cudaGetLastError();  // what is reported here is nobody else's failure
  if (error != cudaSuccess || count == 0) {
    status.reason = reasonOf(error, status);
    return;
  }
  const Management management;
  for (int i = 0; i < count; ++i) {
    cudaDeviceProp properties;
    const cudaError_t asked = cudaGetDeviceProperties(&properties, i);
    if (asked != cudaSuccess) {
      cudaGetLastError();
      status.devices.clear();  // or indices would no longer be the runtime's
      status.reason = "cuda:" + std::to_string(i) + " does not answer: " + cudaGetErrorString(asked);
      return;
    }
    char address[32] = "";
    if (cudaDeviceGetPCIBusId(address, sizeof address, i) != cudaSuccess) cudaGetLastError();
    DeviceInfo device;
    device.name = properties.name;
    device.computeMajor = properties.major;
    device.computeMinor = properties.minor;
    device.memory = static_cast<int64_t>(properties.totalGlobalMem);
    device.free = management.freeBytes(address, device.memory);
    device.multiprocessors = properties.multiProcessorCount;
    status.devices.push_back(device);
  }
}

}  // namespace

CudaStatus cudaStatus() noexcept {
  CudaStatus status;
  try {
    list(status);
  } catch (...) {  // out of memory
    status.devices.clear();
  }
  return status;
}

bool cudaLost(int device) noexcept { return cuda::isLost(device); }

}  // namespace dinf
