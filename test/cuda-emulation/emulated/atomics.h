// Atomics and fences. Threads never run at once, so plain code is atomic; the race detector hears of each through noteAtomic
// alone.
#pragma once
#include "language.h"

namespace cuda_emulation {
void noteAtomic(const void* address, size_t bytes, bool floating);
void noteFence();  // a grid-wide fence: what the block wrote before it is seen by who reads an atomic written after it

// Not instrumented, not inlined into instrumented code: otherwise the detector would take the plain read and write for a race.
#define EMULATED_ATOMIC __attribute__((no_sanitize("thread"), noinline))
template <class T, class F>
EMULATED_ATOMIC T readModifyWrite(T* address, bool floating, F change) {
  noteAtomic(address, sizeof(T), floating);
  const T old = *address;
  *address = change(old);
  return old;
}
template <class T>
using Same = std::type_identity_t<T>;
template <class T>
constexpr bool isFloating = std::is_floating_point_v<T>;
}  // namespace cuda_emulation

#define EMULATED_READ_MODIFY_WRITE(name, expression)                                                \
  template <class T>                                                                                \
  T name(T* address, cuda_emulation::Same<T> v) {                                                   \
    return cuda_emulation::readModifyWrite(address, cuda_emulation::isFloating<T>,                  \
                                           [=](T old) EMULATED_ATOMIC -> T { return expression; }); \
  }                                                                                                 \
  template <class T>                                                                                \
  T name##_block(T* address, cuda_emulation::Same<T> v) {                                           \
    return name(address, v);                                                                        \
  }                                                                                                 \
  template <class T>                                                                                \
  T name##_system(T* address, cuda_emulation::Same<T> v) {                                          \
    return name(address, v);                                                                        \
  }
EMULATED_READ_MODIFY_WRITE(atomicAdd, T(old + v))
EMULATED_READ_MODIFY_WRITE(atomicSub, T(old - v))
EMULATED_READ_MODIFY_WRITE(atomicMax, old < v ? v : old)
EMULATED_READ_MODIFY_WRITE(atomicMin, v < old ? v : old)
EMULATED_READ_MODIFY_WRITE(atomicAnd, T(old& v))
EMULATED_READ_MODIFY_WRITE(atomicOr, T(old | v))
EMULATED_READ_MODIFY_WRITE(atomicXor, T(old ^ v))
EMULATED_READ_MODIFY_WRITE(atomicExch, v)
EMULATED_READ_MODIFY_WRITE(atomicInc, T(old >= v ? 0 : old + 1))
EMULATED_READ_MODIFY_WRITE(atomicDec, T(old == 0 || old > v ? v : old - 1))
#undef EMULATED_READ_MODIFY_WRITE

inline float2 atomicAdd(float2* address, float2 v) {
  return cuda_emulation::readModifyWrite(address, true, [=](float2 o) EMULATED_ATOMIC { return float2{o.x + v.x, o.y + v.y}; });
}
inline float4 atomicAdd(float4* address, float4 v) {
  return cuda_emulation::readModifyWrite(
      address, true, [=](float4 o) EMULATED_ATOMIC { return float4{o.x + v.x, o.y + v.y, o.z + v.z, o.w + v.w}; });
}
template <class T>
T atomicCAS(T* address, cuda_emulation::Same<T> expected, cuda_emulation::Same<T> v) {
  static_assert(std::is_integral_v<T>, "CUDA compares integers only");
  return cuda_emulation::readModifyWrite(address, false, [=](T old) EMULATED_ATOMIC { return old == expected ? v : old; });
}
#undef EMULATED_ATOMIC

inline void __threadfence_block() {}
inline void __threadfence() { cuda_emulation::noteFence(); }
inline void __threadfence_system() { cuda_emulation::noteFence(); }
