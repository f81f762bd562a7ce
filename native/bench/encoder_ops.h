// Samples and the encoder: by kernel, dimension, derivative order, levels and kind of sample set.
#pragma once
#include "budget.h"
#include "core/samples.h"
#include "measure.h"
#include "test/specs.h"

namespace dinf::bench {

struct EncoderSetting {
  Kernel1d kernel;
  int dims, cells, order;
  SampleKind samples = SampleKind::stratified;
  int levels = 1, channels = 1;
  ChannelMap map = ChannelMap::sumLevels;

  // One sample a cell, in every setting the number that an iteration of the paper draws: 2^18.
  int places() const { return dims == 1 ? 1 << 18 : dims == 2 ? 512 : 64; }
  GridShape grid() const {
    const std::vector<int> all(dims, cells);
    return test::makeField(dims, all, levels, kernel, Edge::extend, 1, 1).grid;
  }
  SampleSet sampleSet(SampleOrder order) const {
    const std::vector<int> all(dims, places());
    const int64_t count = int64_t{1} << 18;
    const int cellsOf[kMaxDims] = {cells, dims > 1 ? cells : 1, dims > 2 ? cells : 1};
    SampleSetSpec spec = samples == SampleKind::stratified ? test::boxSet(all)
                         : samples == SampleKind::tensor   ? test::tensorSet(all)
                                                           : test::pointSet(dims, count);
    Random random(3);
    if (samples == SampleKind::points)
      for (double& x : spec.points) x = 0.5 * (1 + random.next());
    for (int k = 0; k < dims && samples == SampleKind::tensor; ++k)
      for (int i = 0; i < places(); ++i) spec.axes[k][i] = (i + 0.5) / places();
    return SampleSet(std::move(spec), cellsOf, order);
  }
  JetSet jets() const { return JetSet::closed(dims, order); }
  std::string name() const {
    const char* kinds[] = {"tensor", "points", "stratified"};
    const int kind = samples == SampleKind::tensor ? 0 : samples == SampleKind::points ? 1 : 2;
    std::string text =
        test::kernelName(kernel) + ", " + std::to_string(dims) + "-D, order " + std::to_string(order) + ", " + kinds[kind];
    if (levels > 1) text += ", " + std::to_string(levels) + " levels";
    if (channels > 1) text += ", " + std::to_string(channels) + " channels";
    return text + (map == ChannelMap::separateLevels ? " apart" : "");
  }
};

// What one setting's ops work on.
template <class Real>
struct Encoder {
  Encoder(Backend<Real>& backend, const EncoderSetting& setting)
      : backend(backend),
        setting(setting),
        grid(setting.grid()),
        samples(setting.sampleSet(backend.sampleOrder())),
        tile(samples.whole()),
        binding(backend.bind(grid, samples, setting.jets(), setting.channels, setting.map)),
        packed(noise(backend, grid.packedSize(setting.channels))),
        jets(noise(backend, jetCount())),
        gathered(backend, grid.packedSize(setting.channels)) {
    backend.setSlot(kDrawSlot, 1);
    backend.draw(samples, 7, 0, kDrawSlot, nullptr);
  }
  int64_t jetCount() const { return int64_t{binding->outputChannels()} * binding->jets.count * tile.size; }

  // Encoder and adjoint: each channel of the packed planes meets each level.
  Cost cost(bool adjoint) const {
    const double count = static_cast<double>(samples.userCount());
    Cost cost;
    if (setting.kernel.radial()) {
      cost.flops = count * grid.levels * radialFlops(binding->jets, grid.dims, grid.kernel.taps(), setting.channels);
    } else if (samples.isTensor()) {
      cost.flops = setting.channels * tensorFlops(grid, samples, binding->jets);
    } else {
      const double weights = grid.dims * weightFlops(grid.kernel, setting.order);
      cost.flops = count * grid.levels * (weights + setting.channels * rowFlops(binding->jets, grid.dims, grid.kernel.taps()));
    }
    cost.bytes = coordinateBytes() + jetBytes() + (adjoint ? 2 : 1) * packedBytes();
    return cost;
  }
  // The whole patch of every row, squared: of samples, or by the products of pairs of planes, axis by axis.
  Cost squaresCost() const {
    const double count = static_cast<double>(samples.userCount()), planes = binding->jets.count;
    Cost cost{0, coordinateBytes() + planes * count * sizeof(Real) + 2 * packedBytes()};
    if (samples.isTensor()) {
      JetSet one;
      one.add(MultiIndex{});
      cost.flops = planes * (planes + 1) / 2 * (tensorFlops(grid, samples, one) + 2 * count);
    } else {
      double patch = 1;
      for (int k = 0; k < grid.dims; ++k) patch *= grid.kernel.taps();
      cost.flops = count * grid.levels * (grid.dims * weightFlops(grid.kernel, setting.order) + patch * (2 * planes + 2));
    }
    return cost;
  }
  double coordinateBytes() const {
    if (samples.isTensor()) return 0;  // tables of an axis
    return static_cast<double>(samples.paddedCount()) * grid.dims * sizeof(double);
  }
  double jetBytes() const { return static_cast<double>(jetCount()) * sizeof(Real); }
  double packedBytes() const { return static_cast<double>(grid.packedSize(setting.channels)) * sizeof(Real); }

