// The weights of kLanes samples at one level: one sample a lane for all axes but the last, whose weights are turned into rows
// (one a sample and derivative order) to multiply grid rows with.
#pragma once
#include "cpu/isa/simd.h"
#include "cpu/kernels.h"

DINF_MATH_BEGIN

// Cell of the finest level and position in it: coarser levels follow exactly.
template <class Real>
struct Positions {
  int cell[kMaxDims][kLanes];
  Real fraction[kMaxDims][kLanes];
};

template <class Real>
DINF_INLINE void locate(const ScatteredCall& call, int64_t at, Positions<Real>& out) {
  for (int k = 0; k < call.dims; ++k) {
    const double cells = call.cells[k];
    const int last = call.lastCell[k];
    const double* unit = call.unit[k] + at;
    if (call.knots[k].spans > 0) {
      for (int l = 0; l < kLanes; ++l) {
        double fraction;
        out.cell[k][l] = knotSpan(call.knots[k], unit[l], fraction);
        out.fraction[k][l] = static_cast<Real>(fraction);
      }
      continue;
    }
    for (int l = 0; l < kLanes; ++l) {
      const double t = unit[l] * cells;
      int cell = static_cast<int>(t);
      cell = cell > last ? last : cell;
      out.cell[k][l] = cell;
      out.fraction[k][l] = static_cast<Real>(t - cell);
    }
  }
}

template <class Real, int Size>
struct LaneWeights {
  // Of one sample and the last axis: orders one after the other, each padded with zeros to a row; spare for whole transposes.
  static constexpr int kStride = (kMaxOrder + 1) * Size + kLanes;
  Real last[kLanes][kStride];
  Real other[2][kMaxOrder + 1][kMaxTaps][kLanes];
  int cell[kMaxDims][kLanes];
};

// How often the nodes of a neighbourhood count when indices beyond the border are clamped onto it: kernel1d.h, by lanes.
template <class Real, class V>
DINF_INLINE void clampMultiplicity(int rings, int cells, V cell, V* m) {
  const V zero = V{}, one = zero + Real(1);
  const V first = cell - Real(rings - 1), end = zero + Real(cells);
  const V below = first < zero ? -first : zero, above = cell + Real(rings) > end ? cell + Real(rings) - end : zero;
  for (int j = 0; j < 2 * rings; ++j) {
    const V node = first + Real(j);
    V count = node < zero ? zero : one;
    count = node > end ? zero : count;
    count += node == zero ? below : zero;
    count += node == end ? above : zero;
    m[j] = count;
  }
}

// Constant rings and order let the compiler keep all weights of a group in registers; the common cases have them.
template <class Real, class V>
DINF_INLINE void groupWeights(const Kernel1d& kernel, const Real* tails, int order, V fraction, const V* multiplicity,
                              V (*w)[kMaxTaps]) {
  if (kernel.kind != KernelKind::gaussian) {
    bsplineWeights<Real, V>(kernel.degree, order, fraction, w);
    return;
  }
  const Real epsilon = static_cast<Real>(kernel.epsilon);
  if (kernel.rings == 3 && order == 1) gaussianWeights<Real, V>(epsilon, tails, 3, 1, fraction, multiplicity, w);
  else if (kernel.rings == 3 && order == 2) gaussianWeights<Real, V>(epsilon, tails, 3, 2, fraction, multiplicity, w);
  else gaussianWeights<Real, V>(epsilon, tails, kernel.rings, order, fraction, multiplicity, w);
}

// Is any lane true?
template <class I>
DINF_INLINE bool any(I lanes) {
  int64_t parts[sizeof(I) / 8], all = 0;
  __builtin_memcpy(parts, &lanes, sizeof parts);
  for (const int64_t part : parts) all |= part;
  return all != 0;
}

// Everything of a group of samples stays in vectors: integers and reals of as many lanes, nothing in between goes through memory.
template <class Real, int Size>
void weigh(const ScatteredCall& call, const Positions<Real>& positions, const Real* tails, int order, int slot,
           LaneWeights<Real, Size>& out) {
  using V = typename Simd<Real>::V;
  constexpr int W = Simd<Real>::W;
  using I = typename Simd<Real>::I;
  const int level = call.firstLevel + slot, rings = call.kernel.rings, taps = call.kernel.taps();
  const Real inverse = Real(1) / Real(1 << level);
  for (int k = 0; k < call.dims; ++k) {
    const int cells = call.cells[k] >> level, mask = (1 << level) - 1;
    Real scale[kMaxOrder + 1];
    scale[0] = 1;
    for (int a = 1; a <= order; ++a) scale[a] = scale[a - 1] * Real(cells) / Real(a);  // Taylor coefficients in the unit box
    const bool clamps = call.edge[k] == Edge::clamp, gaussian = call.kernel.kind == KernelKind::gaussian;
    const bool isLast = k == call.dims - 1;
    for (int g = 0; g < kLanes; g += W) {
      const I fine = load<I>(positions.cell[k] + g), cell = fine >> level;
      store<I>(out.cell[k] + g, cell);
      const V fraction = (__builtin_convertvector(fine & mask, V) + load<V>(positions.fraction[k] + g)) * inverse;
      const bool clamped = clamps && any((cell < rings - 1) | (cell > cells - rings));  // touchesBorder, by lanes
      V w[kMaxOrder + 1][kMaxTaps];
      if (clamped && gaussian) {
        V multiplicity[kMaxTaps];
        clampMultiplicity<Real, V>(rings, cells, __builtin_convertvector(cell, V), multiplicity);
        groupWeights<Real, V>(call.kernel, tails, order, fraction, multiplicity, w);
      } else {
        groupWeights<Real, V>(call.kernel, tails, order, fraction, nullptr, w);
      }
      const bool knots = call.knots[k].spans > 0;
      if (knots || (clamped && !gaussian) || meetsItself(call.edge[k], cells, taps)) {  // rare: through the scalar form, lane by lane
        for (int l = 0; l < W; ++l) {
          Real one[kMaxOrder + 1][kMaxTaps];
          if (knots) knotWeights<Real>(call.knots[k], order, out.cell[k][g + l], cells, fraction[l], one);
          else edgeWeights<Real>(call.kernel, call.edge[k], order, out.cell[k][g + l], cells, fraction[l], one);
          for (int a = 0; a <= order; ++a)
            for (int j = 0; j < taps; ++j) w[a][j][l] = one[a][j];
        }
      }
      if (!isLast) {
        for (int a = 0; a <= order; ++a)
          for (int j = 0; j < taps; ++j) store<V>(&out.other[k][a][j][g], w[a][j] * scale[a]);
        continue;
      }
      // Row t of the transposition is tap t % Size of order t / Size.
      for (int from = 0; from < (order + 1) * Size; from += W) {
        V r[W];
#pragma GCC unroll 16
        for (int i = 0; i < W; ++i) {
          const int a = (from + i) / Size, j = (from + i) % Size;
          r[i] = a <= order && j < taps ? w[a][j] * scale[a] : V{};
        }
        transpose<Real>(r);
#pragma GCC unroll 16
        for (int i = 0; i < W; ++i) store<V>(out.last[g + i] + from, r[i]);
      }
    }
  }
}

DINF_MATH_END
