// What a running thread sees of its block: indices, barriers, shuffles, votes.
#pragma once
#include "language.h"

// Variables, not macros: cudaLaunchConfig_t has members of these names.
extern uint3 threadIdx, blockIdx;
extern dim3 blockDim, gridDim;
constexpr int warpSize = 32;

namespace cuda_emulation {

struct Site {
  const char* file = nullptr;
  int line = 0;
};
// A default argument is evaluated where the call is written: barriers know their place in the source without macros.
#define EMULATION_SITE const char *file = __builtin_FILE(), int line = __builtin_LINE()

enum class Vote : uint8_t { none, count, all, any };
enum class WarpOperation : uint8_t { sync, shuffle, ballot, whole };

void blockBarrier(Site);
int blockVote(int predicate, Vote, Site);
// Blocks until every live lane of the mask is here. `value` (at most 16 bytes) is offered to the others; the answer is that of
// lane `source`, or the ballot. It stays valid until the calling thread's next warp operation.
const void* warpOperation(WarpOperation, unsigned mask, unsigned source, const void* value, size_t bytes, Site);
// All 32 lanes together: `compute` makes each lane's answer (at most 16 bytes) of what every lane offers (at most 48).
using WholeWarp = void (*)(const void* const* offered, void* const* answers);
const void* wholeWarp(WholeWarp compute, const void* value, size_t bytes, Site);
unsigned lane();
unsigned activeMask();
void yield(Site);
void trap(Site);

template <class T>
T shuffle(unsigned mask, T value, unsigned source, Site site) {
  static_assert(sizeof(T) <= 16 && std::is_trivially_copyable_v<T>);
  T out;
  std::memcpy(&out, warpOperation(WarpOperation::shuffle, mask, source, &value, sizeof(T), site), sizeof(T));
  return out;
}

}  // namespace cuda_emulation

inline void __syncthreads(EMULATION_SITE) { cuda_emulation::blockBarrier({file, line}); }
inline int __syncthreads_count(int predicate, EMULATION_SITE) {
  return cuda_emulation::blockVote(predicate, cuda_emulation::Vote::count, {file, line});
}
inline int __syncthreads_and(int predicate, EMULATION_SITE) {
  return cuda_emulation::blockVote(predicate, cuda_emulation::Vote::all, {file, line});
}
inline int __syncthreads_or(int predicate, EMULATION_SITE) {
  return cuda_emulation::blockVote(predicate, cuda_emulation::Vote::any, {file, line});
}
inline void __syncwarp(unsigned mask = 0xffffffffu, EMULATION_SITE) {
  cuda_emulation::warpOperation(cuda_emulation::WarpOperation::sync, mask, 0, nullptr, 0, {file, line});
}
template <class T>
T __shfl_sync(unsigned mask, T value, int source, int width = 32, EMULATION_SITE) {
  return cuda_emulation::shuffle(mask, value, (cuda_emulation::lane() & ~(width - 1)) | (source & (width - 1)), {file, line});
}
template <class T>
T __shfl_xor_sync(unsigned mask, T value, int bits, int width = 32, EMULATION_SITE) {
  const unsigned lane = cuda_emulation::lane(), source = lane ^ bits;
  return cuda_emulation::shuffle(mask, value, source < (lane & ~(width - 1u)) + width ? source : lane, {file, line});
}
template <class T>
T __shfl_down_sync(unsigned mask, T value, unsigned distance, int width = 32, EMULATION_SITE) {
  const unsigned lane = cuda_emulation::lane();
  const bool inside = (lane & (width - 1)) + distance < unsigned(width);
  return cuda_emulation::shuffle(mask, value, inside ? lane + distance : lane, {file, line});
}
template <class T>
T __shfl_up_sync(unsigned mask, T value, unsigned distance, int width = 32, EMULATION_SITE) {
  const unsigned lane = cuda_emulation::lane();
  return cuda_emulation::shuffle(mask, value, (lane & (width - 1)) >= distance ? lane - distance : lane, {file, line});
}
inline unsigned __ballot_sync(unsigned mask, int predicate, EMULATION_SITE) {
  const unsigned bit = predicate != 0;
  unsigned votes;
  std::memcpy(&votes, cuda_emulation::warpOperation(cuda_emulation::WarpOperation::ballot, mask, 0, &bit, 4, {file, line}), 4);
  return votes;
}
inline int __any_sync(unsigned mask, int predicate, EMULATION_SITE) { return __ballot_sync(mask, predicate, file, line) != 0; }
inline int __all_sync(unsigned mask, int predicate, EMULATION_SITE) { return __ballot_sync(mask, !predicate, file, line) == 0; }
// The live lanes of the warp: a lower bound of what a GPU may answer is all a program may rely on, so this is the friendliest
// answer.
inline unsigned __activemask() { return cuda_emulation::activeMask(); }
// Lets other threads of the block run, so that a thread may wait for another one's flag.
inline void __nanosleep(unsigned, EMULATION_SITE) { cuda_emulation::yield({file, line}); }
inline void __trap(EMULATION_SITE) { cuda_emulation::trap({file, line}); }
