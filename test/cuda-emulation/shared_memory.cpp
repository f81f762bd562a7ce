// Shared memory. Static variables are thread_local ones of the .cu sources: emulation.cmake links these sources between two marks
// (shared_begin.cpp, shared_end.cpp), so that nobody else's thread_local is taken for shared memory. Dynamic memory is one array.
// Both are NaN before each block. A program has many kernels and a kernel uses little of their common range, so what a kernel
// writes is learnt by looking for lines that are no longer poison, and only that is poisoned again.
#include <unordered_map>
#include "machine.h"

// The array that blockShared() of cuda/launch.h names.
namespace dinf::cuda {
__align__(128) thread_local unsigned char dynamicSharedBytes[cuda_emulation::kDynamicCapacity];
}

namespace cuda_emulation {
namespace {

constexpr size_t kLine = 64;
struct Marks {
  Address begin, end;
};
std::vector<Marks>& marks() {
  static std::vector<Marks> instance;
  return instance;
}
struct Extent {
  size_t range, begin, end;
};
struct Use {
  std::vector<Extent> extents;
  unsigned launches = 0;
};
std::unordered_map<const void*, Use> uses;
Use* use = nullptr;
bool firstBlock = false, scanDue = false;
size_t dynamicUsed = 0;
thread_local std::vector<SharedRange> ranges;
thread_local bool poisoned = false;

bool isPoison(const char* line) {
  uint64_t words[kLine / 8];
  std::memcpy(words, line, kLine);
  uint64_t all = ~uint64_t(0);
  for (const uint64_t word : words) all &= word;
  return all == ~uint64_t(0);
}
void poisonExtents() {
  for (const Extent& e : use->extents) std::memset(ranges[e.range].begin + e.begin, 0xff, e.end - e.begin);
}
void scan() {
  for (size_t r = 1; r < ranges.size(); ++r) {
    char* const begin = ranges[r].begin;
    const size_t bytes = size_t(ranges[r].end - begin) / kLine * kLine;
    for (size_t at = 0; at < bytes; at += kLine) {
      if (isPoison(begin + at)) continue;
      auto& extents = use->extents;
      if (!extents.empty() && extents.back().range == r && extents.back().end == at) extents.back().end += kLine;
      else extents.push_back({r, at, at + kLine});
      std::memset(begin + at, 0xff, kLine);
    }
  }
}

}  // namespace

void addSharedRange(Address begin, Address end) { marks().push_back({begin, end}); }
const std::vector<SharedRange>& sharedRanges() {
  if (ranges.empty()) {
    auto* dynamic = reinterpret_cast<char*>(dinf::cuda::dynamicSharedBytes);
    ranges.push_back({dynamic, dynamic + kDynamicCapacity});
    for (const Marks& m : marks()) {
      if (m.end() < m.begin() || m.end() - m.begin() > (64 << 20)) {
        std::fprintf(stderr, "emulated CUDA device: the linker has moved the marks around static shared memory\n");
        std::abort();
      }
      ranges.push_back({m.begin(), m.end()});
    }
  }
  return ranges;
}
void startSharedMemory(const void* kernel, size_t bytes) {
  sharedRanges();
  dynamicUsed = bytes;
  if (!options().poison) {
    poisoned = false;
    return;
  }
  if (!poisoned)
    for (size_t r = 1; r < ranges.size(); ++r) std::memset(ranges[r].begin, 0xff, size_t(ranges[r].end - ranges[r].begin));
  poisoned = true;
  use = &uses[kernel];
  firstBlock = true;
  scanDue = use->launches < 4 || use->launches % 16 == 0;
}
void poisonSharedMemory() {
  if (!options().poison) return;
  std::memset(dinf::cuda::dynamicSharedBytes, 0xff, dynamicUsed);
  if (firstBlock) firstBlock = false;
  else if (use->launches == 0 && use->extents.empty()) scan();
  else poisonExtents();
}
void finishSharedMemory() {
  if (!options().poison || !poisoned) return;
  poisonExtents();
  if (scanDue) scan();
  ++use->launches;
}

}  // namespace cuda_emulation
