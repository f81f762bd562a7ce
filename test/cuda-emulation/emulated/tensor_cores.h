// mma.sync of tf32 numbers. Of a GPU's sum only this is known: products are exact, terms are aligned and what falls below is cut off.
// Here the nine terms of a sum are added in double and cut to a float, towards zero, once an instruction.
#pragma once
#include "execution.h"

namespace cuda_emulation {

// To 11 significant bits, halves away from zero. What is no number stays one.
inline uint32_t roundToTf32(float x) {
  uint32_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  const bool finite = (bits & 0x7f800000u) != 0x7f800000u;
  return (finite ? bits + 0x1000u : bits) & 0xffffe000u;
}
// m16n8k8, all lanes of the warp together; the low 13 bits of `a` and `b` are ignored.
void multiplyTf32(float* sum, const uint32_t* a, const uint32_t* b, Site);

}  // namespace cuda_emulation
