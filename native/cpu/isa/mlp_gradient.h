// First derivatives of an MLP with fewer outputs than the coordinates have axes: values forward, then the rows of the Jacobian by
// its inputs backward, du/dh_l = W_l^T (sigma'(g_l) du/dh_{l+1}). That is 1 + outputs planes instead of 1 + axes, and the chain rule
// with the inputs' own jets gives those of the outputs.
//
// With h_l the layers' inputs, g_l = W_l h_l + b_l, r_l = du/dh_l and q_l = sigma'(g_l) r_{l+1}, the adjoint runs forward through the
// r and backward through the h:
//   r*_{l+1} = sigma'(g_l) q*_l, q*_l = W_l r*_l;  g*_l = sigma'(g_l) h*_{l+1} + sigma''(g_l) r_{l+1} q*_l, h*_l = W_l^T g*_l
//   W*_l = g*_l h_l^T + sum_outputs q_l r*_l^T
// Budget a sample: (1 + outputs) x weights multiply-adds forward, twice that for the adjoint. g and r are kept from the one for the
// other.
#pragma once
#include "cpu/isa/mlp_weights.h"
#include "math/activation.h"

DINF_MATH_BEGIN

template <class Real>
struct MlpGradient {
  using V = typename Simd<Real>::V;
  using P = Product<Real>;
  using Weights = MlpWeights<Real>;
  static constexpr int W = Simd<Real>::W;

  static bool applies(const MlpShape& shape, const JetSet& jets) { return jets.maxOrder() == 1 && shape.outputs + 1 < jets.count; }
  // Planes of a row: one for values, one an output for derivatives by its unit.
  static int planes(const MlpShape& shape) { return 1 + shape.outputs; }
  static int hiddenLayers(const MlpShape& shape) { return shape.layers() - 1; }

  // g_l and r_{l+1} of every hidden unit.
  static int64_t stateSize(const MlpShape& shape) {
    int64_t units = 0;
    for (int i = 0; i < hiddenLayers(shape); ++i) units += shape.fanOut(i);
    return units * planes(shape);
  }
  static int64_t size(const MlpShape& shape) {
    const int64_t width = planes(shape) * Weights::groupLanes(planes(shape));
    int64_t units = 2 * Weights::widest(shape);
    for (int i = 0; i < shape.layers(); ++i) units += shape.fanIn(i) + shape.fanOut(i);
    return Weights::packedSize(shape) + stateSize(shape) * Weights::groupLanes(planes(shape)) + units * width +
           Weights::gradientScratch(shape, width);
  }

  // Rows are [unit][plane][lanes], plane 0 for values.
  struct Layout {
    int64_t lanes, width;
    Real* state[kMostLayers];    // of hidden layer l: g_l, r_{l+1}
    Real* value[kMostLayers];    // of layer l: h_l, r*_l
    Real* adjoint[kMostLayers];  // of layer l: g*_l, q_l
    Real *work0, *work1, *gradient;
  };
  static Layout layout(const MlpCall<Real>& call, int64_t lanes, Real* state) {
    const MlpShape& shape = *call.shape;
    Layout at;
    at.lanes = lanes;
    at.width = planes(shape) * lanes;
    Real* scratch = call.scratch + Weights::packedSize(shape);
    if (!state) {
      state = scratch;
      scratch += stateSize(shape) * lanes;
    }
    for (int i = 0; i < shape.layers(); ++i) {
      at.state[i] = state;
      state += shape.fanOut(i) * at.width;  // the last one is none and never touched
      at.value[i] = scratch;
      scratch += shape.fanIn(i) * at.width;
      at.adjoint[i] = scratch;
      scratch += shape.fanOut(i) * at.width;
    }
    at.work0 = scratch;
    at.work1 = at.work0 + Weights::widest(shape) * at.width;
    at.gradient = at.work1 + Weights::widest(shape) * at.width;
    return at;
  }

  // A layer and its adjoint on some planes of rows.
  static void linear(const MlpShape& shape, int layer, const Weights& weights, const Layout& at, int plane, int count, const Real* in,
                     Real* out, bool bias) {
    typename P::Call call{weights.forward[layer], shape.fanOut(layer),       shape.fanIn(layer),            count * at.lanes,
                          in + plane * at.lanes,  at.width, out + plane * at.lanes, at.width};
    call.bias = bias ? weights.bias[layer] : nullptr;
    call.lanes = at.lanes;
    P::run(call);
  }
  static void linearAdjoint(const MlpShape& shape, int layer, const Weights& weights, const Layout& at, int plane, int count,
                            const Real* in, Real* out) {
    P::run({weights.adjoint[layer], shape.fanIn(layer), shape.fanOut(layer), count * at.lanes, in + plane * at.lanes, at.width,
            out + plane * at.lanes, at.width});
  }

