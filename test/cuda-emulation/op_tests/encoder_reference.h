// The encoder written out: every sample's weight of every node around it, in float64. Products over the axes from the weights of one
// axis; radial kernels by their definition, phi / sum phi, with phi composed from the series of q^-p in the jet algebra.
#pragma once
#include <algorithm>
#include <array>
#include "core/grid.h"
#include "core/samples.h"
#include "math/kernel1d.h"

namespace dinf::op_tests {

// A value and the sum of the absolute values of its terms, to which errors are relative.
struct Sums {
  std::vector<double> value, size;
  explicit Sums(int64_t count = 0) : value(static_cast<size_t>(count)), size(static_cast<size_t>(count)) {}
  void add(int64_t at, double value_, double size_) {
    value[static_cast<size_t>(at)] += value_;
    size[static_cast<size_t>(at)] += size_;
  }
};

struct EncoderReference {
  const GridShape& grid;
  const JetSet& jets;
  const int channels;
  const ChannelMap map;

  const int taps = grid.kernel.taps();
  const JetSet closed = JetSet::closed(grid.dims, jets.maxOrder());
  const JetProduct product{closed};
  using Jet = std::array<double, kMaxPlanes>;

  // What a sample means to one node: its packed place in a channel's planes, the weight of each plane of `jets`, as Taylor
  // coefficients in the unit box, and the sizes of the terms that it is made of.
  struct Node {
    int64_t place;
    bool meetsItself;  // an earlier tap's node again, around a short periodic axis
    int64_t same;      // the place of that first tap
    Jet weight, size;
  };

  double scale(int level, const MultiIndex& index) const {
    double value = 1;
    for (int k = 0; k < grid.dims; ++k)
      for (int a = 1; a <= index.a[k]; ++a) value *= static_cast<double>(grid.cellsAt(level, k)) / a;
    return value;
  }

  Jet multiply(const Jet& a, const Jet& b) const {
    Jet c{};
    for (int t = 0; t < product.count; ++t) c[product.triples[t].out] += a[product.triples[t].left] * b[product.triples[t].right];
    return c;
  }
  // q^-p: sum_n binomial(-p, n) q0^(-p - n) (q - q0)^n.
  Jet power(const Jet& q, double p) const {
    Jet rest = q, powers{}, out{};
    rest[0] = 0;
    powers[0] = 1;
    double factor = std::pow(q[0], -p);
    for (int n = 0; n <= jets.maxOrder(); ++n) {
      for (int i = 0; i < closed.count; ++i) out[i] += factor * powers[i];
      powers = multiply(powers, rest);
      factor *= (-p - n) / (n + 1) / q[0];
    }
    return out;
  }

