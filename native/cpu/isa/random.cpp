// Philox for many counters at once: lanes are counters, and the 32 x 32 -> 64 bit products vectorise.
#include "cpu/isa/table.h"
#include "math/philox.h"

DINF_MATH_BEGIN

void randomBits(uint64_t seed, uint32_t first, uint32_t iteration, uint32_t term, uint32_t stream, int64_t groups, uint32_t* out) {
  for (int64_t from = 0; from < groups; from += kLanes) {
    Philox4 words[kLanes];
    const uint32_t base = first + static_cast<uint32_t>(from);
    for (uint32_t l = 0; l < kLanes; ++l) words[l] = philox(seed, base + l, iteration, term, stream);
    const int64_t n = groups - from < kLanes ? groups - from : kLanes;
    for (int64_t l = 0; l < n; ++l)
      for (int k = 0; k < 4; ++k) out[(from + l) * 4 + k] = words[l].v[k];
  }
}

DINF_MATH_END
