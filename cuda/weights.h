// A sample's interpolation weights of one level, computed once into columns of shared memory: [axis][order][tap][thread]. Columns, not
// arrays of a thread: taps and orders are known at run time only, and an array that is indexed at run time would live on the stack.
#pragma once
#include "cuda/binding.h"

namespace dinf::cuda {

// A strided vector and a strided matrix, as native/math/kernel1d.h indexes weights.
template <class Real>
struct Column {
  Real* base;
  int stride;
  __device__ Real& operator[](int j) const { return base[j * stride]; }
};
template <class Real>
struct Columns {
  Real* base;
  int taps, stride;
  __device__ Column<Real> operator[](int k) const { return {base + k * taps * stride, stride}; }
};

// Weights of orders 0 to `order` along one axis, in cells of that level.
template <class Real>
__device__ inline void axisWeights(const GridTable<Real>& grid, int level, int axis, int order, int64_t sample, Columns<Real> w) {
  const int fine = grid.cell[axis][sample];
  if (grid.knots[axis].spans > 0) {
    generic::knotWeights<Real>(grid.knots[axis], order, fine, grid.cells[axis], grid.fraction[axis][sample], w);
    return;
  }
  const Real fraction = (static_cast<Real>(fine & ((1 << level) - 1)) + grid.fraction[axis][sample]) / static_cast<Real>(1 << level);
  generic::edgeWeights<Real>(grid.kernel, grid.tails, grid.edge[axis], order, fine >> level, grid.cells[axis] >> level, fraction, w);
}

// The same in registers, where the number of taps is known: T. Everything is unrolled, so nothing is indexed at run time.
template <class Real, int K, int T>
struct FixedWeights {
  Real order[K + 1][T];
  __device__ Real* operator[](int k) { return order[k]; }
  __device__ const Real* operator[](int k) const { return order[k]; }
};
template <class Real, int K, int T>
__device__ __forceinline__ void axisWeights(const GridTable<Real>& grid, int level, int axis, int64_t sample, FixedWeights<Real, K, T>& w) {
  struct Reference {
    FixedWeights<Real, K, T>* weights;
    __device__ Real* operator[](int k) const { return weights->order[k]; }
  };
  const int fine = grid.cell[axis][sample], cell = fine >> level, cells = grid.cells[axis] >> level, first = cell - T / 2 + 1;
  const Real fraction = (static_cast<Real>(fine & ((1 << level) - 1)) + grid.fraction[axis][sample]) / static_cast<Real>(1 << level);
  const Edge edge = grid.edge[axis];
  const bool clamped = edge == Edge::clamp && generic::touchesBorder(cell, cells, T / 2);
  // Adds each tap that `to` sends elsewhere to the tap there (generic::edgeWeights).
  const auto move = [&](auto to) {
#pragma unroll
    for (int k = 0; k <= K; ++k)
#pragma unroll
      for (int j = 0; j < T; ++j) {
        const int target = to(j);
#pragma unroll
        for (int i = 0; i < T; ++i)
          if (i != j && i == target) w.order[k][i] += w.order[k][j];
        if (target != j) w.order[k][j] = 0;
      }
  };
  if (grid.kernel.kind == KernelKind::gaussian) {
    generic::gaussianWeights<Real, Real>(static_cast<Real>(grid.kernel.epsilon), grid.tails, T / 2, K, fraction,
                                         generic::ClampedMultiplicity<Real>(T / 2, cell, cells, clamped), Reference{&w});
  } else {
    generic::bsplineWeights<Real, Real>(T - 1, K, fraction, Reference{&w});
    if (clamped) move([&](int j) { return min(max(first + j, 0), cells) - first; });
  }
  if (generic::meetsItself(edge, cells, T)) move([&](int j) { return j < cells ? j : j % cells; });
}

// The numbers of taps that kernels are compiled for as constants, in float: Gaussians of 2, 3 and 4 rings and B-splines of degree 3, 5 and 7,
// as far as a thread's registers hold the weights and sums of straight code.
template <int D, int K, int T, class Real>
constexpr bool kHasFixed = sizeof(Real) == 4 && (D == 2 ? (K <= 2 && (T == 4 || T == 6)) || (K == 1 && T == 8) : D == 3 && K <= 2 && T == 4);

// Where the closed set of D variables keeps a multi-index (JetSet::closed's order).
template <int D>
__host__ __device__ constexpr int closedIndex(int a, int b, int c) {
  const int order = a + b + c, m = b + c;
  if (D == 1) return a;
  if (D == 2) return order * (order + 1) / 2 + b;
  return order * (order + 1) * (order + 2) / 6 + m * (m + 1) / 2 + c;
}
template <int D, int K>
constexpr int closedCount = D == 1 ? K + 1 : D == 2 ? (K + 1) * (K + 2) / 2 : (K + 1) * (K + 2) * (K + 3) / 6;

// Calls f<D, K>() for a binding; the one list of what kernels are compiled for. Orders 0 and 3 run as 1 and 4.
template <class F>
void byShape(int dims, int order, F f) {
  const auto byOrder = [&]<int D>() {
    if (order == 1) f.template operator()<D, 1>();
    else if (order == 2) f.template operator()<D, 2>();
    else f.template operator()<D, 4>();
  };
  if (dims == 1) byOrder.template operator()<1>();
  else if (dims == 2) byOrder.template operator()<2>();
  else byOrder.template operator()<3>();
}

// Calls f<D, K, T>() for a binding; T 0: the number of taps is known at run time.
template <class Real, class F>
void byTaps(const CudaBinding<Real>& binding, F f) {
  byShape(binding.grid.dims, binding.order, [&]<int D, int K>() {
    bool uneven = false, done = false;
    for (const KnotTable& knots : binding.table.knots) uneven = uneven || knots.spans > 0;
    const auto fixed = [&]<int T>() {
      if constexpr (kHasFixed<D, K, T, Real>)
        if (!uneven && binding.table.taps == T) {
          f.template operator()<D, K, T>();
          done = true;
        }
    };
    fixed.template operator()<4>();
    fixed.template operator()<6>();
    fixed.template operator()<8>();
    if (!done) f.template operator()<D, K, 0>();
  });
}

}  // namespace dinf::cuda
