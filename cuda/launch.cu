#include "cuda/launch.h"
#include <atomic>
#include <map>
#include <mutex>

namespace dinf::cuda {
namespace {

constexpr int kMostDevices = 64;
std::atomic<uint64_t> lostDevices{0};  // a bit each
thread_local int used = 0;             // by this thread: a lost device does not even say its number

ErrorCode errorCode(cudaError_t error) {
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
    // After these the runtime answers every call with the same error until the process ends.
    case cudaErrorIllegalAddress:
    case cudaErrorLaunchTimeout:
    case cudaErrorAssert:
    case cudaErrorHardwareStackError:
    case cudaErrorIllegalInstruction:
    case cudaErrorMisalignedAddress:
    case cudaErrorInvalidAddressSpace:
    case cudaErrorInvalidPc:
    case cudaErrorLaunchFailure:
    case cudaErrorECCUncorrectable:
    case cudaErrorNvlinkUncorrectable:
    case cudaErrorMpsClientTerminated:
    case cudaErrorExternalDevice:
      return ErrorCode::deviceLost;
    default:
      return ErrorCode::internal;
  }
}

}  // namespace

void useDevice(int device) {
  used = device;
  checkCuda(cudaSetDevice(device), "choosing the device");
}

bool isLost(int device) { return device < kMostDevices && (lostDevices >> device & 1) != 0; }

void checkCuda(cudaError_t error, const char* what) {
  if (error == cudaSuccess) return;
  const ErrorCode code = errorCode(error);
  std::string message = std::string(what) + ": " + cudaGetErrorString(error) + " (" + cudaGetErrorName(error) + ")";
  if (code == ErrorCode::deviceLost) {
    if (used < kMostDevices) lostDevices |= uint64_t{1} << used;
    message = "cuda:" + std::to_string(used) + " has failed (" + message +
              "), and this process can use it no more: start a new one, or use another device; nvidia-smi and the kernel's log say whether the hardware is at fault";
  }
  cudaGetLastError();  // said here; the next call must not meet it again
  throw Failure(code, message);
}

size_t dynamicRoom(const void* kernel) {
  static std::mutex mutex;
  static std::map<std::pair<const void*, int>, size_t> known;
  int device = 0, most = 0;
  checkCuda(cudaGetDevice(&device), "the current device");
  const std::lock_guard lock(mutex);
  const auto [place, fresh] = known.try_emplace({kernel, device}, 0);
  if (!fresh) return place->second;
  try {
    cudaFuncAttributes attributes{};
    checkCuda(cudaFuncGetAttributes(&attributes, kernel), "a kernel's attributes");
    checkCuda(cudaDeviceGetAttribute(&most, cudaDevAttrMaxSharedMemoryPerBlockOptin, device), "device properties");
    const size_t room = static_cast<size_t>(most) - attributes.sharedSizeBytes;
    checkCuda(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(room)), "shared memory of a kernel");
    place->second = room;
  } catch (...) {
    known.erase(place);
    throw;
  }
  return place->second;
}

}  // namespace dinf::cuda
