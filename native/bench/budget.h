// What the encoder must compute, counted: the formulas that the comments above the kernels (native/cpu/isa) give, for any jet
// set. A is the number of axes, T = 2 rho the taps of an axis, a fused multiply-add two flops.
#pragma once
#include "core/backend.h"
#include "math/radial.h"

namespace dinf::bench {

// Distinct derivative orders that planes take: on the first axis, on the middle one (the one before the last), and pairs of both.
struct AxisOrders {
  int lead = 0, mid = 0, pairs = 0;
  AxisOrders(const JetSet& jets, int dims) {
    bool leads[kMaxOrder + 1] = {}, mids[kMaxOrder + 1] = {}, both[kMaxOrder + 1][kMaxOrder + 1] = {};
    for (int p = 0; p < jets.count; ++p) {
      const int a = jets.index[p].a[0], m = dims > 1 ? jets.index[p].a[dims - 2] : 0;
      lead += !leads[a], mid += !mids[m], pairs += !both[a][m];
      leads[a] = mids[m] = both[a][m] = true;
    }
  }
};

// Weights of one axis at one place, orders 0 to `order`, as kernel1d.h computes them, made Taylor coefficients.
inline double weightFlops(const Kernel1d& kernel, int order) {
  const double taps = kernel.taps();
  double flops = order * taps;  // to the unit box
  if (kernel.kind == KernelKind::gaussian) {
    // Both exponentials by their polynomials (24), powers and sums a ring, one division; then moments of the offsets.
    flops += 24 + 9 * kernel.rings + taps;
    if (order >= 1) flops += 6 * taps;
    if (order >= 2) flops += 3 * taps;
    if (order >= 3) flops += 8 * taps;
    if (order >= 4) flops += 13 * taps;
    return flops;
  }
  // Cox-de Boor: a convex combination a tap and degree, then as many differences as the derivative's order.
  for (int k = 0; k <= order; ++k)
    for (int q = 1; q <= kernel.degree; ++q) flops += (q <= kernel.degree - k ? 5 : 1) * (q + 1);
  return flops;
}

// A sample and level and channel of separable kernels, weights apart: T^A values times the orders of the axis before the last,
// then rows. 3-D, order 1, rho = 3: 36 rows, 72 row multiply-adds over mid, 18 over lead, 4 over last. The adjoint is the
// transpose: as many.
inline double rowFlops(const JetSet& jets, int dims, int taps) {
  const AxisOrders orders(jets, dims);
  double rows = jets.count;
  if (dims == 2) rows += taps * orders.mid;
  if (dims == 3) rows += taps * taps * orders.mid + taps * orders.pairs;
  return 2 * rows * taps;
}

// A sample and level of a radial kernel: the jet of each of T^A neighbours (radialJet's recursion), the normaliser, and a channel
// the numerators. At order 1 in 2-D: 36 neighbours of about 20 flops, 3 for the normaliser, and 3 multiply-adds a channel.
inline double radialFlops(const JetSet& jets, int dims, int taps, int channels) {
  double jet = 4 * dims + 3;
  for (int p = 0; p < jets.count; ++p) {
    if (jets.index[p].order() == 0) continue;
    jet += 3;
    for (int k = 0; k < dims; ++k) jet += (jets.index[p].a[k] >= 1 ? 2 : 0) + (jets.index[p].a[k] >= 2 ? 1 : 0);
  }
  double neighbours = 1;
  for (int k = 0; k < dims; ++k) neighbours *= taps;
  return neighbours * (jet + jets.count + 2.0 * jets.count * channels);
}

// All of a tensor product, one channel: axis by axis, the first one for all nodes of the others.
inline double tensorFlops(const GridShape& grid, const SampleSet& samples, const JetSet& jets) {
  const AxisOrders orders(jets, grid.dims);
  const double taps = grid.kernel.taps();
  double count[kMaxDims];
  for (int k = 0; k < kMaxDims; ++k) count[k] = static_cast<double>(samples.tensorCount(k));
  double flops = 0;
  for (int s = 0; s < grid.levels; ++s) {
    double rest = 1;
    for (int k = 1; k < grid.dims; ++k) rest *= grid.packedNodes(s, k);
    if (grid.dims > 1) flops += 2 * taps * orders.lead * rest * count[0];
    if (grid.dims > 2) flops += 2 * taps * orders.pairs * count[0] * count[1] * grid.packedNodes(s, 2);
    flops += 2 * taps * jets.count * count[0] * count[1] * count[2];
  }
  return flops;
}

}  // namespace dinf::bench
