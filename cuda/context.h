// One solve's place on a device: its stream, its memory, its state block. Everything a solve does there goes through one of these,
// so that solves run side by side and leave nothing behind.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>
#include "cuda/launch.h"

namespace dinf::cuda {

// How matrices of floats are multiplied: by multiply-adds; by tensor cores, with as many good bits; by tensor cores with 11 bits.
enum class TensorCores { none, exact, tf32 };

class Context {
 public:
  // Throws NO_SUCH_DEVICE. `memoryLimit`: bytes that this solve may hold; 0: what the device has. `tf32`: 11 good bits do for products
  // of matrices, where that is faster.
  Context(int device, int64_t memoryLimit, bool tf32 = false);
  ~Context();
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  // A solve's calls come from changing threads; the device of a thread is state of the runtime.
  void use() const;
  cudaStream_t stream() const { return stream_; }
  int multiprocessors() const { return multiprocessors_; }
  void synchronize() const;
  TensorCores tensorCores() const { return tensorCores_; }

  // Throws OUT_OF_MEMORY, naming the bytes wanted, held and free. Memory is not cleared.
  void* allocateBytes(size_t bytes);
  void releaseBytes(void* memory) noexcept;
  template <class T>
  T* allocate(int64_t count) {
    return static_cast<T*>(allocateBytes(static_cast<size_t>(count) * sizeof(T)));
  }

  // Room for what lives within one op; the next op that asks gets the same. A recorded op keeps using the room that it was recorded
  // with, so room that was outgrown stays until the end.
  void* scratchBytes(size_t bytes);
  template <class T>
  T* scratch(int64_t count) {
    return static_cast<T*>(scratchBytes(static_cast<size_t>(count) * sizeof(T)));
  }

  // A device copy of tables that do not change: the same bytes give the same address. Tables asked for while recording stay as long as
  // there are recordings; others may go once there are many, never one of the last hundred that were asked for: an op asks for all of
  // its tables and then starts its kernel. Who keeps an address for longer wants a Buffer.
  const void* constantBytes(const void* bytes, size_t count);
  template <class T>
  const T* constant(const T* values, int64_t count) {
    return static_cast<const T*>(constantBytes(values, static_cast<size_t>(count) * sizeof(T)));
  }

  void setRecording(bool recording) { recording_ = recording; }
  void beginRecording();
  void endRecording();

  // The state block of doubles (core/backend.h).
  double* slots() const { return slots_; }
  void reserveSlots(int count);
  // Zero between launches: lets the last block of a kernel know that it is.
  unsigned* arrivals() const { return arrivals_; }

 private:
  int device_;
  cudaStream_t stream_ = nullptr;
  cudaStream_t aside_ = nullptr;  // for tables, while the other may be capturing
  int multiprocessors_ = 0;
  TensorCores tensorCores_ = TensorCores::none;
  int64_t memoryLimit_, held_ = 0;
  std::map<void*, size_t> blocks_;
  std::vector<std::pair<void*, size_t>> scratch_;
  struct Constant {
    void* memory;
    bool recorded;
    int64_t asked;  // when last: a number of asks_
  };
  void dropConstants();
  std::map<std::string, Constant> constants_;
  int64_t asks_ = 0;
  size_t loose_ = 0;  // tables that no recording needs
  bool recording_ = false;
  int recordings_ = 0;
  double* slots_ = nullptr;
  unsigned* arrivals_ = nullptr;
};

// Device memory that its owner gives back.
template <class T>
class Buffer {
 public:
  Buffer() = default;
  Buffer(Context& context, int64_t count) : context_(&context), data_(context.allocate<T>(count)), count_(count) {}
  Buffer(Buffer&& other) noexcept : context_(other.context_), data_(std::exchange(other.data_, nullptr)), count_(other.count_) {}
  Buffer& operator=(Buffer&& other) noexcept {
    std::swap(context_, other.context_);
    std::swap(data_, other.data_);
    std::swap(count_, other.count_);
    return *this;
  }
  ~Buffer() {
    if (data_) context_->releaseBytes(data_);
  }
  T* data() const { return data_; }
  int64_t count() const { return count_; }
  // Waits until the copy is done.
  void upload(const std::vector<T>& values) const {
    checkCuda(cudaMemcpyAsync(data_, values.data(), values.size() * sizeof(T), cudaMemcpyHostToDevice, context_->stream()), "upload");
    context_->synchronize();
  }

 private:
  Context* context_ = nullptr;
  T* data_ = nullptr;
  int64_t count_ = 0;
};

}  // namespace dinf::cuda
