// What translated PTX is made of (scripts/ptx): each instruction that is more than an operator of C++. Registers are variables, generic
// addresses are the host's, addresses of shared memory are offsets into the block's window.
#pragma once
#include <bit>
#include <cfloat>
#include <iterator>
#include <limits>
#include "cuda_runtime.h"
#include "emulated/tensor_cores.h"

// Counting is compiled in on demand: see counts.cpp.
#ifdef DINF_PTX_COUNTS
#define DINF_PTX_BLOCK(index) cuda_emulation::ptx::countBlock(index)
#define DINF_PTX_ACCESS(index, address) cuda_emulation::ptx::countAccess(index, address)
#define DINF_PTX_MATRICES() cuda_emulation::ptx::countMatrices()
#else
#define DINF_PTX_BLOCK(index) static_cast<void>(0)
#define DINF_PTX_ACCESS(index, address) static_cast<void>(0)
#define DINF_PTX_MATRICES() static_cast<void>(0)
#endif

namespace cuda_emulation::ptx {

// ---- memory
inline uint64_t windowStart() { return reinterpret_cast<uint64_t>(sharedWindow.begin); }
inline char* inShared(uint32_t offset, unsigned bytes, Site site) {
  if (uint64_t(offset) + bytes > sharedWindow.bytes) [[unlikely]]
    outsideOfSharedWindow(offset, site);
  return sharedWindow.begin + offset;
}
template <class T>
T load(const char* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}
template <class T>
void store(char* to, std::type_identity_t<T> value) {
  std::memcpy(to, &value, sizeof value);
}

inline void copyToShared(char* to, const char* from, size_t bytes, uint32_t read) {
  if (read > 0) std::memcpy(to, from, std::min<size_t>(read, bytes));
  if (read < bytes) std::memset(to + read, 0, bytes - read);
}

// ---- whole numbers. PTX leaves none of these undefined. (::remainder() is a function of fractions.)
template <class T>
T quotientOf(T a, T b) {
  if (b == 0) return T(-1);
  if (std::is_signed_v<T> && b == T(-1)) return T(0 - std::make_unsigned_t<T>(a));
  return T(a / b);
}
template <class T>
T remainderOf(T a, T b) {
  if (b == 0) return a;
  if (std::is_signed_v<T> && b == T(-1)) return 0;
  return T(a % b);
}
template <class T>
T shiftLeft(T a, uint32_t n) {
  return n >= 8 * sizeof(T) ? T(0) : T(std::make_unsigned_t<T>(a) << n);
}
template <class T>
T shiftRight(T a, uint32_t n) {
  return n >= 8 * sizeof(T) ? T(a < 0 ? -1 : 0) : T(a >> n);
}
template <class T>
uint32_t countOnes(T a) {
  return uint32_t(std::popcount(a));
}
template <class T>
uint32_t countLeadingZeros(T a) {
  return uint32_t(std::countl_zero(a));
}
template <class T>
T insertBits(T bits, T into, uint32_t position, uint32_t length) {
  position &= 255, length &= 255;
  if (length == 0 || position >= 8 * sizeof(T)) return into;
  const T mask = T((length >= 8 * sizeof(T) ? ~T(0) : T((T(1) << length) - 1)) << position);
  return T((into & ~mask) | (T(bits << position) & mask));
}

// ---- fractions
inline float flush(float x) { return std::fabs(x) < FLT_MIN ? std::copysign(0.0f, x) : x; }
template <class T>
T saturate(T x) {
  return x > 0 ? (x < 1 ? x : T(1)) : T(0);  // what is no number too
}
// Saturates, as the conversion of a GPU does; `x` is rounded already.
template <class T>
T toInteger(double x) {
  if (x != x) return 0;
  if (x <= double(std::numeric_limits<T>::min())) return std::numeric_limits<T>::min();
  if (x >= double(std::numeric_limits<T>::max())) return std::numeric_limits<T>::max();
  return T(x);
}
// a b + c, rounded down: expf() finds whole numbers with it. The product is exact in double precision, and so are the sum and what it
// rounds off, taken together.
inline float fusedDown(float a, float b, float c) {
  const double product = double(a) * b, sum = product + c, back = sum - product, rest = (product - (sum - back)) + (c - back);
  const auto nearest = float(sum);
  return double(nearest) > sum || (double(nearest) == sum && rest < 0) ? std::nextafter(nearest, -INFINITY) : nearest;
}
double fusedDown(double, double, double) = delete;
// The approximations of double precision give a high word alone, about 20 good bits.
inline double highWord(double x) { return std::bit_cast<double>(std::bit_cast<uint64_t>(x) & 0xffffffff00000000ull); }

// ---- the block and the warp
inline void syncWarp(uint32_t mask, Site site) { warpOperation(WarpOperation::sync, mask, 0, nullptr, 0, site); }
inline int voteOfBlock(bool predicate, Vote vote, Site site) { return blockVote(predicate, vote, site); }
inline uint32_t ballot(bool predicate, uint32_t mask, Site site) {
  const unsigned bit = predicate;
  uint32_t votes;
  std::memcpy(&votes, warpOperation(WarpOperation::ballot, mask, 0, &bit, 4, site), 4);
  return votes;
}
enum class Shuffle { up, down, bfly, idx };
struct Shuffled {
  uint32_t value;
  bool inside;
};
template <Shuffle mode>
Shuffled shuffle(uint32_t value, uint32_t b, uint32_t c, uint32_t mask, Site site) {
  const uint32_t lane = cuda_emulation::lane(), segment = c >> 8 & 31, last = (lane & segment) | (c & 31 & ~segment);
  b &= 31;
  uint32_t source;
  bool inside;
  if constexpr (mode == Shuffle::up) source = lane - b, inside = int(lane) - int(b) >= int(last);
  else if constexpr (mode == Shuffle::down) source = lane + b, inside = source <= last;
  else if constexpr (mode == Shuffle::bfly) source = lane ^ b, inside = source <= last;
  else source = (lane & segment) | (b & ~segment), inside = source <= last;
  return {cuda_emulation::shuffle(mask, value, inside ? source : lane, site), inside};
}

// ---- counts.cpp
void countBlock(unsigned index);
void countAccess(unsigned index, uint64_t address);
void countMatrices();  // a lane comes by an instruction of the tensor cores

}  // namespace cuda_emulation::ptx
