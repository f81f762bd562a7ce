// Where a solve runs, and the backend for it.
#pragma once
#include <memory>
#include "core/backend.h"
#include "math/schema.h"

namespace dinf {

struct DeviceSpec {
  DriverKind driver = DriverKind::cpu;
  int index = 0;            // among the driver's devices
  int64_t memoryLimit = 0;  // bytes that the solve may hold on it; 0: no limit but the device's
  int threads = 1;          // of the CPU
  bool tf32 = false;        // 11 significant bits do for products of matrices, where that is faster
};

// Throws NO_SUCH_DEVICE where this build does not have the driver, or this machine not the device. The list of drivers is in
// drivers.cpp.
template <class Real>
std::unique_ptr<Backend<Real>> makeBackend(const DeviceSpec& device);

}  // namespace dinf