  Backend<Real>& backend;
  const EncoderSetting setting;
  const GridShape grid;
  SampleSet samples;
  const Tile tile;
  std::unique_ptr<Binding> binding;
  DeviceVector<Real> packed, jets, gathered;
};

template <class Real>
void encoderCases(Cases& cases, const EncoderSetting& setting, bool squares) {
  using State = Encoder<Real>;
  addCase<Real>(cases, "encode", setting.name(), [setting](Backend<Real>& backend) {
    const auto state = std::make_shared<State>(backend, setting);
    return Prepared{state->cost(false),
                    [state] { state->backend.encode(*state->binding, state->tile, state->packed, state->jets); }};
  });
  addCase<Real>(cases, "encodeAdjoint", setting.name(), [setting](Backend<Real>& backend) {
    const auto state = std::make_shared<State>(backend, setting);
    return Prepared{state->cost(true), [state] {
                      state->backend.encodeAdjointBegin(*state->binding, state->gathered, false);
                      state->backend.encodeAdjoint(*state->binding, state->tile, state->jets, 0);
                      state->backend.encodeAdjointEnd(*state->binding);
                    }};
  });
  if (!squares) return;
  addCase<Real>(cases, "encodeSquares", setting.name(), [setting](Backend<Real>& backend) {
    const auto state = std::make_shared<State>(backend, setting);
    std::vector<JacobianPlane<Real>> planes;
    for (int p = 0; p < state->binding->jets.count; ++p)
      planes.push_back({p, state->jets + p * state->tile.size, InputPlane<Real>::tile});
    return Prepared{state->squaresCost(), [state, planes] {
                      state->backend.encodeAdjointBegin(*state->binding, state->gathered, false);
                      state->backend.encodeSquares(*state->binding, state->tile, 0, planes);
                      state->backend.encodeAdjointEnd(*state->binding);
                    }};
  });
}

inline void encoderCases(Cases& cases) {
  using test::bspline;
  const Kernel1d gaussian = test::gaussian(3), iq = test::radial(KernelKind::inverseQuadratic, 3),
                 imq = test::radial(KernelKind::inverseMultiquadric, 3);
  const SampleKind tensor = SampleKind::tensor, points = SampleKind::points, boxes = SampleKind::stratified;
  // By kernel, at order 1 in two dimensions.
  for (const Kernel1d& kernel : {bspline(1), bspline(3), bspline(5), bspline(7), bspline(9), test::gaussian(2)})
    encoderCases<float>(cases, {kernel, 2, 512, 1}, false);
  for (const Kernel1d& kernel : {gaussian, iq, imq}) encoderCases<float>(cases, {kernel, 2, 512, 1}, true);
  // By order.
  for (const int order : {0, 2, 3, 4}) encoderCases<float>(cases, {gaussian, 2, 512, order}, order == 2);
  for (const int order : {2, 4}) encoderCases<float>(cases, {bspline(5), 2, 512, order}, order == 2);
  encoderCases<float>(cases, {iq, 2, 512, 2}, false);
  // By dimension.
  for (const int dims : {1, 3})
    for (const int order : {1, 2}) encoderCases<float>(cases, {gaussian, dims, dims == 1 ? 4096 : 64, order}, order == 1);
  encoderCases<float>(cases, {iq, 3, 64, 1}, false);
  // By kind of samples.
  encoderCases<float>(cases, {gaussian, 2, 512, 1, points}, false);
  for (const int order : {1, 2}) encoderCases<float>(cases, {gaussian, 2, 512, order, tensor}, order == 1);
  encoderCases<float>(cases, {gaussian, 3, 64, 1, tensor}, true);
  // By levels and channels: the paper's grid, and the same before an MLP.
  encoderCases<float>(cases, {gaussian, 2, 512, 1, boxes, 6}, true);
  encoderCases<float>(cases, {gaussian, 2, 512, 1, boxes, 6, 2, ChannelMap::separateLevels}, false);
  encoderCases<float>(cases, {gaussian, 2, 512, 1, boxes, 1, 3}, false);
  // In double.
  encoderCases<double>(cases, {gaussian, 2, 512, 1}, true);
  encoderCases<double>(cases, {bspline(5), 2, 512, 2}, true);
  encoderCases<double>(cases, {bspline(5), 2, 512, 2, tensor}, true);
  encoderCases<double>(cases, {bspline(5), 3, 64, 2, tensor}, false);
}

// --- samples: where they are, drawn anew, weighed

inline void sampleCases(Cases& cases) {
  const auto add = [&](const std::string& op, const EncoderSetting& setting, const std::string& name, auto cost, auto call,
                       int64_t draws = 0) {
    addCase<float>(cases, op, name, [=](Backend<float>& backend) {
      struct State {
        SampleSet samples;
        Tile tile;
        DeviceVector<float> out;
      };
      SampleSet samples = setting.sampleSet(backend.sampleOrder());
      if (draws > 0) {
        SampleSetSpec spec = test::tensorSet({512, 512});
        spec.draws = draws;
        const int cells[kMaxDims] = {512, 512, 1};
        samples = SampleSet(std::move(spec), cells, backend.sampleOrder());
      }
      const auto state = std::make_shared<State>(State{std::move(samples), {}, DeviceVector<float>(backend, int64_t{8} << 18)});
      state->tile = state->samples.whole();
      backend.setSlot(kDrawSlot, 1);
      return Prepared{cost(static_cast<double>(state->samples.paddedCount())),
                      [state, call, &backend] { call(backend, state->samples, state->tile, state->out); }};
    });
  };
  const EncoderSetting boxes{test::gaussian(3), 2, 512, 1}, lattice{test::gaussian(3), 2, 512, 1, SampleKind::tensor};
  using B = Backend<float>;
  // Philox: ten rounds a sample, no flops; coordinates in double are written.
  const auto drawn = [](double n) { return Cost{2 * 2 * n, 2 * n * 8}; };
  add("draw", boxes, "stratified, 2-D", drawn,
      [](B& b, SampleSet& s, const Tile&, float*) { b.draw(s, 7, 0, kDrawSlot, nullptr); });
  // Counts of four bytes, weights in double and in the precision of the solve.
  const auto counted = [](double n) { return Cost{n, n * (2 * 4 + 8 + 4)}; };
  add(
      "draw", lattice, "counts of a lattice, 2-D", counted,
      [](B& b, SampleSet& s, const Tile&, float* out) { b.draw(s, 7, 0, kDrawSlot, out); }, int64_t{1} << 18);
  const auto converted = [](double n) { return Cost{2 * n, n * (8 + 4)}; };
  add("coordinates", boxes, "stratified, 2-D", converted,
      [](B& b, SampleSet& s, const Tile& t, float* out) { b.coordinates(s, t, 0, out); });
  add(
      "coordinates", lattice, "tensor, 2-D", [](double n) { return Cost{2 * n, n * 4}; },
      [](B& b, SampleSet& s, const Tile& t, float* out) { b.coordinates(s, t, 0, out); });
  add(
      "weights", boxes, "stratified, 2-D", [](double n) { return Cost{0, n * (8 + 4)}; },
      [](B& b, SampleSet& s, const Tile&, float* out) { b.weights(s, out); });
  // Values of two inputs and three planes each: 2 s - 1, its constants.
  add(
      "coordinateJets", boxes, "stratified, 2-D, order 1", [](double n) { return Cost{4 * n, n * (2 * 8 + 6 * 4)}; },
      [](B& b, SampleSet& s, const Tile& t, float* out) {
        CoordinateInputs inputs;
        inputs.dims = 2;
        b.coordinateJets(s, t, JetSet::closed(2, 1), inputs, out);
      });
}

}  // namespace dinf::bench
