// In the place of kernels that this machine would not choose, and that are not built then: two thirds of the build.
#include <cstdlib>
#include "cpu/front.h"
#include "cpu/kernels.h"

#define DINF_ABSENT(isa)                             \
  namespace dinf::isa {                              \
  template <class Real>                              \
  const CpuKernels<Real>& kernelTable();             \
  template <>                                        \
  const CpuKernels<float>& kernelTable<float>() {    \
    std::abort();                                    \
  }                                                  \
  template <>                                        \
  const CpuKernels<double>& kernelTable<double>() {  \
    std::abort();                                    \
  }                                                  \
  const FrontKernels& frontTable();                  \
  const FrontKernels& frontTable() { std::abort(); } \
  }
DINF_ABSENT(v2)
DINF_ABSENT(v3)
