// The lock, errors, options from the environment, and what a device says of itself.
#include <algorithm>
#include <atomic>
#include <iterator>
#include <stdexcept>
#include "machine.h"

namespace cuda_emulation {
namespace {

std::recursive_mutex machineLock;
int depth = 0;  // of nested entries, under the lock
bool lost[kMaxDevices];
thread_local cudaError_t lastError = cudaSuccess;
thread_local int device = 0;
uint64_t randomState = 1;
Statistics counters;

const char* environment(const char* name) {
  const char* text = std::getenv(name);
  return text && *text ? text : nullptr;
}
size_t byteCount(const std::string& text) {
  size_t end = 0;
  const double number = std::stod(text, &end);
  const std::string suffix = text.substr(end);
  const int shift = suffix.empty() ? 0 : suffix == "K" ? 10 : suffix == "M" ? 20 : suffix == "G" ? 30 : -1;
  if (shift < 0 || !(number > 0)) throw std::invalid_argument(text);
  return size_t(number * double(size_t(1) << shift));
}
// A misspelt value must not pass for a test of that order: the process stops.
Options fromEnvironment() {
  Options o;
  const char* name = "";
  const char* text = nullptr;
  const auto read = [&](const char* variable) { return (text = environment(name = variable)) != nullptr; };
  try {
    if (read("DINF_EMULATION_ORDER")) {
      const std::string order = text;
      if (order == "ascending") o.order = Order::ascending;
      else if (order == "descending") o.order = Order::descending;
      else if (order == "shuffled") o.order = Order::shuffled;
      else throw std::invalid_argument(order);
    }
    if (read("DINF_EMULATION_SEED")) o.seed = std::stoull(text);
    if (read("DINF_EMULATION_POISON")) o.poison = std::stoi(text) != 0;
    if (read("DINF_EMULATION_DEFERRED")) o.deferred = std::stoi(text) != 0;
    if (read("DINF_EMULATION_GUARD")) o.guardMemory = std::stoi(text) != 0;
    if (read("DINF_EMULATION_DEVICES")) o.devices = std::stoi(text);
    if (read("DINF_EMULATION_MEMORY")) o.memory = byteCount(text);
    if (read("DINF_EMULATION_DRIVER")) o.driverVersion = std::stoi(text);
    if (read("DINF_EMULATION_MODEL")) {
      const auto* model = std::find_if(std::begin(kModels), std::end(kModels), [&](const Model& one) { return std::string(one.name) == text; });
      if (model == std::end(kModels)) throw std::invalid_argument(text);
      o.model = *model;
    }
    if (o.devices < 0 || o.devices > kMaxDevices) throw std::invalid_argument("devices");
  } catch (const std::exception&) {
    std::fprintf(stderr, "emulated CUDA device: %s=%s cannot be understood\n", name, text);
    std::abort();
  }
  return o;
}

uint64_t splitMix(uint64_t& state) {
  uint64_t z = state += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

}  // namespace

Options& options() {
  static Options instance = fromEnvironment();
  return instance;
}
Statistics& statistics() { return counters; }

Entry::Entry(Kind kind) : lock_(machineLock) {
  static const bool seeded = (restartRandom(), true);
  (void)seeded;
  if (depth++ == 0) unlockMemory();
  if (kind == anywhere) return;
  if (options().driverVersion == 0) refusal = cudaErrorInsufficientDriver;
  else if (options().devices == 0) refusal = cudaErrorNoDevice;
  else if (lost[device]) refusal = cudaErrorLaunchFailure;
}
Entry::~Entry() {
  if (--depth == 0) lockMemory();
}

cudaError_t setError(cudaError_t error) {
  if (error != cudaSuccess && error != cudaErrorNotReady) lastError = error;
  return error;
}
int currentDevice() { return device; }
void loseDevice(int which) { lost[which] = true; }
uint64_t random() { return splitMix(randomState); }
void restartRandom() { randomState = options().seed; }
void arrange(std::vector<unsigned>& sequence, size_t count) {
  sequence.resize(count);
  for (size_t i = 0; i < count; ++i) sequence[i] = unsigned(options().order == Order::descending ? count - 1 - i : i);
  if (options().order != Order::shuffled) return;
  for (size_t i = count; i > 1; --i) std::swap(sequence[i - 1], sequence[(random() >> 32) * i >> 32]);
}

void forgive() {
  Entry entry(Entry::anywhere);
  for (bool& is : lost) is = false;
  forgetReports();
  lastError = cudaSuccess;
}
void restart() {
  Entry entry(Entry::anywhere);
  forgive();
  restartStreams();
  restartRaceDetection();
  restartMemory();
  restartRandom();
  device = 0;
  counters = {};
}

}  // namespace cuda_emulation
using namespace cuda_emulation;

cudaError_t cudaGetLastError() {
  Entry entry;
  if (entry.refusal == cudaErrorLaunchFailure) return entry.refusal;  // never forgotten
  return std::exchange(lastError, cudaSuccess);
}
cudaError_t cudaPeekAtLastError() {
  Entry entry;
  return entry.refusal == cudaErrorLaunchFailure ? entry.refusal : lastError;
}
// clang-format off
#define EMULATED_ERRORS(entry) \
  entry(cudaSuccess, "no error") \
  entry(cudaErrorInvalidValue, "invalid argument") \
  entry(cudaErrorMemoryAllocation, "out of memory") \
  entry(cudaErrorInvalidConfiguration, "invalid configuration argument") \
  entry(cudaErrorInsufficientDriver, "CUDA driver version is insufficient for CUDA runtime version") \
  entry(cudaErrorStubLibrary, "CUDA driver is a stub library") \
  entry(cudaErrorDevicesUnavailable, "CUDA-capable device(s) is/are busy or unavailable") \
  entry(cudaErrorSystemNotReady, "system not yet initialized") \
  entry(cudaErrorSystemDriverMismatch, "system has unsupported display driver / cuda driver combination") \
  entry(cudaErrorCompatNotSupportedOnDevice, "forward compatibility was attempted on non supported HW") \
  entry(cudaErrorInvalidDeviceFunction, "invalid device function") \
  entry(cudaErrorNoDevice, "no CUDA-capable device is detected") \
  entry(cudaErrorInvalidDevice, "invalid device ordinal") \
  entry(cudaErrorInvalidResourceHandle, "invalid resource handle") \
  entry(cudaErrorNotReady, "device not ready") \
  entry(cudaErrorIllegalAddress, "an illegal memory access was encountered") \
  entry(cudaErrorLaunchFailure, "unspecified launch failure") \
  entry(cudaErrorNotSupported, "operation not supported") \
  entry(cudaErrorStreamCaptureUnsupported, "operation not permitted when stream is capturing") \
  entry(cudaErrorStreamCaptureInvalidated, "operation failed due to a previous error during capture") \
  entry(cudaErrorStreamCaptureUnmatched, "capture was not initiated in this stream") \
  entry(cudaErrorStreamCaptureUnjoined, "capturing stream has unjoined work") \
  entry(cudaErrorStreamCaptureImplicit, "operation would make the legacy stream depend on a capturing blocking stream") \
  entry(cudaErrorStreamCaptureWrongThread, "attempt to terminate a thread-local capture sequence from another thread") \
  entry(cudaErrorUnknown, "unknown error") \
  entry(cudaErrorECCUncorrectable, "uncorrectable ECC error encountered") \
  entry(cudaErrorNvlinkUncorrectable, "uncorrectable NVLink error detected during the execution") \
  entry(cudaErrorLaunchTimeout, "the launch timed out and was terminated") \
  entry(cudaErrorAssert, "device-side assert triggered") \
  entry(cudaErrorHardwareStackError, "hardware stack error") \
  entry(cudaErrorIllegalInstruction, "an illegal instruction was encountered") \
  entry(cudaErrorMisalignedAddress, "misaligned address") \
  entry(cudaErrorInvalidAddressSpace, "operation not supported on global/shared address space") \
  entry(cudaErrorInvalidPc, "invalid program counter") \
  entry(cudaErrorMpsClientTerminated, "MPS client terminated") \
  entry(cudaErrorExternalDevice, "an error was reported by an external device")
// clang-format on
const char* cudaGetErrorName(cudaError_t error) {
#define EMULATED_NAME(code, text) \
  case code:                      \
    return #code;
  switch (error) { EMULATED_ERRORS(EMULATED_NAME) }
  return "unrecognized error code";
}
const char* cudaGetErrorString(cudaError_t error) {
#define EMULATED_TEXT(code, text) \
  case code:                      \
    return text;
  switch (error) { EMULATED_ERRORS(EMULATED_TEXT) }
  return "unrecognized error code";
}

cudaError_t cudaDriverGetVersion(int* version) { return *version = options().driverVersion, cudaSuccess; }
cudaError_t cudaRuntimeGetVersion(int* version) { return *version = CUDART_VERSION, cudaSuccess; }
cudaError_t cudaGetDeviceCount(int* count) {
  Entry entry;
  *count = 0;
  if (entry.refusal && entry.refusal != cudaErrorLaunchFailure) return setError(entry.refusal);
  *count = options().devices;
  return cudaSuccess;
}
cudaError_t cudaSetDevice(int which) {
  Entry entry;
  if (entry.refusal && entry.refusal != cudaErrorLaunchFailure) return setError(entry.refusal);
  if (which < 0 || which >= options().devices) return setError(cudaErrorInvalidDevice);
  device = which;
  return lost[device] ? setError(cudaErrorLaunchFailure) : cudaSuccess;
}
cudaError_t cudaGetDevice(int* which) {
  EMULATION_ENTRY;
  *which = device;
  return cudaSuccess;
}
cudaError_t cudaSetDeviceFlags(unsigned) { return cudaSuccess; }
// Limits of an H200; few multiprocessors, so that grids sized by them stay small.
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int which) {
  EMULATION_ENTRY;
  if (which < 0 || which >= options().devices) return setError(cudaErrorInvalidDevice);
  cudaDeviceProp p{};
  std::snprintf(p.name, sizeof p.name, "emulated CUDA device %d", which);
  p.totalGlobalMem = options().memory;
  p.sharedMemPerBlock = 48 << 10;
  p.sharedMemPerBlockOptin = options().model.sharedOfBlock;
  p.sharedMemPerMultiprocessor = options().model.sharedOfMultiprocessor;
  p.reservedSharedMemPerBlock = 1 << 10;
  p.totalConstMem = 64 << 10;
  p.regsPerBlock = p.regsPerMultiprocessor = 65536;
  p.warpSize = 32;
  p.maxThreadsPerBlock = 1024;
  p.maxThreadsPerMultiProcessor = 2048;
  p.maxBlocksPerMultiProcessor = 32;
  const int threads[] = {1024, 1024, 64}, grid[] = {0x7fffffff, 65535, 65535};
  std::copy_n(threads, 3, p.maxThreadsDim);
  std::copy_n(grid, 3, p.maxGridSize);
  p.major = options().model.major;
  p.minor = options().model.minor;
  p.multiProcessorCount = options().multiprocessors;
  p.canMapHostMemory = p.unifiedAddressing = 1;
  p.pciBusID = which + 1;
  p.memoryBusWidth = 6144;
  p.l2CacheSize = 50 << 20;
  *properties = p;
  return cudaSuccess;
}
cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int which) {
  cudaDeviceProp p;
  if (const cudaError_t error = cudaGetDeviceProperties(&p, which)) return error;
  switch (attribute) {
    case cudaDevAttrMaxThreadsPerBlock:
      *value = p.maxThreadsPerBlock;
      break;
    case cudaDevAttrMaxSharedMemoryPerBlock:
      *value = int(p.sharedMemPerBlock);
      break;
    case cudaDevAttrWarpSize:
      *value = p.warpSize;
      break;
    case cudaDevAttrMaxRegistersPerBlock:
      *value = p.regsPerBlock;
      break;
    case cudaDevAttrClockRate:
      *value = 1000000;
      break;
    case cudaDevAttrMultiProcessorCount:
      *value = p.multiProcessorCount;
      break;
    case cudaDevAttrIntegrated:
      *value = p.integrated;
      break;
    case cudaDevAttrCanMapHostMemory:
      *value = p.canMapHostMemory;
      break;
    case cudaDevAttrMemoryClockRate:
      *value = 1000000;
      break;
    case cudaDevAttrGlobalMemoryBusWidth:
      *value = p.memoryBusWidth;
      break;
    case cudaDevAttrL2CacheSize:
      *value = p.l2CacheSize;
      break;
    case cudaDevAttrMaxThreadsPerMultiProcessor:
      *value = p.maxThreadsPerMultiProcessor;
      break;
    case cudaDevAttrUnifiedAddressing:
      *value = p.unifiedAddressing;
      break;
    case cudaDevAttrComputeCapabilityMajor:
      *value = p.major;
      break;
    case cudaDevAttrComputeCapabilityMinor:
      *value = p.minor;
      break;
    case cudaDevAttrMaxSharedMemoryPerMultiprocessor:
      *value = int(p.sharedMemPerMultiprocessor);
      break;
    case cudaDevAttrMaxRegistersPerMultiprocessor:
      *value = p.regsPerMultiprocessor;
      break;
    case cudaDevAttrMaxSharedMemoryPerBlockOptin:
      *value = int(p.sharedMemPerBlockOptin);
      break;
    case cudaDevAttrMaxBlocksPerMultiprocessor:
      *value = p.maxBlocksPerMultiProcessor;
      break;
    case cudaDevAttrMemoryPoolsSupported:
      *value = 0;
      break;
    default:
      return setError(cudaErrorInvalidValue);
  }
  return cudaSuccess;
}
cudaError_t cudaDeviceGetPCIBusId(char* text, int size, int which) {
  EMULATION_ENTRY;
  if (which < 0 || which >= options().devices) return setError(cudaErrorInvalidDevice);
  std::snprintf(text, size_t(size), "0000:%02X:00.0", which + 1);
  return cudaSuccess;
}
