// Kernels as nvcc compiles them: a program that holds its PTX, translated to C++, runs that in place of what g++ makes of the sources.
#pragma once
#include "execution.h"

namespace cuda_emulation {

struct TranslatedAccess {  // an instruction that reaches shared or global memory
  bool shared = false, atomic = false;
  uint8_t bytes = 0;
  int line = 0;
};
struct Translation {
  const char* symbol;  // of the kernel, as the linker knows it
  void (*run)(const void* const* arguments);
  const uint32_t* parameterBytes;
  unsigned parameters;
  unsigned mostThreads;        // of a block, by the kernel's launch bounds
  uint32_t staticShared;       // bytes, with those that align the dynamic array behind them
  const uint32_t* blockSizes;  // instructions between one branch or label and the next
  unsigned blocks;
  const TranslatedAccess* accesses;
  unsigned accessCount;
};
bool addTranslations(const Translation* first, size_t count);
// Null where the program holds none at all. Stops the program where it holds some and lacks this one, or where the parameters are not
// of these sizes: what the host would then test is not what it says.
const Translation* translationOf(const void* kernel);
const Translation* translationOf(const void* kernel, const size_t* parameterBytes, size_t parameters);

// Shared memory of the running launch, as translations see it: their static variables, then the dynamic array.
struct SharedWindow {
  char* begin = nullptr;
  size_t bytes = 0;
};
extern SharedWindow sharedWindow;
[[noreturn]] void outsideOfSharedWindow(size_t offset, Site);

}  // namespace cuda_emulation
