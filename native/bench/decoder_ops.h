// From parameters to packed planes and back, nested levels into one, and MLPs on jets.
#pragma once
#include "measure.h"
#include "test/specs.h"

namespace dinf::bench {

template <class Real>
struct Fold {
  Fold(Backend<Real>& backend, const FoldShape& shape)
      : backend(backend),
        shape(shape),
        count(gridCount() + (shape.folded ? 0 : int64_t{shape.outputs} * (shape.grid.levels * shape.features + 1))),
        packedCount(shape.grid.packedSize(shape.outputs)),
        parameters(noise(backend, count)),
        gradient(backend, count),
        first(backend, count),
        second(backend, count),
        best(backend, count),
        packed(noise(backend, packedCount)) {}
  int64_t gridCount() const { return shape.grid.canonicalSize(shape.folded ? shape.outputs : shape.features); }
  // A multiply-add a feature, output and node; features are read, planes written. The adjoint has one for the features and one
  // for the decoder; it reads features and planes and writes the features' gradient.
  Cost cost(bool adjoint) const {
    const double grid = static_cast<double>(gridCount()), planes = static_cast<double>(packedCount);
    const double products = shape.folded ? 0 : 2 * grid * shape.outputs;
    return {(adjoint ? 2 : 1) * products, sizeof(Real) * ((adjoint && !shape.folded ? 2 : 1) * grid + planes)};
  }
  AdamVectors<Real> vectors() const { return {parameters, gradient, first, second, best}; }

