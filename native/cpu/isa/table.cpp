#include "cpu/isa/table.h"

#define DINF_STRING_(x) #x
#define DINF_STRING(x) DINF_STRING_(x)

DINF_MATH_BEGIN

template <class Real>
const CpuKernels<Real>& kernelTable() {
  static constexpr CpuKernels<Real> table = {
      DINF_STRING(DINF_ISA),
      encodeTensor<Real>,
      encodeTensorAdjoint<Real>,
      encodeScattered<Real>,
      encodeScatteredAdjoint<Real>,
      encodeScatteredSquares<Real>,
      encodeRadial<Real>,
      encodeRadialAdjoint<Real>,
      encodeRadialSquares<Real>,
      runProgram<Real>,
      mlpForward<Real>,
      mlpForwardTangent<Real>,
      mlpAdjoint<Real>,
      mlpScratchSize<Real>,
      mlpStateSize<Real>,
      combine<Real>,
      spread<Real>,
      refineRow<Real>,
      refineRowAdjoint<Real>,
      randomBits,
      dotProduct<Real>,
      axpy<Real>,
      xpby<Real>,
      multiply<Real>,
      addTo<Real>,
      adamStep<Real>,
  };
  return table;
}

DINF_INSTANTIATE(kernelTable)

DINF_MATH_END
