// Buffers of a backend that are given back however their owner leaves.
#pragma once
#include <utility>
#include "core/backend.h"

namespace dinf {

// `count` values, zero at first. A default one holds nothing.
template <class Real>
class DeviceVector {
 public:
  DeviceVector() = default;
  DeviceVector(Backend<Real>& backend, int64_t count) : backend_(&backend), data_(backend.allocate(count)) {}
  DeviceVector(DeviceVector&& other) noexcept : backend_(other.backend_), data_(std::exchange(other.data_, nullptr)) {}
  DeviceVector& operator=(DeviceVector&& other) noexcept {
    std::swap(backend_, other.backend_);
    std::swap(data_, other.data_);
    return *this;
  }
  ~DeviceVector() {
    if (data_) backend_->release(data_);
  }
  operator Real*() const { return data_; }

 private:
  Backend<Real>* backend_ = nullptr;
  Real* data_ = nullptr;
};

// Scratch of as many values as were ever asked for at once. Growing loses what it held.
template <class Real>
class Scratch {
 public:
  Real* reserve(Backend<Real>& backend, int64_t count) {
    if (count_ < count) {
      data_ = {};   // gives back before it takes
      count_ = -1;  // should the allocation throw, the next call tries again
      data_ = DeviceVector<Real>(backend, count);
      count_ = count;
    }
    return data_;
  }

 private:
  DeviceVector<Real> data_;
  int64_t count_ = -1;
};

// Sums in double, [part][value].
template <class Real>
class DeviceSums {
 public:
  DeviceSums() = default;
  DeviceSums(Backend<Real>& backend, int64_t parts, int64_t values)
      : backend_(&backend), parts_(parts), values_(values), data_(backend.allocateSums(parts * values)) {}
  DeviceSums(DeviceSums&& other) noexcept
      : backend_(other.backend_), parts_(other.parts_), values_(other.values_), data_(std::exchange(other.data_, nullptr)) {}
  DeviceSums& operator=(DeviceSums&& other) noexcept {
    std::swap(backend_, other.backend_);
    std::swap(parts_, other.parts_);
    std::swap(values_, other.values_);
    std::swap(data_, other.data_);
    return *this;
  }
  ~DeviceSums() {
    if (data_) backend_->releaseSums(data_);
  }
  double* data() const { return data_; }
  void clear() {
    if (data_) backend_->clearSums(data_, parts_ * values_);
  }
  // out = the sum over the parts.
  void collect(Real* out) const { backend_->collectSums(out, data_, parts_, values_); }

 private:
  Backend<Real>* backend_ = nullptr;
  int64_t parts_ = 0, values_ = 0;
  double* data_ = nullptr;
};

}  // namespace dinf
