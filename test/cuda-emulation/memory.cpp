// Device memory: one reserved range of addresses, a part a device; pages appear when touched. Fresh memory is NaN, every
// allocation has a red zone behind it that is looked at when it is freed. Pinned host memory is treated likewise.
#include <sys/mman.h>
#include <map>
#include <new>
#include "machine.h"

namespace cuda_emulation {
namespace {

constexpr size_t kRedZone = 256;
constexpr unsigned char kPoison = 0xff;  // a NaN in every floating type, -1 in integers
constexpr size_t kReturnPages = size_t(1) << 20;

size_t roomOf(size_t bytes) { return (bytes + 255) / 256 * 256 + kRedZone; }

struct Heap {
  char* start = nullptr;
  size_t bytes = 0, perDevice = 0, memory = 0;
  int devices = 0;
  std::map<char*, Allocation> live;
  std::map<char*, size_t> gaps;  // by address, never two side by side
  size_t used[kMaxDevices] = {};
  bool locked = false;

  Heap() { reserve(); }
  void reserve() {
    devices = std::max(1, options().devices);
    memory = options().memory;
    perDevice = (2 * memory + (size_t(64) << 20)) / 4096 * 4096;  // room for red zones and for fragments
    bytes = perDevice * size_t(devices);
    void* at = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (at == MAP_FAILED) throw std::bad_alloc();
    start = static_cast<char*>(at);
    live.clear();
    gaps.clear();
    for (int d = 0; d < devices; ++d) {
      used[d] = 0;
      // The gaps of two devices must not join: each keeps its first page.
      gaps[start + size_t(d) * perDevice + 4096] = perDevice - 4096;
    }
    locked = false;
  }
  void release() { munmap(start, bytes); }
};
Heap& heap() {
  static Heap instance;
  return instance;
}
std::map<char*, size_t> pinned;

bool redZoneIntact(const char* start, size_t bytes) {
  for (size_t i = bytes; i < roomOf(bytes); ++i)
    if (static_cast<unsigned char>(start[i]) != kPoison) return false;
  return true;
}
bool holds(const void* p, size_t bytes) {
  const Allocation* allocation = allocationOf(p);
  return allocation && static_cast<const char*>(p) + bytes <= allocation->start + allocation->bytes;
}
// The direction must be right and the device's side inside one allocation: a real device may or may not notice.
cudaError_t checkCopy(const void* to, const void* from, size_t bytes, cudaMemcpyKind kind) {
  const bool toDevice = isDeviceMemory(to), fromDevice = isDeviceMemory(from);
  const bool right = kind == cudaMemcpyDefault || (kind == cudaMemcpyHostToDevice && toDevice && !fromDevice) ||
                     (kind == cudaMemcpyDeviceToHost && !toDevice && fromDevice) ||
                     (kind == cudaMemcpyDeviceToDevice && toDevice && fromDevice) ||
                     (kind == cudaMemcpyHostToHost && !toDevice && !fromDevice);
  if (!right || (toDevice && !holds(to, bytes)) || (fromDevice && !holds(from, bytes))) return cudaErrorInvalidValue;
  return cudaSuccess;
}

cudaError_t release(void* p) {
  const auto it = heap().live.find(static_cast<char*>(p));
  if (it == heap().live.end()) return cudaErrorInvalidValue;
  const Allocation allocation = it->second;
  const size_t room = roomOf(allocation.bytes);
  if (options().poison) {
    if (!redZoneIntact(allocation.start, allocation.bytes))
      fail("write past the end of an allocation of " + std::to_string(allocation.bytes) + " bytes", "its release");
    if (room < kReturnPages) std::memset(allocation.start, kPoison, allocation.bytes);
  }
  if (room >= kReturnPages) {
    const size_t first = (size_t(allocation.start) + 4095) / 4096 * 4096, last = (size_t(allocation.start) + room) / 4096 * 4096;
    madvise(reinterpret_cast<void*>(first), last - first, MADV_DONTNEED);
  }
  heap().used[allocation.device] -= room - kRedZone;
  heap().live.erase(it);
  auto& gaps = heap().gaps;
  auto gap = gaps.emplace(allocation.start, room).first;
  if (const auto next = std::next(gap); next != gaps.end() && gap->first + gap->second == next->first) {
    gap->second += next->second;
    gaps.erase(next);
  }
  if (gap != gaps.begin()) {
    const auto before = std::prev(gap);
    if (before->first + before->second == gap->first) {
      before->second += gap->second;
      gaps.erase(gap);
    }
  }
  return cudaSuccess;
}

}  // namespace

bool isDeviceMemory(const void* p) { return p >= heap().start && p < heap().start + heap().bytes; }
char* heapStart() { return heap().start; }
size_t heapBytes() { return heap().bytes; }
const Allocation* allocationOf(const void* p) {
  auto* at = static_cast<char*>(const_cast<void*>(p));
  const auto it = heap().live.upper_bound(at);
  if (it == heap().live.begin()) return nullptr;
  const Allocation& allocation = std::prev(it)->second;
  return at < allocation.start + allocation.bytes ? &allocation : nullptr;
}
bool isPinned(const void* p) {
  auto* at = static_cast<char*>(const_cast<void*>(p));
  const auto it = pinned.upper_bound(at);
  return it != pinned.begin() && at < std::prev(it)->first + std::prev(it)->second;
}
void unlockMemory() {
  if (!heap().locked) return;
  mprotect(heap().start, heap().bytes, PROT_READ | PROT_WRITE);
  heap().locked = false;
}
void lockMemory() {
  if (!options().guardMemory) return;
  mprotect(heap().start, heap().bytes, PROT_NONE);
  heap().locked = true;
}
void restartMemory() {
  heap().release();
  heap().reserve();
}

cudaError_t allocate(void** p, size_t bytes) {
  EMULATION_ENTRY;
  *p = nullptr;
  if (const cudaError_t error = refuseWhileCapturing()) return setError(error);
  if (bytes == 0) return cudaSuccess;
  const int device = currentDevice();
  if (bytes > heap().memory || heap().used[device] + roomOf(bytes) - kRedZone > heap().memory)
    return setError(cudaErrorMemoryAllocation);
  const size_t room = roomOf(bytes);
  char* const begin = heap().start + size_t(device) * heap().perDevice;
  auto gap = heap().gaps.lower_bound(begin);
  while (gap != heap().gaps.end() && gap->first < begin + heap().perDevice && gap->second < room) ++gap;
  if (gap == heap().gaps.end() || gap->first >= begin + heap().perDevice) return setError(cudaErrorMemoryAllocation);
  char* const at = gap->first;
  const size_t left = gap->second - room;
  heap().gaps.erase(gap);
  if (left) heap().gaps[at + room] = left;
  heap().live[at] = {at, bytes, device};
  heap().used[device] += room - kRedZone;
  if (options().poison) std::memset(at, kPoison, room);
  *p = at;
  return cudaSuccess;
}
cudaError_t allocateOn(cudaStream_t stream, void** p, size_t bytes) {
  EMULATION_ENTRY;
  if (deviceOf(stream) != currentDevice()) return setError(cudaErrorInvalidResourceHandle);
  return allocate(p, bytes);
}
cudaError_t allocateHost(void** p, size_t bytes) {
  EMULATION_ENTRY;
  *p = nullptr;
  if (const cudaError_t error = refuseWhileCapturing()) return setError(error);
  const size_t room = roomOf(bytes);
  auto* at = static_cast<char*>(std::aligned_alloc(256, room));
  if (!at) return setError(cudaErrorMemoryAllocation);
  if (options().poison) std::memset(at, kPoison, room);
  pinned[at] = bytes;
  *p = at;
  return cudaSuccess;
}
cudaError_t hostDevicePointer(void** device, void* host) {
  EMULATION_ENTRY;
  if (!isPinned(host)) return setError(cudaErrorInvalidValue);
  *device = host;
  return cudaSuccess;
}
cudaError_t copyToSymbol(void* symbol, const void* source, size_t bytes, cudaStream_t stream) {
  EMULATION_ENTRY;
  return enqueue(stream, [symbol, copy = std::string(static_cast<const char*>(source), bytes)] {
    std::memcpy(symbol, copy.data(), copy.size());
  });
}

}  // namespace cuda_emulation
using namespace cuda_emulation;

