// Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC11): random numbers as a pure function
// of (key, counter), so that a draw depends on (seed, term, iteration, sample) alone and never on threads.
#pragma once
#include <cstdint>
#include "math/config.h"

DINF_MATH_BEGIN

struct Philox4 {
  uint32_t v[4];
};

DINF_HD inline Philox4 philox(uint64_t seed, uint32_t c0, uint32_t c1, uint32_t c2, uint32_t c3) {
  uint32_t k0 = static_cast<uint32_t>(seed), k1 = static_cast<uint32_t>(seed >> 32);
  for (int round = 0; round < 10; ++round) {
    const uint64_t p0 = uint64_t{0xD2511F53u} * c0, p1 = uint64_t{0xCD9E8D57u} * c2;
    const uint32_t n0 = static_cast<uint32_t>(p1 >> 32) ^ c1 ^ k0, n2 = static_cast<uint32_t>(p0 >> 32) ^ c3 ^ k1;
    c1 = static_cast<uint32_t>(p1);
    c3 = static_cast<uint32_t>(p0);
    c0 = n0;
    c2 = n2;
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  return {{c0, c1, c2, c3}};
}

// Uniform in (0, 1), symmetric about one half: the half step keeps a stratified sample off the faces of its box.
DINF_HD inline double philoxUniform(uint32_t bits) { return (bits + 0.5) * 0x1p-32; }

// Purposes share one seed; the fourth counter word keeps their streams apart.
enum PhiloxStream : uint32_t { kStreamSamples = 0, kStreamInitial = 1, kStreamProbe = 2 };

DINF_MATH_END
