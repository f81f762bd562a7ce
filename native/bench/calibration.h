// What the machine gives now: the rate of its multiply-adds and the bandwidth of a stream, on as many threads as the op has.
// Everything that is timed is divided by what these kernels take for the same flops and bytes, right before and after it.
#pragma once
#include <cstdint>
#include <vector>
#include "cpu/thread_pool.h"

namespace dinf::bench {

double now();  // seconds

class Calibration {
 public:
  explicit Calibration(int threads) : pool_(threads) {}
  // Flops a second: independent chains of fused multiply-adds, two flops each, in registers.
  double flopRate(bool isDouble, int threads);
  // Bytes a second of y = a y + x, two reads and a write a value, over memory of so many bytes in all: those of caches where it
  // fits.
  double bandwidth(double footprint, int threads);
  // Gives the threads back.
  void rest() { pool_.rest(); }

 private:
  ThreadPool pool_;
  std::vector<float> memory_;
};

}  // namespace dinf::bench
