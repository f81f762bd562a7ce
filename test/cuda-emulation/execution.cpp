// How a block runs. Its threads are taken in order on one fibre, each a plain call, until one has to wait; then the fibre is that
// thread's, and another fibre goes on. So a kernel without barriers costs a call a thread, one with barriers a switch a thread
// and barrier.
#include <map>
#include "fibres.h"
#include "machine.h"

uint3 threadIdx, blockIdx;
dim3 blockDim, gridDim;

namespace cuda_emulation {
SharedWindow sharedWindow;
namespace {

constexpr unsigned kNone = ~0u, kMaxThreads = 1024, kWarp = 32;
constexpr size_t kDefaultShared = 48 * 1024;
// What a kernel holds statically is known to nvcc alone. Where there is no translation of its code each is charged with as much as the
// reductions hold that most share.
constexpr size_t kStaticShared = 64;
size_t staticShared(const void* kernel) {
  const Translation* const translation = translationOf(kernel);
  return translation ? translation->staticShared : kStaticShared;
}
unsigned mostThreads(const void* kernel) {
  const Translation* const translation = translationOf(kernel);
  return translation ? translation->mostThreads : kMaxThreads;
}

enum class State : uint8_t { fresh, ready, running, atBarrier, inWarp, done };
template <size_t kBytes>
struct alignas(16) Value {
  unsigned char bytes[kBytes];
};
struct Waiter {  // a lane in a warp operation
  unsigned mask, source;
  WarpOperation operation;
  uint8_t bytes;
  Site site;
  WholeWarp compute;
  Value<48> offered;
  Value<16> answer;
};
struct Warp {
  unsigned live = 0, waiting = 0;
};

// ---- the launch
const std::function<void()>* body = nullptr;
const void* kernelCode = nullptr;
int launchDevice = 0;
size_t launchShared = 0;
uint32_t launchFirstBlock = 1;
bool failed = false;
std::vector<unsigned> order, blockOrder;
uint3 indices[kMaxThreads];
dim3 indicesFor{0, 0, 0};

// ---- the block
unsigned threads = 0, alive = 0, runnable = 0, atBarrier = 0, cursor = 0, yields = 0;
State states[kMaxThreads];
Waiter waiters[kMaxThreads];
Warp warps[kMaxThreads / kWarp];
uint32_t epochs[kMaxThreads];
uint32_t nextEpoch = 0;
unsigned fibreOf[kMaxThreads];
Site barrierSite;
Vote barrierVote;
int votes = 0, voters = 0, voteResult = 0;
Position now{};

// ---- fibres
Context contexts[kMaxThreads + 1], host;
unsigned fibresMade = 0, fibre = 0, handed = kNone;
std::vector<unsigned> idleFibres;

void fibreMain();
unsigned takeFibre() {
  if (!idleFibres.empty()) {
    const unsigned last = idleFibres.back();
    idleFibres.pop_back();
    return last;
  }
  const unsigned index = fibresMade++;
  // Stacks start at different lines of a page: otherwise all would fall into the same few sets of the cache.
  prepareContext(contexts[index], stackOfFibre(index), kStackBytes - index * 320 % 4096 / 64 * 64, fibreMain);
  return index;
}
void enter(unsigned thread) {
  now.thread = thread;
  now.epoch = epochs[thread];
  threadIdx = indices[thread];
}
[[noreturn]] void abandonBlock() {
  failed = true;
  switchContext(contexts[fibre], host);
  __builtin_unreachable();
}
[[noreturn]] void failBlock(const std::string& what, Site site) {
  fail(what, describe(site));
  abandonBlock();
}

// All who live stand at the barrier: let them go. Anything else is a deadlock.
void releaseBarrier() {
  if (atBarrier == alive) {
    if (alive != threads)
      failBlock("__syncthreads() after " + std::to_string(threads - alive) + " threads of the block returned", barrierSite);
    voteResult = barrierVote == Vote::count ? votes : barrierVote == Vote::all ? votes == voters : votes > 0;
    for (unsigned t = 0; t < threads; ++t) states[t] = State::ready;
    runnable = alive;
    atBarrier = 0;
    votes = voters = 0;
    yields = 0;
    ++now.barrier;
    ++statistics().barriers;
    cursor = 0;
    if (options().order == Order::shuffled) arrange(order, threads);
    return;
  }
  for (unsigned t = 0; t < threads; ++t) {
    if (states[t] != State::inWarp) continue;
    enter(t);
    const Warp& warp = warps[t / kWarp];
    char text[200];
    std::snprintf(text, sizeof text, "deadlock: a warp operation with mask 0x%08x waits for lanes 0x%08x", waiters[t].mask,
                  waiters[t].mask & warp.live & ~warp.waiting);
    failBlock(text, waiters[t].site);
  }
  failBlock("deadlock", barrierSite);
}
// The next thread to run, marked running; kNone at the end of the block.
unsigned next(bool& fresh) {
  if (runnable == 0) {
    if (alive == 0) return kNone;
    releaseBarrier();
  }
  for (;; ++cursor) {
    if (cursor >= threads) cursor = 0;
    const unsigned t = order[cursor];
    if (states[t] > State::ready) continue;
    fresh = states[t] == State::fresh;
    states[t] = State::running;
    ++cursor;
    --runnable;
    return t;
  }
}

// Ends the wait of a warp operation whose every live lane has come. Answers are given out here, so that lanes may go on to their
// next operation at any speed.
bool completeWarp(unsigned warpIndex, unsigned member) {
  Warp& warp = warps[warpIndex];
  Waiter* const lanes = waiters + warpIndex * kWarp;
  const unsigned mask = lanes[member].mask & warp.live;
  if ((warp.waiting & mask) != mask) return false;
  unsigned ballot = 0;
  for (unsigned rest = mask; rest; rest &= rest - 1) {
    const Waiter& lane = lanes[__builtin_ctz(rest)];
    if (lane.mask != lanes[member].mask || lane.operation != lanes[member].operation) return false;
    unsigned bit = 0;
    if (lane.operation == WarpOperation::ballot) std::memcpy(&bit, lane.offered.bytes, 4);
    ballot |= (bit & 1) << __builtin_ctz(rest);
  }
  if (lanes[member].operation == WarpOperation::whole) {
    if (mask != ~0u) {
      enter(warpIndex * kWarp + member);
      failBlock("an instruction of the whole warp in a part of it", lanes[member].site);
    }
    const void* offered[kWarp];
    void* answers[kWarp];
    for (unsigned l = 0; l < kWarp; ++l) offered[l] = lanes[l].offered.bytes, answers[l] = lanes[l].answer.bytes;
    lanes[member].compute(offered, answers);
  }
  const bool sync = lanes[member].operation == WarpOperation::sync;
  if (sync) ++nextEpoch;
  for (unsigned rest = mask; rest; rest &= rest - 1) {
    const unsigned l = unsigned(__builtin_ctz(rest));
    Waiter& lane = lanes[l];
    if (lane.operation == WarpOperation::ballot) std::memcpy(lane.answer.bytes, &ballot, 4);
    else if (lane.operation == WarpOperation::shuffle) {
      if (lane.source >= kWarp || !(mask >> lane.source & 1)) {
        enter(warpIndex * kWarp + l);
        failBlock("shuffle from lane " + std::to_string(lane.source) + ", which takes no part in it", lane.site);
      }
      std::memcpy(lane.answer.bytes, lanes[lane.source].offered.bytes, sizeof lane.answer.bytes);
    }
    // Only __syncwarp() orders memory; shuffles and votes do not.
    if (sync) epochs[warpIndex * kWarp + l] = nextEpoch;
    states[warpIndex * kWarp + l] = State::ready;
  }
  warp.waiting &= ~mask;
  runnable += unsigned(__builtin_popcount(mask));
  ++statistics().warpOperations;
  return true;
}
void finishThread(unsigned thread) {
  states[thread] = State::done;
  --alive;
  Warp& warp = warps[thread / kWarp];
  warp.live &= ~(1u << thread % kWarp);
  // Who waits in this warp may have waited for nobody else.
  for (unsigned rest = warp.waiting; rest; rest &= rest - 1) completeWarp(thread / kWarp, unsigned(__builtin_ctz(rest)));
}

// Every fibre: runs threads until it has to wake one that sleeps on another fibre.
void fibreMain() {
  for (;;) {
    bool fresh = true;
    const unsigned thread = handed != kNone ? std::exchange(handed, kNone) : next(fresh);
    if (thread != kNone && fresh) {
      enter(thread);
      (*body)();
      finishThread(thread);
      continue;
    }
    const unsigned mine = fibre;
    idleFibres.push_back(mine);
    if (thread == kNone) {
      switchContext(contexts[mine], host);
    } else {
      enter(thread);
      fibre = fibreOf[thread];
      ++statistics().switches;
      switchContext(contexts[mine], contexts[fibre]);
    }
  }
}
// The running thread waits, its state saying for what; returns when it may go on.
void suspend() {
  const unsigned me = now.thread, mine = fibre;
  bool fresh;
  const unsigned thread = next(fresh);
  if (thread == me) {
    enter(me);
    return;
  }
  fibreOf[me] = mine;
  ++statistics().switches;
  if (fresh) {
    handed = thread;
    fibre = takeFibre();
  } else {
    enter(thread);
    fibre = fibreOf[thread];
  }
  switchContext(contexts[mine], contexts[fibre]);
}

void runBlock() {
  ++now.block;
  now.barrier = 0;
  alive = runnable = threads;
  atBarrier = cursor = yields = 0;
  votes = voters = 0;
  std::memset(states, int(State::fresh), threads);
  for (unsigned w = 0; w * kWarp < threads; ++w)
    warps[w] = {threads - w * kWarp >= kWarp ? ~0u : (1u << (threads - w * kWarp)) - 1, 0};
  std::memset(epochs, 0, threads * sizeof epochs[0]);
  nextEpoch = 0;
  if (options().order == Order::shuffled) arrange(order, threads);
  fibre = takeFibre();
  switchContext(host, contexts[fibre]);
  if (!failed) return;
  // Fibres of a block that was given up are in the middle of a kernel: all start anew.
  fibresMade = 0;
  idleFibres.clear();
  handed = kNone;
}
void runGrid(const cudaLaunchConfig_t& config, const void* kernel, const std::function<void()>& thread, int device) {
  gridDim = config.gridDim;
  blockDim = config.blockDim;
  threads = blockDim.x * blockDim.y * blockDim.z;
  body = &thread;
  kernelCode = kernel;
  launchDevice = device;
  // Translations keep their static variables ahead of the dynamic array.
  launchShared = config.dynamicSmemBytes + (translationOf(kernel) ? staticShared(kernel) : 0);
  launchFirstBlock = now.block + 1;
  failed = false;
  arrange(order, threads);
  if (indicesFor.x != blockDim.x || indicesFor.y != blockDim.y || indicesFor.z != blockDim.z) {
    indicesFor = blockDim;
    for (unsigned t = 0; t < threads; ++t)
      indices[t] = {t % blockDim.x, t / blockDim.x % blockDim.y, t / (blockDim.x * blockDim.y)};
  }
  const size_t blocks = size_t(gridDim.x) * gridDim.y * gridDim.z;
  Statistics& count = statistics();
  ++count.launches, count.blocks += blocks, count.threads += blocks * threads;
  const bool shuffled = options().order == Order::shuffled, backwards = options().order == Order::descending;
  if (shuffled) arrange(blockOrder, blocks);
  startSharedMemory(kernel, launchShared);
  sharedWindow = {sharedRanges()[0].begin, launchShared};
  startRaceDetection();
  for (size_t i = 0; i < blocks && !failed; ++i) {
    const size_t b = shuffled ? blockOrder[i] : backwards ? blocks - 1 - i : i;
    blockIdx = {unsigned(b % gridDim.x), unsigned(b / gridDim.x % gridDim.y), unsigned(b / gridDim.x / gridDim.y)};
    poisonSharedMemory();
    startBlockOfRaceDetection();
    runBlock();
  }
  finishRaceDetection();
  finishSharedMemory();
  kernelCode = nullptr;
}

std::map<std::pair<int, const void*>, int> sharedLimits;  // by device: a real limit belongs to a context
size_t sharedLimit(const void* kernel) {
  const auto it = sharedLimits.find({currentDevice(), kernel});
  const size_t asked = it == sharedLimits.end() ? 0 : size_t(it->second);
  return std::max(kDefaultShared - staticShared(kernel), asked);
}

}  // namespace

const Position& position() { return now; }
uint32_t firstBlockOfLaunch() { return launchFirstBlock; }
const void* runningKernel() { return kernelCode; }
int runningDevice() { return kernelCode ? launchDevice : currentDevice(); }
size_t dynamicBytes() { return launchShared; }
std::string describeThread() {
  if (!kernelCode) return "outside kernels";
  char text[160];
  std::snprintf(text, sizeof text, ", block (%u, %u, %u), thread (%u, %u, %u)", blockIdx.x, blockIdx.y, blockIdx.z, threadIdx.x,
                threadIdx.y, threadIdx.z);
  return "kernel " + describe(kernelCode) + text;
}

unsigned lane() { return now.thread % kWarp; }
unsigned activeMask() { return warps[now.thread / kWarp].live; }

int blockVote(int predicate, Vote vote, Site site) {
  if (atBarrier == 0) {
    barrierSite = site;
    barrierVote = vote;
  } else if (site.line != barrierSite.line || (site.file != barrierSite.file && std::strcmp(site.file, barrierSite.file) != 0)) {
    failBlock("divergent __syncthreads(): other threads wait at " + describe(barrierSite), site);
  }
  votes += predicate != 0;
  ++voters;
  ++atBarrier;
  states[now.thread] = State::atBarrier;
  suspend();
  return voteResult;
}
void blockBarrier(Site site) { blockVote(0, Vote::none, site); }
const void* warpOperation(WarpOperation operation, unsigned mask, unsigned source, const void* value, size_t bytes, Site site) {
  const unsigned me = now.thread, warp = me / kWarp, bit = 1u << me % kWarp;
  if (!(mask & bit)) failBlock("a lane outside the mask of its own warp operation", site);
  Waiter& lane = waiters[me];
  lane.mask = mask;
  lane.source = source;
  lane.operation = operation;
  lane.bytes = uint8_t(bytes);
  lane.site = site;
  if (bytes) std::memcpy(lane.offered.bytes, value, bytes);
  states[me] = State::inWarp;
  warps[warp].waiting |= bit;
  if (completeWarp(warp, me % kWarp)) {
    states[me] = State::running;  // the last to come goes on at once
    --runnable;
    enter(me);
  } else {
    suspend();
  }
  return lane.answer.bytes;
}
const void* wholeWarp(WholeWarp compute, const void* value, size_t bytes, Site site) {
  waiters[now.thread].compute = compute;
  return warpOperation(WarpOperation::whole, ~0u, 0, value, bytes, site);
}
void yield(Site site) {
  // A thread that waits for another block waits for ever here: blocks run one after another.
  if (++yields > 1000 * threads + 100000) failBlock("deadlock: a thread waits for what its block never does", site);
  states[now.thread] = State::ready;
  ++runnable;
  suspend();
}
void trap(Site site) { failBlock("__trap()", site); }
void outsideOfSharedWindow(size_t offset, Site site) {
  failBlock("access at byte " + std::to_string(offset) + " of the block's " + std::to_string(launchShared) + " bytes of shared memory", site);
}

cudaError_t launch(const cudaLaunchConfig_t& config, const void* kernel, std::function<void()> thread) {
  EMULATION_ENTRY;
  const dim3 &grid = config.gridDim, &block = config.blockDim;
  const size_t count = size_t(block.x) * block.y * block.z;
  if (!kernel) return setError(cudaErrorInvalidDeviceFunction);
  if (deviceOf(config.stream) != currentDevice()) return setError(cudaErrorInvalidResourceHandle);
  if (count == 0 || count > kMaxThreads || block.z > 64 || grid.x == 0 || grid.y == 0 || grid.z == 0 || grid.x > 0x7fffffffu ||
      grid.y > 65535 || grid.z > 65535)
    return setError(cudaErrorInvalidConfiguration);
  if (count > mostThreads(kernel)) return setError(cudaErrorInvalidValue);
  if (config.dynamicSmemBytes > sharedLimit(kernel)) return setError(cudaErrorInvalidValue);
  return enqueue(config.stream, [config, kernel, device = currentDevice(), thread = std::move(thread)] {
    runGrid(config, kernel, thread, device);
  });
}
cudaError_t setFunctionAttribute(const void* kernel, cudaFuncAttribute attribute, int value) {
  EMULATION_ENTRY;
  if (attribute != cudaFuncAttributeMaxDynamicSharedMemorySize) return cudaSuccess;
  if (value < 0 || size_t(value) + staticShared(kernel) > options().model.sharedOfBlock) return setError(cudaErrorInvalidValue);
  sharedLimits[{currentDevice(), kernel}] = value;
  return cudaSuccess;
}
cudaError_t functionAttributes(cudaFuncAttributes* attributes, const void* kernel) {
  EMULATION_ENTRY;
  *attributes = {};
  attributes->sharedSizeBytes = staticShared(kernel);
  attributes->maxThreadsPerBlock = int(mostThreads(kernel));
  attributes->numRegs = 32;
  attributes->ptxVersion = attributes->binaryVersion = 90;
  attributes->maxDynamicSharedSizeBytes = int(sharedLimit(kernel));
  return cudaSuccess;
}
cudaError_t occupancy(int* blocks, const void* kernel, int threadCount, size_t sharedBytes) {
  EMULATION_ENTRY;
  *blocks = 0;
  if (threadCount <= 0 || threadCount > int(kMaxThreads)) return setError(cudaErrorInvalidValue);
  if (sharedBytes > sharedLimit(kernel)) return cudaSuccess;
  *blocks = int(std::min<size_t>({32, 2048 / ((size_t(threadCount) + 31) / 32 * 32), options().model.sharedOfMultiprocessor / (sharedBytes + staticShared(kernel) + 1024)}));
  return cudaSuccess;
}

}  // namespace cuda_emulation