  Backend<Real>& backend;
  const FoldShape shape;
  const int64_t count, packedCount;
  DeviceVector<Real> parameters, gradient, first, second, best, packed;
};

inline AdamSettings adamSettings() { return {1e-9, 0, 0.9, 0.999, 1e-8, int64_t{1} << 40}; }

template <class Real>
void foldCases(Cases& cases, const std::string& name, const FoldShape& shape) {
  using State = Fold<Real>;
  addCase<Real>(cases, "fold", name, [shape](Backend<Real>& backend) {
    const auto s = std::make_shared<State>(backend, shape);
    return Prepared{s->cost(false), [s] { s->backend.fold(s->shape, s->parameters, s->packed); }};
  });
  addCase<Real>(cases, "foldAdjoint", name, [shape](Backend<Real>& backend) {
    const auto s = std::make_shared<State>(backend, shape);
    return Prepared{s->cost(true), [s] { s->backend.foldAdjoint(s->shape, s->parameters, s->packed, s->gradient); }};
  });
  addCase<Real>(cases, "foldAdjointAdam", name, [shape](Backend<Real>& backend) {
    const auto s = std::make_shared<State>(backend, shape);
    Cost cost = s->cost(true);
    const double count = static_cast<double>(s->count);
    cost.flops += 13 * count;
    cost.bytes +=
        sizeof(Real) * (shape.folded ? 5 : 4) * count;  // both moments and the parameters; the gradient need not be written
    return Prepared{cost, [s] {
                      s->backend.setSlot(AdamSlots::rate, 1e-9);
                      s->backend.setSlot(AdamSlots::rootCorrection, 1);
                      s->backend.foldAdjointAdam(s->shape, s->packed, s->vectors(), adamSettings());
                    }};
  });
}

// (rho + 1/2) multiply-adds a value along each axis, the axes before the last on half of the values; the adjoint as many.
inline double refineFlops(const GridShape& grid, int channels) {
  const double along = grid.kernel.rings + 0.5;
  double flops = 0;
  for (int s = 0; s + 1 < grid.levels; ++s) {
    double nodes = 1, factor = 1;
    for (int k = 0; k < grid.dims; ++k) nodes *= grid.packedNodes(s, k);
    for (int k = 1; k < grid.dims; ++k) factor *= along;
    flops += 2 * nodes * (along + (grid.dims > 1 ? factor / 2 : 0));
  }
  return channels * flops;
}

template <class Real>
void refineCases(Cases& cases, const std::string& name, const GridShape& grid) {
  struct State {
    Backend<Real>& backend;
    GridShape grid;
    DeviceVector<Real> levels, finest;
    Cost cost() const {
      return {refineFlops(grid, 1), sizeof(Real) * static_cast<double>(grid.packedSize(1) + grid.finest().packedSize(1))};
    }
  };
  const auto make = [grid](Backend<Real>& backend) {
    return std::make_shared<State>(
        State{backend, grid, noise(backend, grid.packedSize(1), 1e-9), noise(backend, grid.finest().packedSize(1))});
  };
  addCase<Real>(cases, "refine", name, [make](Backend<Real>& backend) {
    const auto s = make(backend);
    return Prepared{s->cost(), [s] { s->backend.refine(s->grid, 1, s->levels, s->finest); }};
  });
  addCase<Real>(cases, "refineAdjoint", name, [make](Backend<Real>& backend) {
    const auto s = make(backend);
    return Prepared{s->cost(), [s] { s->backend.refineAdjoint(s->grid, 1, s->finest, s->levels); }};
  });
}

// --- MLPs

struct MlpSetting {
  MlpShape shape;
  int dims, order;
  std::string name() const {
    return std::to_string(shape.inputs) + " to " + std::to_string(shape.hidden.size()) + " x " + std::to_string(shape.hidden[0]) +
           ", " + std::to_string(dims) + "-D, order " + std::to_string(order);
  }
};
inline MlpSetting mlpSetting(int inputs, int width, int layers, Activation activation, int dims, int order) {
  MlpShape shape;
  shape.inputs = inputs;
  shape.outputs = 1;
  shape.hidden.assign(layers, width);
  shape.activations.assign(layers, LayerActivation{activation, activation == Activation::sine ? 30.0 : 1.0});
  return {shape, dims, order};
}

template <class Real>
struct MlpState {
  MlpState(Backend<Real>& backend, const MlpSetting& setting)
      : backend(backend),
        setting(setting),
        samples(test::boxSet(std::vector<int>(setting.dims, setting.dims == 3              ? 25
                                                            : setting.shape.hidden[0] > 64 ? 32
                                                                                           : 128)),
                cells(), backend.sampleOrder()),
        tile(samples.whole()),
        jets(JetSet::closed(setting.dims, setting.order)),
        weights(noise(backend, shape().parameterCount(), 0.1)),
        tangents(noise(backend, shape().parameterCount(), 0.1)),
        in(noise(backend, size(shape().inputs))),
        inTangent(noise(backend, size(shape().inputs))),
        out(noise(backend, size(shape().outputs))),
        inAdjoint(backend, size(shape().inputs)),
        state(backend, std::max<int64_t>(1, backend.mlpStateSize(shape(), jets) * tile.size)),
        sums(backend, backend.mlpParts(samples), shape().parameterCount()) {
    backend.mlp(shape(), jets, weights, tile, in, out, kept());
  }
  static const int* cells() {
    static const int all[kMaxDims] = {128, 128, 1};
    return all;
  }
  const MlpShape& shape() const { return setting.shape; }
  int64_t size(int channels) const { return int64_t{channels} * jets.count * tile.size; }
  Real* kept() const { return backend.mlpStateSize(shape(), jets) > 0 ? static_cast<Real*>(state) : nullptr; }
  // Products of all weights with a plane are its unit of work: activations are left out. First derivatives of fewer outputs than
  // axes take 1 + outputs planes (mlp_gradient.h).
  double product(bool gradientPath) const {
    double weightCount = 0;
    for (int l = 0; l < shape().layers(); ++l) weightCount += double(shape().fanIn(l)) * shape().fanOut(l);
    const bool few = gradientPath && setting.order == 1 && shape().outputs + 1 < jets.count;
    return 2 * weightCount * (few ? 1 + shape().outputs : jets.count) * static_cast<double>(tile.size);
  }
  double bytes(int ins, int outs, int ofWeights) const {
    return sizeof(Real) *
           static_cast<double>(ins * size(shape().inputs) + outs * size(shape().outputs) + ofWeights * shape().parameterCount());
  }