  // Calls f(unit, lane, c) for every vector of a hidden layer, c the series of its activation up to an order.
  template <class F>
  static DINF_INLINE void eachUnit(const MlpShape& shape, int layer, const Layout& at, int order, F f) {
    const LayerActivation activation = shape.activations[layer];
    for (int h = 0; h < shape.fanOut(layer); ++h)
      for (int64_t l = 0; l < at.lanes; l += W) {
        V c[kMaxOrder + 2];
        activationSeries(activation, load<V>(at.state[layer] + h * at.width + l), order, c);
        f(h, l, c);
      }
  }

  static const Real* inputPlane(const MlpCall<Real>& call, int channel, int plane, int64_t n) {
    return call.in + (int64_t{channel} * call.jets->count + plane) * call.planeStride + n;
  }

  // Values through all layers, then derivatives back to r_1; what remains is r_0 = W_0^T q_0, from `adjoint[0]`.
  static void sweep(const MlpCall<Real>& call, const Weights& weights, const Layout& at, int64_t n, Real* out) {
    const MlpShape& shape = *call.shape;
    const int hidden = hiddenLayers(shape), outputs = shape.outputs;
    for (int c = 0; c < shape.inputs; ++c)
      for (int64_t l = 0; l < at.lanes; l += W) store<V>(at.work0 + c * at.width + l, load<V>(inputPlane(call, c, 0, n) + l));
    for (int i = 0; i < hidden; ++i) {
      linear(shape, i, weights, at, 0, 1, at.work0, at.state[i], true);
      eachUnit(shape, i, at, 0, [&](int h, int64_t l, const V* c) { store<V>(at.work0 + h * at.width + l, c[0]); });
    }
    linear(shape, hidden, weights, at, 0, 1, at.work0, out, true);
    const Real* last = call.weights + shape.offset(hidden);
    for (int h = 0; h < shape.fanIn(hidden); ++h)
      for (int o = 0; o < outputs; ++o)
        for (int64_t l = 0; l < at.lanes; l += W)
          store<V>(at.state[hidden - 1] + h * at.width + (1 + o) * at.lanes + l, V{} + last[int64_t{o} * shape.fanIn(hidden) + h]);
    for (int i = hidden - 1; i >= 0; --i) {
      multiplySlopes(shape, i, at, at.state[i], at.adjoint[i]);
      if (i > 0) linearAdjoint(shape, i, weights, at, 1, outputs, at.adjoint[i], at.state[i - 1]);
    }
  }
  // to = sigma'(g_l) from, in the planes of derivatives.
  static void multiplySlopes(const MlpShape& shape, int layer, const Layout& at, const Real* from, Real* to) {
    eachUnit(shape, layer, at, 1, [&](int h, int64_t l, const V* c) {
      for (int o = 1; o <= shape.outputs; ++o) {
        const int64_t k = h * at.width + o * at.lanes + l;
        store<V>(to + k, load<V>(from + k) * c[1]);
      }
    });
  }

  template <class F>
  static void eachGroup(const MlpCall<Real>& call, int64_t begin, int64_t end, F f) {
    const int64_t group = Weights::groupLanes(planes(*call.shape));
    for (int64_t n = begin; n < end; n += group) {
      Real* state = call.state ? call.state + (n - begin) * stateSize(*call.shape) : nullptr;
      f(layout(call, end - n < group ? end - n : group, state), n);
    }
  }

  static void forward(const MlpCall<Real>& call, int64_t begin, int64_t end) {
    const MlpShape& shape = *call.shape;
    const int planes = call.jets->count;
    const Weights weights = Weights::pack(shape, call.weights, true, call.scratch);
    eachGroup(call, begin, end, [&](const Layout& at, int64_t n) {
      sweep(call, weights, at, n, at.work1);
      linearAdjoint(shape, 0, weights, at, 1, shape.outputs, at.adjoint[0], at.work0);
      for (int o = 0; o < shape.outputs; ++o)
        for (int64_t l = 0; l < at.lanes; l += W) {
          Real* to = call.out + int64_t{o} * planes * call.planeStride + n + l;
          store<V>(to, load<V>(at.work1 + o * at.width + l));
          for (int p = 1; p < planes; ++p) {
            V sum = V{};
            for (int c = 0; c < shape.inputs; ++c)
              sum += load<V>(at.work0 + c * at.width + (1 + o) * at.lanes + l) * load<V>(inputPlane(call, c, p, n) + l);
            store<V>(to + p * call.planeStride, sum);
          }
        }
    });
  }

