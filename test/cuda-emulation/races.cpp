// Races, found by what -fsanitize=thread tells of each access (instrumentation.cpp). Every 4 bytes of device and shared memory
// have a record of the last write and the last reads. Two accesses to the same bytes, one of them a write and not both atomic,
// are ordered only by a barrier of the block, by a __syncwarp() within a warp, or between blocks by a fence and an atomic.
#include "races.h"
#include <sys/mman.h>
#include <set>
#include <unordered_map>
#include "machine.h"

namespace cuda_emulation {
namespace {

// Whose accesses a record stands for, when there were several since the last barrier.
enum Readers : uint8_t { oneThread, oneWarp, severalWarps, severalBlocks };
struct Record {
  uint32_t block = 0, barrier = 0, epoch = 0;
  uint16_t thread = 0;
  uint8_t bytes : 4, readers : 2, atomic : 1;
};
struct Cell {
  Record write, read;
};
struct Shadow {
  Cell* cells = nullptr;
  size_t bytes = 0;  // of the memory it shadows
};

bool racing = false, compiledForRaces = false;
Shadow heapShadow;
std::vector<Shadow> sharedShadows;
const std::vector<SharedRange>* shared = nullptr;
char *heapBegin = nullptr, *heapEnd = nullptr;
const Allocation* lastAllocation = nullptr;
std::set<std::pair<const void*, std::string>> told;  // once a launch and place

// Fences: a block that did an atomic on an address after a fence releases what it wrote; a block that does so later acquires it.
std::unordered_map<const void*, std::vector<uint32_t>> released;
std::vector<bool> acquired;  // by block of the launch, for the running block
size_t acquiredCount = 0;
bool fenced = false;
std::unordered_map<const void*, size_t> acquiredUpTo;  // how far the running block has read each list

Shadow makeShadow(size_t bytes) {
  void* at = mmap(nullptr, bytes / 4 * sizeof(Cell) + sizeof(Cell), PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (at == MAP_FAILED) throw std::bad_alloc();
  return {static_cast<Cell*>(at), bytes};
}
void freeShadow(Shadow& shadow) {
  if (shadow.cells) munmap(shadow.cells, shadow.bytes / 4 * sizeof(Cell) + sizeof(Cell));
  shadow = {};
}

std::string number(const char* format, long long a, long long b = 0) {
  char text[120];
  std::snprintf(text, sizeof text, format, a, b);
  return text;
}
void tell(const char* what, bool inShared, const Record* other, const void* code) {
  std::string text = what;
  if (!told.insert({code, text}).second) return;
  text += inShared ? " (shared memory)" : " (device memory)";
  if (other) {
    if (other->block == position().block) text += number(", other thread: %lld of this block", other->thread);
    else
      text += number(", other: the %lld-th block run of this launch, thread %lld",
                     (long long)other->block - firstBlockOfLaunch() + 1, other->thread);
  }
  fail(text, describe(static_cast<const char*>(code) - 1));
}

bool acquiredBlock(uint32_t block) {
  const size_t index = block - firstBlockOfLaunch();
  return index < acquired.size() && acquired[index];
}
// Whether the running thread's access is unordered with the recorded one.
bool unordered(const Record& record, bool inShared) {
  const Position& me = position();
  if (record.block < firstBlockOfLaunch()) return false;
  if (record.readers == severalBlocks) return acquiredCount < me.block - firstBlockOfLaunch();
  if (record.block != me.block) return !inShared && !acquiredBlock(record.block);
  if (record.barrier != me.barrier) return false;
  if (record.readers == severalWarps) return true;
  if (record.thread / 32 != me.thread / 32) return true;
  if (record.readers == oneThread && record.thread == me.thread) return false;
  return record.epoch == me.epoch;
}
void noteRead(Record& read, uint8_t bytes, bool atomic, bool inShared) {
  const Position& me = position();
  Record next{me.block, me.barrier, me.epoch, uint16_t(me.thread), bytes, oneThread, atomic};
  if (read.block == me.block && read.barrier == me.barrier && read.readers != severalBlocks) {
    if (read.thread / 32 != me.thread / 32) next.readers = severalWarps;
    else if (read.readers == severalWarps) next.readers = severalWarps;
    else if (read.epoch == me.epoch) next.readers = read.thread == me.thread ? read.readers : uint8_t(oneWarp);
    next.bytes |= read.bytes;
  } else if (!inShared && read.block >= firstBlockOfLaunch() && read.block != me.block) {
    next.readers = severalBlocks;
    next.bytes |= read.bytes;
  } else if (!inShared && read.readers == severalBlocks && read.block == me.block) {
    next.readers = severalBlocks;
    next.bytes |= read.bytes;
  }
  if (next.bytes != bytes || next.readers != oneThread) next.atomic = atomic && read.atomic;
  read = next;
}
void noteWrite(Record& write, uint8_t bytes, bool atomic) {
  const Position& me = position();
  const bool same = write.block == me.block && write.barrier == me.barrier && write.epoch == me.epoch &&
                    write.thread == me.thread && write.atomic == atomic;
  write = {me.block, me.barrier, me.epoch, uint16_t(me.thread), uint8_t(same ? write.bytes | bytes : bytes), oneThread, atomic};
}

}  // namespace

void touch(const void* address, size_t bytes, Access access, const void* code) {
  if (!racing) return;
  const auto* p = static_cast<const char*>(address);
  const Shadow* shadow = nullptr;
  size_t offset = 0;
  bool inShared = false;
  if (p >= heapBegin && p < heapEnd) {
    if (!lastAllocation || p < lastAllocation->start || p + bytes > lastAllocation->start + lastAllocation->bytes) {
      const Allocation* allocation = allocationOf(p);
      if (!allocation || p + bytes > allocation->start + allocation->bytes)
        return tell("access outside every allocation", false, nullptr, code);
      if (allocation->device != runningDevice()) return tell("access to another device's memory", false, nullptr, code);
      lastAllocation = allocation;
    }
    shadow = &heapShadow;
    offset = size_t(p - heapBegin);
  } else {
    for (size_t r = 0; r < shared->size(); ++r) {
      const SharedRange& range = (*shared)[r];
      if (p < range.begin || p >= range.end) continue;
      inShared = true;
      shadow = &sharedShadows[r];
      offset = size_t(p - range.begin);
      if (r == 0 && offset + bytes > dynamicBytes())
        return tell("access beyond the dynamic shared memory asked for", true, nullptr, code);
      break;
    }
    if (!inShared) return;  // the thread's own stack, parameters, constants
  }
  const bool atomic = access != Access::read && access != Access::write;
  const bool writes = access != Access::read && access != Access::volatileRead,
             reads = access != Access::write && access != Access::volatileWrite;
  for (const size_t end = offset + bytes; offset < end;) {
    Cell& cell = shadow->cells[offset / 4];
    const size_t first = offset % 4, last = std::min<size_t>(4, first + end - offset);
    const auto mask = uint8_t((1u << last) - (1u << first));
    if ((cell.write.bytes & mask) && !(atomic && cell.write.atomic) && unordered(cell.write, inShared))
      tell(writes ? "write after write without a barrier" : "read after write without a barrier", inShared, &cell.write, code);
    if (writes && (cell.read.bytes & mask) && !(atomic && cell.read.atomic) && unordered(cell.read, inShared))
      tell("write after read without a barrier", inShared, &cell.read, code);
    if (reads && inShared && cell.write.block != position().block)
      tell("read of shared memory that this block never wrote", inShared, nullptr, code);
    if (writes) noteWrite(cell.write, mask, atomic);
    else noteRead(cell.read, mask, atomic, inShared);
    offset += last - first;
  }
}
void markInstrumented() { compiledForRaces = true; }
bool instrumented() { return compiledForRaces; }

void noteAtomic(const void* address, size_t bytes, bool floating) {
  statistics().floatAtomics += floating;
  if (!racing) return;
  touch(address, bytes, Access::atomic, __builtin_return_address(0));
  if (!fenced || !isDeviceMemory(address)) return;
  auto& blocks = released[address];
  for (size_t& i = acquiredUpTo[address]; i < blocks.size(); ++i) {
    const size_t block = blocks[i] - firstBlockOfLaunch();
    if (block >= acquired.size()) acquired.resize(block + 1);
    acquiredCount += !acquired[block] && blocks[i] != position().block;
    acquired[block] = true;
  }
  if (blocks.empty() || blocks.back() != position().block) blocks.push_back(position().block);
}
void noteFence() { fenced = true; }

void startRaceDetection() {
  racing = compiledForRaces;
  if (!racing) return;
  if (!heapShadow.cells) {
    heapBegin = heapStart();
    heapEnd = heapBegin + heapBytes();
    heapShadow = makeShadow(heapBytes());
  }
  shared = &sharedRanges();
  while (sharedShadows.size() < shared->size()) {
    const SharedRange& range = (*shared)[sharedShadows.size()];
    sharedShadows.push_back(makeShadow(size_t(range.end - range.begin)));
  }
  lastAllocation = nullptr;
  released.clear();
  told.clear();
}
void startBlockOfRaceDetection() {
  if (!racing) return;
  fenced = false;
  acquired.clear();
  acquiredCount = 0;
  acquiredUpTo.clear();
}
void finishRaceDetection() { racing = false; }
void restartRaceDetection() { freeShadow(heapShadow); }

}  // namespace cuda_emulation
