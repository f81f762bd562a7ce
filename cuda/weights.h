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

}  // namespace dinf::cuda