  static void adjoint(const MlpCall<Real>& call, int64_t begin, int64_t end) {
    const MlpShape& shape = *call.shape;
    const int planes = call.jets->count, hidden = hiddenLayers(shape), outputs = shape.outputs;
    const Weights weights = Weights::pack(shape, call.weights, true, call.scratch);
    eachGroup(call, begin, end, [&](const Layout& at, int64_t n) {
      if (call.state)
        for (int i = 0; i < hidden; ++i) multiplySlopes(shape, i, at, at.state[i], at.adjoint[i]);
      else sweep(call, weights, at, n, at.work1);
      const auto given = [&](int o, int p) { return call.outAdjoint + (int64_t{o} * planes + p) * call.planeStride + n; };
      if (call.inAdjoint) inputAdjoints(call, weights, at, n);
      // Forward through the derivatives: r*_0 from the jets' adjoints, then q*, r* and the second part of g*.
      for (int c = 0; c < shape.inputs; ++c)
        for (int64_t l = 0; l < at.lanes; l += W) {
          Real* to = at.value[0] + c * at.width + l;
          store<V>(to, load<V>(inputPlane(call, c, 0, n) + l));
          for (int o = 0; o < outputs; ++o) {
            V sum = V{};
            for (int p = 1; p < planes; ++p) sum += load<V>(given(o, p) + l) * load<V>(inputPlane(call, c, p, n) + l);
            store<V>(to + (1 + o) * at.lanes, sum);
          }
        }
      for (int i = 0; i < hidden; ++i) {
        linear(shape, i, weights, at, 1, outputs, at.value[i], at.work0, false);
        eachUnit(shape, i, at, 2, [&](int h, int64_t l, const V* c) {
          V bend = V{};
          for (int o = 1; o <= outputs; ++o) {
            const int64_t k = h * at.width + o * at.lanes + l;
            const V q = load<V>(at.work0 + k);
            bend += load<V>(at.state[i] + k) * q;
            store<V>(at.value[i + 1] + k, c[1] * q);
          }
          store<V>(at.adjoint[i] + h * at.width + l, bend * c[2] * Real(2));
          store<V>(at.value[i + 1] + h * at.width + l, c[0]);
        });
      }
      // Back through the values. The last layer's derivatives are its weights themselves.
      Real* last = at.adjoint[hidden];
      for (int o = 0; o < outputs; ++o)
        for (int64_t l = 0; l < at.lanes; l += W) {
          store<V>(last + o * at.width + l, load<V>(given(o, 0) + l));
          for (int other = 0; other < outputs; ++other)
            store<V>(last + o * at.width + (1 + other) * at.lanes + l, V{} + Real(o == other));
        }
      for (int i = hidden; i >= 0; --i) {
        Weights::gradient(shape, i, at.width, at.lanes, at.value[i], at.adjoint[i], call.weightAdjoints + shape.offset(i), at.gradient);
        if (i == 0) break;
        linearAdjoint(shape, i, weights, at, 0, 1, at.adjoint[i], at.work0);
        eachUnit(shape, i - 1, at, 1, [&](int h, int64_t l, const V* c) {
          Real* to = at.adjoint[i - 1] + h * at.width + l;
          store<V>(to, load<V>(to) + c[1] * load<V>(at.work0 + h * at.width + l));
        });
      }
      if (!call.inAdjoint) return;
      linearAdjoint(shape, 0, weights, at, 0, 1, at.adjoint[0], at.work0);
      for (int c = 0; c < shape.inputs; ++c)
        for (int64_t l = 0; l < at.lanes; l += W)
          store<V>(call.inAdjoint + int64_t{c} * planes * call.planeStride + n + l, load<V>(at.work0 + c * at.width + l));
    });
  }

  // Those of the inputs' derivatives: sum over outputs of jet adjoint times r_0.
  static void inputAdjoints(const MlpCall<Real>& call, const Weights& weights, const Layout& at, int64_t n) {
    const MlpShape& shape = *call.shape;
    const int planes = call.jets->count;
    linearAdjoint(shape, 0, weights, at, 1, shape.outputs, at.adjoint[0], at.work0);
    for (int c = 0; c < shape.inputs; ++c)
      for (int p = 1; p < planes; ++p)
        for (int64_t l = 0; l < at.lanes; l += W) {
          V sum = V{};
          for (int o = 0; o < shape.outputs; ++o)
            sum += load<V>(call.outAdjoint + (int64_t{o} * planes + p) * call.planeStride + n + l) *
                   load<V>(at.work0 + c * at.width + (1 + o) * at.lanes + l);
          store<V>(call.inAdjoint + (int64_t{c} * planes + p) * call.planeStride + n + l, sum);
        }
  }
};

DINF_MATH_END
