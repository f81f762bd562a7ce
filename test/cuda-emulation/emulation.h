// What a test says to the emulated device and hears from it. The product's sources never include this.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace cuda_emulation {

enum class Order { ascending, descending, shuffled };

// Devices whose limits can be played: compute capability, kilobytes of shared memory that a block may ask for and a multiprocessor has.
struct Model {
  const char* name;
  int major, minor;
  size_t sharedOfBlock, sharedOfMultiprocessor;
};
constexpr Model kModels[] = {{"h100", 9, 0, 227 << 10, 228 << 10},
                             {"t4", 7, 5, 64 << 10, 64 << 10},
                             {"ada", 8, 9, 99 << 10, 100 << 10},
                             {"a100", 8, 0, 163 << 10, 164 << 10}};

// Read once from the environment (names in brackets); a test may change them between launches. `devices`, `memory`,
// `driverVersion` and `model` are taken up by restart().
struct Options {
  Order order = Order::ascending;  // [DINF_EMULATION_ORDER] of threads between barriers, blocks of a grid, independent operations
  uint64_t seed = 1;               // [DINF_EMULATION_SEED] of the shuffled order
  bool poison = true;              // [DINF_EMULATION_POISON=0|1] NaN in fresh device memory and in every block's shared memory
  bool deferred = false;           // [DINF_EMULATION_DEFERRED=0|1] stream operations run when something waits for them
  bool guardMemory = false;        // [DINF_EMULATION_GUARD=0|1] the host faults on device memory outside calls to the device
  bool quiet = false;              // failures are collected in reports() alone, not printed
  int devices = 1;                 // [DINF_EMULATION_DEVICES] 0: cudaErrorNoDevice
  size_t memory = size_t(4) << 30;  // [DINF_EMULATION_MEMORY] bytes a device (suffix K, M or G); pages cost nothing until touched
  int driverVersion = 13000;        // [DINF_EMULATION_DRIVER] 0: as on a machine without a driver
  int multiprocessors = 4;
  Model model = kModels[0];         // [DINF_EMULATION_MODEL] by its name
};
Options& options();

struct Statistics {
  uint64_t launches = 0, blocks = 0, threads = 0, barriers = 0, warpOperations = 0, switches = 0;
  uint64_t graphNodes = 0;    // of the graph made last
  uint64_t floatAtomics = 0;  // a deterministic kernel has none
  uint64_t failures = 0;      // what reports() tells; a test ends with none
};
Statistics& statistics();

// One line a failure: what, kernel, file and line, block, thread. At most 100 are kept.
const std::vector<std::string>& reports();

// Forgets failures, makes a lost device usable again (a real one needs a new process).
void forgive();

// The machine as at the start of a process, with the options as they are now: every allocation and pending operation is gone.
void restart();

// Whether a source of this program was compiled for the race detector.
bool instrumented();

}  // namespace cuda_emulation
