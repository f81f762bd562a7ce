#include "cuda/tensor_axes.h"

namespace dinf::cuda {

template <class Real>
TensorAxes<Real>::TensorAxes(Context& context, const GridShape& grid, const SampleSet& samples, const JetSet& jets)
    : dims(grid.dims), taps(grid.kernel.taps()), levels(grid.levels), count{1, 1, 1}, level{} {
  std::vector<Real> weights;
  std::vector<int> places;
  struct Offsets {
    size_t weight, start, bound;
  } offsets[kMaxDims][kMaxLevels];
  int64_t apart = samples.paddedCount();  // samples that differ by one along the axis
  for (int k = 0; k < dims; ++k) {
    const int n = count[k] = static_cast<int>(samples.laidCount(k));
    apart /= n;
    int order = 0;
    for (int p = 0; p < jets.count; ++p) order = std::max(order, jets.index[p].a[k]);
    for (int s = 0; s < levels; ++s) {
      AxisLevel<Real>& at = level[k][s];
      Offsets& offset = offsets[k][s] = {weights.size(), places.size(), places.size() + n};
      weights.resize(weights.size() + static_cast<size_t>(order + 1) * taps * n);
      places.resize(places.size() + n);
      for (int q = 0; q < n; ++q) {
        double w[kMaxOrder + 1][kMaxTaps];
        const int cell = grid.tabulate(k, s, order, samples.unit(k)[q * apart], w);
        if (q == 0) at.first = cell;
        places[offset.start + q] = cell - at.first;
        at.nodes = cell - at.first + taps;
        for (int a = 0; a <= order; ++a)
          for (int j = 0; j < taps; ++j) weights[offset.weight + (a * taps + j) * size_t(n) + q] = static_cast<Real>(w[a][j]);
      }
      for (int node = 0, q = 0; node <= at.nodes; ++node) {
        while (q < n && places[offset.start + q] < node) ++q;
        places.push_back(q);
      }
    }
  }
  weights_ = Buffer<Real>(context, static_cast<int64_t>(weights.size()));
  weights_.upload(weights);
  places_ = Buffer<int>(context, static_cast<int64_t>(places.size()));
  places_.upload(places);
  for (int s = 0; s < levels; ++s) {
    corner[s] = grid.packedOffset(s, 0);
    for (int k = 0; k < dims; ++k) {
      stride[s][k] = k == dims - 1 ? 1 : k == 0 ? grid.packedStride0(s) : grid.packedStride1(s);
      AxisLevel<Real>& at = level[k][s];
      whole = whole && at.first == 0 && at.nodes == grid.packedNodes(s, k);
      corner[s] += at.first * stride[s][k];
      at.weight = weights_.data() + offsets[k][s].weight;
      at.start = places_.data() + offsets[k][s].start;
      at.bound = places_.data() + offsets[k][s].bound;
    }
  }
}

template class TensorAxes<float>;
template class TensorAxes<double>;

}  // namespace dinf::cuda
