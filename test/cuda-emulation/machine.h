// What the parts of the emulated machine know of each other.
#pragma once
#include <memory>
#include <mutex>
#include <optional>
#include "cuda_runtime.h"
#include "emulation.h"

namespace cuda_emulation {

// ---- device.cpp: every call of the API holds the one lock of the machine, also while a kernel runs
class Entry {
 public:
  enum Kind { needsDevice, anywhere };
  explicit Entry(Kind = needsDevice);
  ~Entry();
  Entry(const Entry&) = delete;
  // Why this call cannot be served: no device, no driver, or a device lost to an earlier failure.
  cudaError_t refusal = cudaSuccess;

 private:
  std::unique_lock<std::recursive_mutex> lock_;
};
#define EMULATION_ENTRY \
  Entry entry;          \
  if (entry.refusal) return setError(entry.refusal)

cudaError_t setError(cudaError_t);  // remembered for this host thread's cudaGetLastError
int currentDevice();
void loseDevice(int device);  // a kernel failed: every later call on it fails, as on a GPU
uint64_t random();            // of the shuffled order
void restartRandom();
// Positions 0..count-1 as the order of the options wants them.
void arrange(std::vector<unsigned>& sequence, size_t count);

// ---- failures.cpp
void fail(const std::string& what, const std::string& where);
void forgetReports();
std::string describe(const void* code);  // "function at file:line" of an address in this program
std::string describe(Site);

// ---- memory.cpp
constexpr int kMaxDevices = 16;
struct Allocation {
  char* start;
  size_t bytes;
  int device;
};
bool isDeviceMemory(const void*);
const Allocation* allocationOf(const void*);  // the live allocation that holds this address
char* heapStart();
size_t heapBytes();
bool isPinned(const void*);
void unlockMemory();
void lockMemory();
void restartMemory();

// ---- shared_memory.cpp
constexpr size_t kDynamicCapacity = 227 * 1024;
using Address = char* (*)();
void addSharedRange(Address begin, Address end);
struct SharedRange {
  char* begin;
  char* end;
};
const std::vector<SharedRange>& sharedRanges();  // of the calling host thread: static variables; [0] is the dynamic array
void startSharedMemory(const void* kernel, size_t dynamicBytes);
void poisonSharedMemory();  // before each block
void finishSharedMemory();

// ---- execution.cpp
struct Position {
  uint32_t block, barrier,
      epoch;  // of the running thread: block counts blocks since the start, epoch the __syncwarp()s of its lane
  unsigned thread;
};
const Position& position();
uint32_t firstBlockOfLaunch();
std::string describeThread();  // kernel, block and thread
const void* runningKernel();
int runningDevice();
size_t dynamicBytes();

// ---- races.cpp
// A volatile access conflicts with plain ones alone: reading a word that others change atomically needs it.
enum class Access : uint8_t { read, write, atomic, volatileRead, volatileWrite };
void startRaceDetection();
void startBlockOfRaceDetection();
void finishRaceDetection();
void restartRaceDetection();

// ---- streams.cpp
int deviceOf(cudaStream_t);
cudaError_t enqueue(cudaStream_t, std::function<void()>);
cudaError_t drainDevice();
cudaError_t refuseWhileCapturing();  // the error of a call that a capture of this thread forbids
void restartStreams();

}  // namespace cuda_emulation
