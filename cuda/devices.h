// Which CUDA devices there are, or why none can be used. Includes nothing of CUDA: a build without it has the same interface.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace dinf {

struct DeviceInfo {
  std::string name;
  int computeMajor = 0, computeMinor = 0;
  int64_t memory = 0;  // bytes
  int64_t free = -1;   // bytes; -1: unknown, as the driver's management library is not installed
  int multiprocessors = 0;
};

struct CudaStatus {
  bool built = false;                           // this build has the CUDA backend
  int toolkitVersion = 0;                       // it was compiled with, as 1000 major + 10 minor; 0: not built
  int runtimeVersion = 0, driverVersion = 0;    // likewise; driver 0: none installed
  std::string architectures;                    // compiled for, such as "75 80 90"
  std::string reason;                           // why no device can be used; empty where one can
  std::vector<DeviceInfo> devices;              // in the order of cuda:0, cuda:1, ...
};

// Never throws, and makes no context: asking costs a process no device memory. The driver starts, which takes a tenth of a second and more.
CudaStatus cudaStatus() noexcept;

// Whether a device has failed in this process, which can use it no more.
bool cudaLost(int device) noexcept;

}  // namespace dinf