cudaError_t cudaMemGetInfo(size_t* free, size_t* total) {
  EMULATION_ENTRY;
  *total = heap().memory;
  *free = heap().memory - heap().used[currentDevice()];
  return cudaSuccess;
}
cudaError_t cudaFree(void* p) {
  EMULATION_ENTRY;
  if (!p) return cudaSuccess;
  if (const cudaError_t error = refuseWhileCapturing()) return setError(error);
  if (const cudaError_t error = drainDevice()) return setError(error);
  return setError(release(p));
}
cudaError_t cudaFreeAsync(void* p, cudaStream_t stream) {
  EMULATION_ENTRY;
  if (!p) return cudaSuccess;
  if (!heap().live.count(static_cast<char*>(p))) return setError(cudaErrorInvalidValue);
  return enqueue(stream, [p] { release(p); });
}
cudaError_t cudaFreeHost(void* p) {
  EMULATION_ENTRY;
  if (!p) return cudaSuccess;
  if (const cudaError_t error = drainDevice()) return setError(error);
  const auto it = pinned.find(static_cast<char*>(p));
  if (it == pinned.end()) return setError(cudaErrorInvalidValue);
  if (options().poison && !redZoneIntact(it->first, it->second))
    fail("write past the end of a pinned allocation of " + std::to_string(it->second) + " bytes", "its release");
  std::free(p);
  pinned.erase(it);
  return cudaSuccess;
}
// Pageable memory is staged, as the driver does: read before the call returns, written before it returns.
cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t bytes, cudaMemcpyKind kind, cudaStream_t stream) {
  EMULATION_ENTRY;
  if (!bytes) return cudaSuccess;
  if (const cudaError_t error = checkCopy(to, from, bytes, kind)) return setError(error);
  cudaStreamCaptureStatus capturing = cudaStreamCaptureStatusNone;
  if (stream) cudaStreamIsCapturing(stream, &capturing);
  if (options().deferred && capturing == cudaStreamCaptureStatusNone) {
    if (!isDeviceMemory(from) && !isPinned(from))
      return enqueue(
          stream, [to, copy = std::string(static_cast<const char*>(from), bytes)] { std::memcpy(to, copy.data(), copy.size()); });
    if (!isDeviceMemory(to) && !isPinned(to)) {
      const cudaError_t error = enqueue(stream, [=] { std::memcpy(to, from, bytes); });
      return error ? error : cudaStreamSynchronize(stream);
    }
  }
  return enqueue(stream, [=] { std::memcpy(to, from, bytes); });
}
cudaError_t cudaMemcpy(void* to, const void* from, size_t bytes, cudaMemcpyKind kind) {
  EMULATION_ENTRY;
  if (const cudaError_t error = refuseWhileCapturing()) return setError(error);
  if (const cudaError_t error = cudaMemcpyAsync(to, from, bytes, kind, nullptr)) return error;
  return cudaStreamSynchronize(nullptr);
}
cudaError_t cudaMemsetAsync(void* to, int value, size_t bytes, cudaStream_t stream) {
  EMULATION_ENTRY;
  if (!bytes) return cudaSuccess;
  if (!holds(to, bytes) && !isPinned(to)) return setError(cudaErrorInvalidValue);
  return enqueue(stream, [=] { std::memset(to, value, bytes); });
}
cudaError_t cudaMemset(void* to, int value, size_t bytes) {
  EMULATION_ENTRY;
  if (const cudaError_t error = refuseWhileCapturing()) return setError(error);
  if (const cudaError_t error = cudaMemsetAsync(to, value, bytes, nullptr)) return error;
  return cudaStreamSynchronize(nullptr);
}
