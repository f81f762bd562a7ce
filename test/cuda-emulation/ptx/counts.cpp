// Counts what translated kernels execute, and writes it as lines of JSON to the file that DINF_PTX_COUNTS names when the process ends.
//
// Instructions are those of PTX, less moves between registers and of constants; ptxas turns them into about as many of the machine. A warp executes a straight piece of code as often as
// the lane that runs it most, and the n-th time a lane comes by an access is the n-th of all lanes: both are exact where lanes part and
// meet again, and too few where they run the same code one after another. Accesses are looked at in one block of kSampled, and scaled.
#include <algorithm>
#include <cstdlib>
#include <map>
#include "machine.h"
#include "ptx/instructions.h"

namespace cuda_emulation::ptx {
namespace {

constexpr unsigned kWarp = 32, kSampled = 8;

struct Totals {
  uint64_t launches = 0, blocks = 0, warps = 0, warpInstructions = 0, threadInstructions = 0, sampled = 0;
  uint64_t sharedAccesses = 0, sharedGroups = 0, wavefronts = 0, globalAccesses = 0, sectors = 0, atomics = 0, matrices = 0;
};
std::map<std::string, Totals> totals;

uint32_t block = 0, launch = 0;  // being counted: blocks are numbered in their process, launches by their first block
const Translation* kernel = nullptr;
unsigned threads = 0;
bool sampling = false;
std::vector<uint32_t> visits;                   // [thread][straight piece]
std::vector<std::vector<uint64_t>> addresses;  // [thread][access]

// A wavefront serves 4 bytes of each of 32 banks; lanes that ask for the same word share it. Wide accesses go in halves and quarters of
// the warp.
void countWavefronts(Totals& t, const std::vector<uint64_t>& at, unsigned bytes) {
  const size_t lanes = bytes <= 4 ? kWarp : bytes == 8 ? kWarp / 2 : kWarp / 4;
  for (size_t first = 0; first < at.size(); first += lanes) {
    std::vector<uint64_t> words[kWarp];
    size_t most = 0;
    for (size_t i = first; i < std::min(at.size(), first + lanes); ++i)
      for (unsigned b = 0; b < bytes; b += 4) {
        const uint64_t word = (at[i] + b) / 4;
        auto& bank = words[word % kWarp];
        if (std::find(bank.begin(), bank.end(), word) == bank.end()) bank.push_back(word);
        most = std::max(most, bank.size());
      }
    ++t.sharedGroups;
    t.wavefronts += most;
  }
}
void countSectors(Totals& t, const std::vector<uint64_t>& at, unsigned bytes) {
  std::vector<uint64_t> sectors;
  for (const uint64_t a : at)
    for (uint64_t s = a / 32; s <= (a + bytes - 1) / 32; ++s) sectors.push_back(s);
  std::sort(sectors.begin(), sectors.end());
  t.sectors += uint64_t(std::unique(sectors.begin(), sectors.end()) - sectors.begin());
}
void countAccesses(Totals& t, unsigned firstThread, unsigned lanes) {
  std::vector<uint64_t> at;
  for (unsigned i = 0; i < kernel->accessCount; ++i) {
    const TranslatedAccess& access = kernel->accesses[i];
    for (size_t n = 0;; ++n) {
      at.clear();
      for (unsigned l = 0; l < lanes; ++l) {
        const auto& own = addresses[size_t(firstThread + l) * kernel->accessCount + i];
        if (n < own.size()) at.push_back(own[n]);
      }
      if (at.empty()) break;
      t.atomics += access.atomic;
      if (access.shared) ++t.sharedAccesses, countWavefronts(t, at, access.bytes);
      else ++t.globalAccesses, countSectors(t, at, access.bytes);
    }
  }
}
void finishBlock() {
  if (!kernel) return;
  Totals& t = totals[kernel->symbol];
  ++t.blocks;
  t.sampled += sampling;
  for (unsigned first = 0; first < threads; first += kWarp) {
    const unsigned lanes = std::min(kWarp, threads - first);
    ++t.warps;
    for (unsigned b = 0; b < kernel->blocks; ++b) {
      uint64_t most = 0, sum = 0;
      for (unsigned l = 0; l < lanes; ++l) {
        const uint64_t count = visits[size_t(first + l) * kernel->blocks + b];
        most = std::max(most, count);
        sum += count;
      }
      t.warpInstructions += most * kernel->blockSizes[b];
      t.threadInstructions += sum * kernel->blockSizes[b];
    }
    if (sampling) countAccesses(t, first, lanes);
  }
}
void startBlock() {
  finishBlock();
  const Position& now = position();
  kernel = translationOf(runningKernel());
  block = now.block;
  totals[kernel->symbol].launches += std::exchange(launch, firstBlockOfLaunch()) != firstBlockOfLaunch();
  threads = blockDim.x * blockDim.y * blockDim.z;
  sampling = totals[kernel->symbol].blocks % kSampled == 0;
  visits.assign(size_t(threads) * kernel->blocks, 0);
  if (!sampling) return;
  addresses.resize(std::max(addresses.size(), size_t(threads) * kernel->accessCount));
  for (auto& each : addresses) each.clear();
}

struct AtExit {
  ~AtExit() {
    finishBlock();
    const char* const name = std::getenv("DINF_PTX_COUNTS");
    FILE* const file = name ? std::fopen(name, "w") : nullptr;
    if (!file) return;
    for (const auto& [symbol, t] : totals) {
      const double scale = t.sampled ? double(t.blocks) / double(t.sampled) : 0;
      std::fprintf(file,
                   "{\"symbol\":\"%s\",\"launches\":%llu,\"blocks\":%llu,\"warps\":%llu,\"warpInstructions\":%llu,\"threadInstructions\":%llu,"
                   "\"sharedAccesses\":%.0f,\"wavefronts\":%.0f,\"conflicts\":%.0f,\"globalAccesses\":%.0f,\"sectors\":%.0f,\"atomics\":%.0f,\"matrices\":%llu}\n",
                   symbol.c_str(), static_cast<unsigned long long>(t.launches), static_cast<unsigned long long>(t.blocks), static_cast<unsigned long long>(t.warps),
                   static_cast<unsigned long long>(t.warpInstructions), static_cast<unsigned long long>(t.threadInstructions),
                   scale * double(t.sharedAccesses), scale * double(t.wavefronts), scale * double(t.wavefronts - t.sharedGroups),
                   scale * double(t.globalAccesses), scale * double(t.sectors), scale * double(t.atomics),
                   static_cast<unsigned long long>(t.matrices / kWarp));
    }
    std::fclose(file);
  }
} atExit;

}  // namespace

void countBlock(unsigned index) {
  const Position& now = position();
  if (now.block != block || !kernel) startBlock();
  ++visits[size_t(now.thread) * kernel->blocks + index];
}
void countMatrices() { ++totals[kernel->symbol].matrices; }
// The first piece of a kernel is counted before its first access, so the block is known here.
void countAccess(unsigned index, uint64_t address) {
  if (sampling) addresses[size_t(position().thread) * kernel->accessCount + index].push_back(address);
}

}  // namespace cuda_emulation::ptx