  std::vector<Node> around(const double* unit, int level) const {
    const int d = grid.dims, rings = grid.kernel.rings;
    int cell[kMaxDims] = {0, 0, 0}, cells[kMaxDims] = {1, 1, 1};
    double fraction[kMaxDims] = {0, 0, 0}, weights[kMaxDims][kMaxOrder + 1][kMaxTaps], multiplicity[kMaxDims][kMaxTaps];
    for (int k = 0; k < d; ++k) {
      const double t = unit[k] * grid.cells[k];
      const int fine = std::min(static_cast<int>(t), grid.lastCell(k));
      cell[k] = fine >> level;
      cells[k] = grid.cellsAt(level, k);
      fraction[k] = (fine - (cell[k] << level) + (t - fine)) / (1 << level);
      if (!grid.kernel.radial()) generic::edgeWeights<double>(grid.kernel, grid.edge[k], jets.maxOrder(), cell[k], cells[k], fraction[k], weights[k]);
      std::fill_n(multiplicity[k], taps, 1.0);
      if (grid.edge[k] == Edge::clamp) generic::clampedMultiplicity(rings, cell[k], cells[k], multiplicity[k]);
    }
    int64_t total = 1;
    for (int k = 0; k < d; ++k) total *= taps;
    std::vector<Node> nodes(static_cast<size_t>(total));
    Jet sum{};
    for (int64_t n = 0; n < total; ++n) {
      Node& node = nodes[static_cast<size_t>(n)];
      int tap[kMaxDims] = {0, 0, 0};
      for (int64_t k = d - 1, rest = n; k >= 0; --k, rest /= taps) tap[k] = static_cast<int>(rest % taps);
      node = {grid.packedOffset(level, 0), false, grid.packedOffset(level, 0), {}, {}};
      for (int k = 0; k < d; ++k) {
        const int64_t stride = k == d - 1 ? 1 : k == 0 ? grid.packedStride0(level) : grid.packedStride1(level);
        const bool again = generic::meetsItself(grid.edge[k], cells[k], taps) && tap[k] >= cells[k];
        node.meetsItself = node.meetsItself || again;
        node.place += (cell[k] + tap[k]) * stride;
        node.same += (cell[k] + (again ? tap[k] % cells[k] : tap[k])) * stride;
      }
      if (!grid.kernel.radial()) {
        for (int p = 0; p < jets.count; ++p) {
          double value = scale(level, jets.index[p]);
          for (int k = 0; k < d; ++k) value *= weights[k][jets.index[p].a[k]][tap[k]];
          node.weight[p] = value;
          node.size[p] = std::abs(value);
        }
        continue;
      }
      Jet q{};
      q[0] = 1;
      const double e2 = grid.kernel.epsilon * grid.kernel.epsilon;
      double factor = 1;
      for (int k = 0; k < d; ++k) {
        const double r = fraction[k] - (tap[k] - rings + 1);
        MultiIndex one{}, two{};
        one.a[k] = 1;
        two.a[k] = 2;
        q[0] += e2 * r * r;
        if (jets.maxOrder() >= 1) q[closed.find(one)] = 2 * e2 * r;
        if (jets.maxOrder() >= 2) q[closed.find(two)] = e2;
        factor *= multiplicity[k][tap[k]];
      }
      node.weight = power(q, grid.kernel.kind == KernelKind::inverseQuadratic ? 1 : 0.5);
      for (int p = 0; p < closed.count; ++p) sum[p] += node.weight[p] *= factor;
    }
    if (grid.kernel.radial()) {
      const Jet inverse = power(sum, 1);
      for (Node& node : nodes) {
        const Jet all = multiply(node.weight, inverse);
        Jet inverseSize = inverse, weightSize = node.weight;
        for (double& x : inverseSize) x = std::abs(x);
        for (double& x : weightSize) x = std::abs(x);
        const Jet size = multiply(weightSize, inverseSize);
        for (int p = 0; p < jets.count; ++p) {
          // closed coefficients are Taylor's already: only cells to the unit box
          double toBox = 1;
          for (int k = 0; k < d; ++k)
            for (int a = 0; a < jets.index[p].a[k]; ++a) toBox *= cells[k];
          node.weight[p] = all[closed.find(jets.index[p])] * toBox;
          node.size[p] = size[closed.find(jets.index[p])] * toBox;
        }
      }
    }
    return nodes;
  }

  template <class F>
  void eachNode(const SampleSet& set, F f) const {
    for (int64_t i = 0; i < set.paddedCount(); ++i) {
      double unit[kMaxDims] = {0, 0, 0};
      set.unitCoordinates(i, unit);
      for (int s = 0; s < grid.levels; ++s) f(i, s, around(unit, s));
    }
  }
  int outputs() const { return map == ChannelMap::separateLevels ? channels * grid.levels : channels; }
  int output(int level, int channel) const { return map == ChannelMap::separateLevels ? level * channels + channel : channel; }

  // jets [output][plane][sample]; packed += its transpose; squares of the rows with entries sum_p factors[p][sample] w^(p).
  void run(const SampleSet& set, const std::vector<double>& packed, const std::vector<double>& adjoints, const std::vector<double>& factors,
           Sums& jetsOut, Sums& transposed, Sums& squares) const {
    const int64_t count = set.paddedCount(), plane = grid.packedOffset(0, 1);
    eachNode(set, [&](int64_t i, int level, const std::vector<Node>& nodes) {
      for (int c = 0; c < channels; ++c) {
        const int64_t out = int64_t{output(level, c)} * jets.count;
        for (const Node& node : nodes) {
          const int64_t at = c * plane + node.place;
          for (int p = 0; p < jets.count; ++p) {
            jetsOut.add((out + p) * count + i, node.weight[p] * packed[at], node.size[p] * std::abs(packed[at]));
            const double y = adjoints[static_cast<size_t>((out + p) * count + i)];
            transposed.add(at, node.weight[p] * y, node.size[p] * std::abs(y));
          }
        }
      }
      std::vector<std::pair<double, double>> entries(nodes.size());
      for (size_t n = 0; n < nodes.size(); ++n) {
        size_t to = n;
        while (nodes[n].meetsItself && nodes[to].place != nodes[n].same) --to;
        for (int p = 0; p < jets.count; ++p) {
          const double factor = factors[static_cast<size_t>(p * count + i)];
          entries[to].first += factor * nodes[n].weight[p];
          entries[to].second += std::abs(factor) * nodes[n].size[p];
        }
      }
      for (size_t n = 0; n < nodes.size(); ++n)
        for (int c = 0; c < channels; ++c)
          squares.add(c * plane + nodes[n].place, entries[n].first * entries[n].first, entries[n].second * entries[n].second);
    });
  }
};

}  // namespace dinf::op_tests
