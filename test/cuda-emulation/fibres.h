// Fibres: stacks of their own that one host thread switches between. Eight instructions on x86-64, ucontext elsewhere.
#pragma once
#include <cstddef>
#if !defined(__x86_64__)
#include <ucontext.h>
#endif

namespace cuda_emulation {

#if defined(__x86_64__)
struct Context {
  void* stackPointer = nullptr;
};
#else
struct Context {
  ucontext_t registers;
};
#endif

void prepareContext(Context&, char* stack, size_t bytes, void (*entry)());
void switchContext(Context& from, Context& to);

// Stacks are taken in order and never returned: a block gives them all back at once. Each has a page without access below it, so
// that a kernel with too large local arrays stops there and not in another thread's data.
constexpr size_t kStackBytes = 256 * 1024;
char* stackOfFibre(unsigned index);

}  // namespace cuda_emulation
