// Ends with 0 where dispatch.cpp chooses x86-64-v4.
#include <cstdlib>

int main() {
  const bool lowered = std::getenv("DINF_CPU_ISA") != nullptr;
  __builtin_cpu_init();
  return !lowered && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2") &&
                 __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512cd") &&
                 __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")
             ? 0
             : 1;
}