  Backend<Real>& backend;
  const MlpSetting setting;
  SampleSet samples;
  const Tile tile;
  const JetSet jets;
  DeviceVector<Real> weights, tangents, in, inTangent, out, inAdjoint, state;
  DeviceSums<Real> sums;
};

template <class Real>
void mlpCases(Cases& cases, const MlpSetting& setting) {
  using State = MlpState<Real>;
  addCase<Real>(cases, "mlp", setting.name(), [setting](Backend<Real>& backend) {
    const auto s = std::make_shared<State>(backend, setting);
    return Prepared{{s->product(true), s->bytes(1, 1, 1)},
                    [s] { s->backend.mlp(s->shape(), s->jets, s->weights, s->tile, s->in, s->out, s->kept()); }};
  });
  // W h', W' h and the forward pass between them.
  addCase<Real>(cases, "mlpTangent", setting.name(), [setting](Backend<Real>& backend) {
    const auto s = std::make_shared<State>(backend, setting);
    return Prepared{{3 * s->product(false), s->bytes(2, 1, 2)}, [s] {
                      s->backend.mlpTangent(s->shape(), s->jets, s->weights, s->tangents, s->tile, s->in, s->inTangent, s->out);
                    }};
  });
  // As many products for the inputs and for the weights as forward.
  addCase<Real>(cases, "mlpAdjoint", setting.name(), [setting](Backend<Real>& backend) {
    const auto s = std::make_shared<State>(backend, setting);
    return Prepared{{2 * s->product(true), s->bytes(2, 1, 3)}, [s] {
                      s->backend.mlpAdjoint(s->shape(), s->jets, s->weights, s->tile, s->in, s->kept(), s->out, s->inAdjoint,
                                            s->sums.data());
                    }};
  });
}

inline void decoderCases(Cases& cases) {
  const auto grid = [](int dims, int cells, int levels, const Kernel1d& kernel, Edge edge) {
    return test::makeField(dims, std::vector<int>(dims, cells), levels, kernel, edge, 1, 1).grid;
  };
  FoldShape paper;
  paper.grid = grid(2, 512, 6, test::gaussian(3), Edge::clamp);
  paper.features = 2;
  foldCases<float>(cases, "2 features, 2-D, 6 levels", paper);
  foldCases<double>(cases, "2 features, 2-D, 6 levels", paper);
  FoldShape wide = paper;
  wide.grid = grid(3, 64, 3, test::gaussian(3), Edge::periodic);
  wide.features = 4;
  wide.outputs = 3;
  foldCases<float>(cases, "4 features to 3 outputs, 3-D periodic, 3 levels", wide);
  FoldShape planes = paper;
  planes.features = 1;
  planes.folded = true;
  planes.grid = grid(2, 512, 1, test::bspline(5), Edge::extend);
  foldCases<float>(cases, "planes themselves, 2-D", planes);
  refineCases<float>(cases, "bspline 5, 2-D, 6 levels", grid(2, 512, 6, test::bspline(5), Edge::extend));
  refineCases<float>(cases, "bspline 5, 3-D, 3 levels", grid(3, 64, 3, test::bspline(5), Edge::extend));
  refineCases<double>(cases, "bspline 5, 2-D, 6 levels", grid(2, 512, 6, test::bspline(5), Edge::extend));
  for (const int order : {0, 1, 2}) mlpCases<float>(cases, mlpSetting(12, 64, 2, Activation::tanh, 2, order));
  mlpCases<float>(cases, mlpSetting(2, 256, 5, Activation::sine, 2, 1));
  mlpCases<float>(cases, mlpSetting(2, 256, 5, Activation::sine, 2, 2));
  mlpCases<double>(cases, mlpSetting(12, 64, 2, Activation::tanh, 2, 1));
  mlpCases<float>(cases, mlpSetting(6, 64, 2, Activation::tanh, 3, 1));
}

}  // namespace dinf::bench
