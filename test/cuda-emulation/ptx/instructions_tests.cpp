// The instructions of translated PTX where C++ has no operator for them, against what the PTX manual says.
#include <cfenv>
#include <cstdio>
#include "ptx/instructions.h"

namespace {
using namespace cuda_emulation::ptx;

int failures = 0;
#define EXPECT(condition) \
  if (!(condition)) ++failures, std::printf("line %d: not so: %s\n", __LINE__, #condition)

// In the rounding mode itself; volatile, since the compiler may compute ahead of it.
float roundedDown(float a, float b, float c) {
  volatile float x = a, y = b, z = c;
  std::fesetround(FE_DOWNWARD);
  volatile const float result = std::fma(x, y, z);
  std::fesetround(FE_TONEAREST);
  return result;
}
void fusedDownCases() {
  uint32_t state = 1;
  const auto random = [&] {
    state = state * 1664525 + 1013904223;
    return std::ldexp(float(int32_t(state)), int(state >> 16 & 31) - 46);
  };
  for (int i = 0; i < 100000; ++i) {
    const float a = random(), b = random(), c = i % 3 == 0 ? -a * b : i % 3 == 1 ? 12582912.0f : random();
    if (fusedDown(a, b, c) != roundedDown(a, b, c)) ++failures, std::printf("fusedDown(%a, %a, %a)\n", a, b, c);
  }
}

void wholeNumberCases() {
  EXPECT(quotientOf<int32_t>(INT32_MIN, -1) == INT32_MIN && remainderOf<int32_t>(INT32_MIN, -1) == 0);
  EXPECT(quotientOf<uint32_t>(7, 0) == ~0u && remainderOf<int64_t>(7, 0) == 7);
  EXPECT(shiftLeft<uint32_t>(1, 32) == 0 && shiftLeft<int32_t>(-1, 31) == INT32_MIN);
  EXPECT(shiftRight<int32_t>(-8, 40) == -1 && shiftRight<uint64_t>(~uint64_t(0), 64) == 0 && shiftRight<int64_t>(-8, 1) == -4);
  EXPECT(countLeadingZeros<uint64_t>(0) == 64 && countLeadingZeros<uint32_t>(1) == 31 && countOnes<uint64_t>(~uint64_t(0)) == 64);
  EXPECT(insertBits<uint32_t>(0xff, 0, 8, 4) == 0xf00 && insertBits<uint32_t>(1, 0xffffffff, 0, 0) == 0xffffffff);
  EXPECT(insertBits<uint32_t>(0, 0xffffffff, 0, 32) == 0 && insertBits<uint32_t>(0, 0xff, 32, 4) == 0xff);
  EXPECT(toInteger<int32_t>(3e9) == INT32_MAX && toInteger<uint32_t>(-1) == 0 && toInteger<int32_t>(NAN) == 0);
  EXPECT(toInteger<int64_t>(1e19) == INT64_MAX && toInteger<int64_t>(-1e19) == INT64_MIN);
}
void fractionCases() {
  EXPECT(saturate(NAN) == 0 && saturate(2.0f) == 1 && saturate(-0.5) == 0 && saturate(0.25) == 0.25);
  EXPECT(flush(1e-40f) == 0 && std::signbit(flush(-1e-40f)) && flush(FLT_MIN) == FLT_MIN);
  EXPECT(std::fabs(highWord(1 / 3.0) * 3 - 1) < 1e-6 && (std::bit_cast<uint64_t>(highWord(1 / 3.0)) & 0xffffffff) == 0);
}

void tensorCoreCases() {
  using cuda_emulation::roundToTf32;
  const auto rounded = [](float x) { return std::bit_cast<float>(roundToTf32(x)); };
  EXPECT(rounded(1 + 0x1p-11f) == 1 + 0x1p-10f && rounded(1 + 0x1p-11f - 0x1p-23f) == 1 && rounded(-1 - 0x1p-11f) == -1 - 0x1p-10f);
  EXPECT(rounded(2 - 0x1p-23f) == 2 && rounded(0) == 0 && std::isinf(rounded(FLT_MAX)) && std::isinf(rounded(INFINITY)));
  EXPECT(std::isnan(rounded(std::bit_cast<float>(0x7fffffffu))));
  char to[16];
  const float from[] = {1, 2, 3, 4};
  const auto read = [&](int i) { return load<float>(to + 4 * i); };
  copyToShared(to, reinterpret_cast<const char*>(from), 16, 8);
  EXPECT(read(0) == 1 && read(1) == 2 && read(2) == 0 && read(3) == 0);
  copyToShared(to, nullptr, 4, 0);
  EXPECT(read(0) == 0 && read(1) == 2);
}

}  // namespace

int main() {
  tensorCoreCases();
  fusedDownCases();
  wholeNumberCases();
  fractionCases();
  return failures > 0;
}
