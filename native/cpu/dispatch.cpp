// Chooses the instruction set once a process.
#include <cstdlib>
#include <cstring>
#include "cpu/front.h"
#include "cpu/kernels.h"

namespace dinf {

// Small binaries lack the widest instruction set; sanitized ones have the narrowest, and the widest or not.
#if defined(DINF_X86) && defined(DINF_WITHOUT_V3) && defined(DINF_WITHOUT_V4)
#define DINF_EACH_ISA(f) f(v2)
#elif defined(DINF_X86) && defined(DINF_WITHOUT_V4)
#define DINF_EACH_ISA(f) f(v2) f(v3)
#elif defined(DINF_X86) && defined(DINF_WITHOUT_V3)
#define DINF_EACH_ISA(f) f(v2) f(v4)
#elif defined(DINF_X86)
#define DINF_EACH_ISA(f) f(v2) f(v3) f(v4)
#else
#define DINF_EACH_ISA(f) f(baseline)
#endif
#define DINF_DECLARE(isa)                          \
  namespace isa {                                  \
  template <class Real>                            \
  const CpuKernels<Real>& kernelTable();           \
  const FrontKernels& frontTable();                \
  }
DINF_EACH_ISA(DINF_DECLARE)
#if defined(DINF_WITHOUT_V3)
namespace v3 = v2;
#endif
#if defined(DINF_WITHOUT_V4)
namespace v4 = v3;
#endif

namespace {
int chooseLevel() {
#if defined(DINF_X86)
  __builtin_cpu_init();
  int level = 2;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2")) level = 3;
#if !defined(DINF_WITHOUT_V4)
  if (level == 3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512cd") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
    level = 4;
#endif
  // Lowers only: asking for more than the machine has would be an illegal instruction.
  const char* wanted = std::getenv("DINF_CPU_ISA");
  if (wanted && wanted[0] == 'v' && wanted[1] >= '2' && wanted[1] - '0' < level) level = wanted[1] - '0';
  return level;
#else
  return 0;
#endif
}
const int kLevel = chooseLevel();
}  // namespace

template <class Real>
const CpuKernels<Real>& cpuKernels() {
#if defined(DINF_X86)
  return kLevel == 4 ? v4::kernelTable<Real>() : kLevel == 3 ? v3::kernelTable<Real>() : v2::kernelTable<Real>();
#else
  return baseline::kernelTable<Real>();
#endif
}
template const CpuKernels<float>& cpuKernels<float>();
template const CpuKernels<double>& cpuKernels<double>();

const FrontKernels& frontKernels() {
#if defined(DINF_X86)
  return kLevel == 4 ? v4::frontTable() : kLevel == 3 ? v3::frontTable() : v2::frontTable();
#else
  return baseline::frontTable();
#endif
}

const char* cpuInstructionSet() {
#if defined(DINF_X86)
  return kLevel == 4 ? "x86-64-v4" : kLevel == 3 ? "x86-64-v3" : "x86-64-v2";
#elif defined(__wasm_simd128__)
  return "wasm-simd128";
#else
  return "baseline";
#endif
}

}  // namespace dinf
