#include "fibres.h"
#include <sys/mman.h>
#include <cstdint>
#include <new>

#if defined(__x86_64__)
// Saves what the calling convention asks a function to keep, changes stacks, restores it. The vector registers are the caller's.
asm(R"(.text
.p2align 4
.type cuda_emulation_switch,@function
cuda_emulation_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size cuda_emulation_switch,.-cuda_emulation_switch
)");
extern "C" void cuda_emulation_switch(void** save, void* to);
#endif

namespace cuda_emulation {

#if defined(__x86_64__)
void prepareContext(Context& context, char* stack, size_t bytes, void (*entry)()) {
  auto** top = reinterpret_cast<void**>(stack + bytes);
  *--top = nullptr;  // a return address that is none, and the stack aligned as after a call
  *--top = reinterpret_cast<void*>(entry);
  for (int i = 0; i < 6; ++i) *--top = nullptr;
  context.stackPointer = top;
}
void switchContext(Context& from, Context& to) { cuda_emulation_switch(&from.stackPointer, to.stackPointer); }
#else
void prepareContext(Context& context, char* stack, size_t bytes, void (*entry)()) {
  getcontext(&context.registers);
  context.registers.uc_stack.ss_sp = stack;
  context.registers.uc_stack.ss_size = bytes;
  context.registers.uc_link = nullptr;
  makecontext(&context.registers, entry, 0);
}
void switchContext(Context& from, Context& to) { swapcontext(&from.registers, &to.registers); }
#endif

char* stackOfFibre(unsigned index) {
  constexpr unsigned kFibres = 1025;
  constexpr size_t kGuard = 4096;
  static char* const stacks = [] {
    const size_t bytes = kFibres * (kStackBytes + kGuard);
    void* at = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (at == MAP_FAILED) throw std::bad_alloc();
    for (unsigned i = 0; i < kFibres; ++i) mprotect(static_cast<char*>(at) + i * (kStackBytes + kGuard), kGuard, PROT_NONE);
    return static_cast<char*>(at);
  }();
  return stacks + index * (kStackBytes + kGuard) + kGuard;
}

}  // namespace cuda_emulation
