#include "cuda/context.h"
#include <algorithm>
#include <cstring>

namespace dinf::cuda {
namespace {
constexpr size_t kConstants = 256;  // tables kept, beside those of recordings
constexpr int kSlots = 4096;  // terms, trainable scalars and pairs of a limited history together

// Stands for all kernels where one asks what they were compiled for.
__global__ void anyKernel() {}

// Three products on tensor cores for one of floats pay where those are more than three times as fast as multiply-adds: on the GPUs of
// data centres. On the others (8.6, 8.9, 12.0) they are as fast, and pay where one product does. Code for GPUs before 8.0, which a
// newer one may run for want of better, knows no tensor cores of this kind.
TensorCores tensorCoresOf(int device, bool tf32) {
  int major = 0, minor = 0;
  checkCuda(cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device), "device properties");
  checkCuda(cudaDeviceGetAttribute(&minor, cudaDevAttrComputeCapabilityMinor, device), "device properties");
  cudaFuncAttributes code{};
  checkCuda(cudaFuncGetAttributes(&code, anyKernel), "a kernel's attributes");
  if (major < 8 || code.ptxVersion < 80) return TensorCores::none;
  if (tf32) return TensorCores::tf32;
  const bool fast = major == 8 ? minor == 0 : major < 12;
  return fast ? TensorCores::exact : TensorCores::none;
}
}  // namespace

Context::Context(int device, int64_t memoryLimit, bool tf32) : device_(device), memoryLimit_(memoryLimit) {
  int count = 0;
  checkCuda(cudaGetDeviceCount(&count), "looking for CUDA devices");
  check(device >= 0 && device < count, ErrorCode::noSuchDevice,
        "there is no cuda:" + std::to_string(device) + ": this machine has " + std::to_string(count) + " CUDA device(s)");
  check(!isLost(device), ErrorCode::deviceLost,
        "cuda:" + std::to_string(device) + " has failed in this process, which can use it no more: start a new one, or use another device");
  use();
  checkCuda(cudaDeviceGetAttribute(&multiprocessors_, cudaDevAttrMultiProcessorCount, device), "device properties");
  tensorCores_ = tensorCoresOf(device, tf32);
  checkCuda(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "a stream");
  try {
    slots_ = allocate<double>(kSlots);
    arrivals_ = allocate<unsigned>(1);
    checkCuda(cudaMemsetAsync(slots_, 0, kSlots * sizeof(double), stream_), "clearing the state block");
    checkCuda(cudaMemsetAsync(arrivals_, 0, sizeof(unsigned), stream_), "clearing the state block");
  } catch (...) {
    for (const auto& [memory, bytes] : blocks_) cudaFree(memory);
    cudaStreamDestroy(stream_);
    throw;
  }
}

Context::~Context() {
  cudaSetDevice(device_);
  cudaStreamSynchronize(stream_);
  for (const auto& [memory, bytes] : blocks_) cudaFree(memory);
  if (aside_) cudaStreamDestroy(aside_);
  cudaStreamDestroy(stream_);
}

void Context::use() const { useDevice(device_); }

void Context::synchronize() const { checkCuda(cudaStreamSynchronize(stream_), "waiting for the device"); }

void* Context::allocateBytes(size_t bytes) {
  bytes = std::max<size_t>(bytes, 16);
  const auto tooMuch = [&](int64_t free) {
    return Failure(ErrorCode::outOfMemory, "cuda:" + std::to_string(device_) + " cannot give " + std::to_string(bytes) + " bytes more: this solve holds " +
                                        std::to_string(held_) + ", free are " + std::to_string(free) +
                                        ". " + (memoryLimit_ > 0 ? "Allow more (memoryLimit), or use" : "End what else runs there, or use") +
                                        " a smaller resolution, fewer levels or fewer samples, or solve on the CPU");
  };
  if (memoryLimit_ > 0 && held_ + static_cast<int64_t>(bytes) > memoryLimit_) throw tooMuch(memoryLimit_ - held_);
  void* memory = nullptr;
  const cudaError_t error = cudaMalloc(&memory, bytes);
  if (error == cudaErrorMemoryAllocation) {
    cudaGetLastError();
    size_t free = 0, total = 0;
    cudaMemGetInfo(&free, &total);
    throw tooMuch(static_cast<int64_t>(free));
  }
  checkCuda(error, "allocation");
  blocks_[memory] = bytes;
  held_ += static_cast<int64_t>(bytes);
  return memory;
}

void Context::releaseBytes(void* memory) noexcept {
  const auto found = blocks_.find(memory);
  if (found == blocks_.end()) return;
  held_ -= static_cast<int64_t>(found->second);
  blocks_.erase(found);
  cudaSetDevice(device_);
  cudaFree(memory);  // waits for the device
}

void* Context::scratchBytes(size_t bytes) {
  if (scratch_.empty() || scratch_.back().second < bytes) {
    const size_t size = std::max(bytes, scratch_.empty() ? size_t{1} << 16 : scratch_.back().second * 3 / 2);
    scratch_.emplace_back(allocateBytes(size), size);
  }
  return scratch_.back().first;
}

const void* Context::constantBytes(const void* bytes, size_t count) {
  const std::string key(static_cast<const char*>(bytes), count);
  ++asks_;
  if (const auto found = constants_.find(key); found != constants_.end()) {
    Constant& known = found->second;
    if (recording_ && !known.recorded) --loose_;
    known.recorded = known.recorded || recording_;
    known.asked = asks_;
    return known.memory;
  }
  if (!recording_ && loose_ >= kConstants) dropConstants();
  // Not on the solve's stream, which may be capturing.
  void* memory = allocateBytes(count);
  if (!aside_) checkCuda(cudaStreamCreateWithFlags(&aside_, cudaStreamNonBlocking), "a stream");
  checkCuda(cudaMemcpyAsync(memory, bytes, count, cudaMemcpyHostToDevice, aside_), "upload of a table");
  checkCuda(cudaStreamSynchronize(aside_), "upload of a table");
  constants_[key] = {memory, recording_, asks_};
  if (!recording_) ++loose_;
  return memory;
}

void Context::dropConstants() {
  synchronize();
  for (auto it = constants_.begin(); it != constants_.end();) {
    const bool stays = it->second.recorded || it->second.asked + static_cast<int64_t>(kConstants / 2) > asks_;
    if (!stays) {
      releaseBytes(it->second.memory);
      --loose_;
    }
    it = stays ? std::next(it) : constants_.erase(it);
  }
}

// A solve of many stages makes many recordings, one after another: what they needed goes the way of other tables, between them.
void Context::beginRecording() {
  if (loose_ >= kConstants) dropConstants();
  ++recordings_;
}
void Context::endRecording() {
  if (--recordings_ > 0) return;
  for (auto& [key, constant] : constants_) constant.recorded = false;
  loose_ = constants_.size();
}

void Context::reserveSlots(int count) {
  check(count <= kSlots, ErrorCode::outOfMemory,
        "a solve on a CUDA device has " + std::to_string(kSlots) + " scalars of state, " + std::to_string(count) + " are wanted");
}

}  // namespace dinf::cuda
