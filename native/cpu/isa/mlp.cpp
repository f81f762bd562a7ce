// An MLP on jets: linear layers act on every Taylor coefficient alike, an activation composes (docs/design.md, "Jets").
// A group of samples at a time goes through all layers; the adjoint recomputes its activations instead of storing them for every
// sample, so that scratch memory does not grow with the samples.
//
// Budget a sample: planes x weights multiply-adds forward; the adjoint recomputes that, and adds as many for its inputs and as
// many for the weights: with the forward pass before it four in all. Weights are packed once a call, for hundreds of samples.
// First derivatives of fewer outputs than axes take another way, mlp_gradient.h.
#include "cpu/isa/mlp_gradient.h"
#include "cpu/isa/table.h"

DINF_MATH_BEGIN

namespace {

template <class Real>
struct Mlp {
  using V = typename Simd<Real>::V;
  using P = Product<Real>;
  static constexpr int W = Simd<Real>::W;
  using Weights = MlpWeights<Real>;

  // out = sum_k c_k (g - g_0)^k in the truncated algebra, Horner. Planes are kLanes apart; one vector of lanes at a time.
  static DINF_INLINE void compose(const MlpCall<Real>& call, int order, const V* c, const V* g, V* out) {
    const int planes = call.jets->count;
    if (order <= 1) {
      out[0] = c[0];
      for (int p = 1; p < planes; ++p) out[p] = c[1] * g[p];
      return;
    }
    for (int p = 0; p < planes; ++p) out[p] = V{};
    out[0] = c[order];
    for (int k = order - 1; k >= 0; --k) {
      V next[kMaxPlanes];
      for (int p = 0; p < planes; ++p) next[p] = V{};
      for (int t = 0; t < call.product->count; ++t) {
        const auto& triple = call.product->triples[t];
        if (triple.right != 0) next[triple.out] += out[triple.left] * g[triple.right];  // right 0 is g_0: taken off
      }
      for (int p = 0; p < planes; ++p) out[p] = next[p];
      out[0] += c[k];
    }
  }

  // Activation of every unit of a layer; slopes (the jets of sigma'(g)) are kept for adjoint and tangent when asked for.
  static void activate(const MlpCall<Real>& call, int layer, int64_t lanes, Real* values, Real* slopes) {
    const int planes = call.jets->count, order = call.jets->maxOrder(), units = call.shape->fanOut(layer);
    const LayerActivation activation = call.shape->activations[layer];
    if (activation.kind == Activation::identity) return;
    for (int h = 0; h < units; ++h)
      for (int64_t l = 0; l < lanes; l += W) {
        V g[kMaxPlanes], out[kMaxPlanes], c[kMaxOrder + 2];
        Real* at = values + (int64_t{h} * planes) * lanes + l;
        for (int p = 0; p < planes; ++p) g[p] = load<V>(at + p * lanes);
        activationSeries(activation, g[0], slopes ? order + 1 : order, c);
        compose(call, order, c, g, out);
        for (int p = 0; p < planes; ++p) store<V>(at + p * lanes, out[p]);
        if (!slopes) continue;
        V s[kMaxOrder + 1];
        for (int k = 0; k <= order; ++k) s[k] = c[k + 1] * Real(k + 1);
        compose(call, order, s, g, out);
        Real* to = slopes + (int64_t{h} * planes) * lanes + l;
        for (int p = 0; p < planes; ++p) store<V>(to + p * lanes, out[p]);
      }
  }
  // delta h = sigma'(g) delta g: a jet product in place; its adjoint is the correlation.
  static void slopeProduct(const MlpCall<Real>& call, int layer, int64_t lanes, const Real* slopes, Real* values, bool transposed) {
    const int planes = call.jets->count, units = call.shape->fanOut(layer);
    if (call.shape->activations[layer].kind == Activation::identity) return;
    for (int h = 0; h < units; ++h)
      for (int64_t l = 0; l < lanes; l += W) {
        V s[kMaxPlanes], x[kMaxPlanes], out[kMaxPlanes];
        const int64_t at = (int64_t{h} * planes) * lanes + l;
        for (int p = 0; p < planes; ++p) {
          s[p] = load<V>(slopes + at + p * lanes);
          x[p] = load<V>(values + at + p * lanes);
          out[p] = V{};
        }
        for (int t = 0; t < call.product->count; ++t) {
          const auto& triple = call.product->triples[t];
          if (transposed) out[triple.right] += x[triple.out] * s[triple.left];
          else out[triple.out] += x[triple.right] * s[triple.left];
        }
        for (int p = 0; p < planes; ++p) store<V>(values + at + p * lanes, out[p]);
      }
  }

  static void gather(const MlpCall<Real>& call, int64_t lanes, int channels, const Real* from, int64_t at, Real* to) {
    const int planes = call.jets->count;
    for (int c = 0; c < channels * planes; ++c)
      for (int64_t l = 0; l < lanes; l += W) store<V>(to + c * lanes + l, load<V>(from + c * call.planeStride + at + l));
  }
  static void scatter(const MlpCall<Real>& call, int64_t lanes, int channels, const Real* from, int64_t at, Real* to) {
    const int planes = call.jets->count;
    for (int c = 0; c < channels * planes; ++c)
      for (int64_t l = 0; l < lanes; l += W) store<V>(to + c * call.planeStride + at + l, load<V>(from + c * lanes + l));
  }

  // Where each layer's input and slopes, working layers and the weights' gradient lie in the scratch.
  struct Layout {
    int64_t lanes, width;
    Real *value[kMostLayers], *slope[kMostLayers];
    Real *work0, *work1, *gradient;
  };
  static Layout layout(const MlpShape& shape, const JetSet& jets, int64_t lanes, Real* scratch) {
    Layout at;
    at.lanes = lanes;
    at.width = jets.count * lanes;
    const int widest = Weights::widest(shape);
    for (int i = 0; i < shape.layers(); ++i) {
      at.value[i] = scratch;  // input of layer i
      scratch += shape.fanIn(i) * at.width;
      at.slope[i] = scratch;
      scratch += shape.fanOut(i) * at.width;
    }
    at.work0 = scratch;
    at.work1 = at.work0 + widest * at.width;
    at.gradient = at.work1 + widest * at.width;
    return at;
  }
  static int64_t size(const MlpShape& shape, const JetSet& jets) {
    int64_t units = 2 * Weights::widest(shape);
    for (int i = 0; i < shape.layers(); ++i) units += shape.fanIn(i) + shape.fanOut(i);
    const int64_t width = jets.count * Weights::groupLanes(jets.count);
    return Weights::packedSize(shape) + units * width + Weights::gradientScratch(shape, width);
  }

  // out[h][v] (+)= bias (plane 0) + sum_c weight[h][c] in[c][v], v over planes x lanes.
  static void linear(const MlpShape& shape, int layer, const Weights& weights, const Layout& at, const Real* in, Real* out, bool bias,
                     bool add) {
    typename P::Call call{weights.forward[layer], shape.fanOut(layer), shape.fanIn(layer), at.width, in, at.width, out, at.width};
    call.bias = bias ? weights.bias[layer] : nullptr;
    call.lanes = at.lanes;
    call.add = add;
    P::run(call);
  }

  // Leaves each layer's input and slopes where adjoint and tangent look for them.
  static void forwardLayers(const MlpCall<Real>& call, const Weights& weights, const Layout& at) {
    const MlpShape& shape = *call.shape;
    for (int i = 0; i + 1 < shape.layers(); ++i) {
      linear(shape, i, weights, at, at.value[i], at.value[i + 1], true, false);
      activate(call, i, at.lanes, at.value[i + 1], at.slope[i]);
    }
  }

  // Calls f(layout, first sample) for each group of samples; the last one is narrower.
  template <class F>
  static void eachGroup(const MlpCall<Real>& call, int64_t begin, int64_t end, F f) {
    const int64_t group = Weights::groupLanes(call.jets->count);
    for (int64_t n = begin; n < end; n += group)
      f(layout(*call.shape, *call.jets, end - n < group ? end - n : group, call.scratch + Weights::packedSize(*call.shape)), n);
  }

  static void forward(const MlpCall<Real>& call, int64_t begin, int64_t end) {
    const MlpShape& shape = *call.shape;
    const Weights weights = Weights::pack(shape, call.weights, false, call.scratch);
    eachGroup(call, begin, end, [&](const Layout& at, int64_t n) {
      Real *x = at.work0, *y = at.work1;  // two working layers stay in the cache, all layers would not
      gather(call, at.lanes, shape.inputs, call.in, n, x);
      for (int i = 0; i < shape.layers(); ++i) {
        linear(shape, i, weights, at, x, y, true, false);
        if (i + 1 < shape.layers()) activate(call, i, at.lanes, y, nullptr);
        Real* swap = x;
        x = y;
        y = swap;
      }
      scatter(call, at.lanes, shape.outputs, x, n, call.out);
    });
  }

  static void tangent(const MlpCall<Real>& call, int64_t begin, int64_t end) {
    const MlpShape& shape = *call.shape;
    // Only the forward panels are needed, of the weights and of their tangents, in the second half.
    const Weights weights = Weights::pack(shape, call.weights, false, call.scratch);
    const Weights tangents = Weights::pack(shape, call.weightTangents, false, call.scratch + Weights::packedSize(shape) / 2);
    eachGroup(call, begin, end, [&](const Layout& at, int64_t n) {
      gather(call, at.lanes, shape.inputs, call.in, n, at.value[0]);
      forwardLayers(call, weights, at);
      Real *x = at.work0, *y = at.work1;
      for (int i = 0; i < shape.layers(); ++i) {
        // The weights' own tangents act on the layer's input; coordinates have no tangent of their own.
        linear(shape, i, tangents, at, at.value[i], y, true, false);
        if (i == 0 && call.inTangent) gather(call, at.lanes, shape.inputs, call.inTangent, n, x);
        if (i > 0 || call.inTangent) linear(shape, i, weights, at, x, y, false, true);
        if (i + 1 < shape.layers()) slopeProduct(call, i, at.lanes, at.slope[i], y, false);
        Real* swap = x;
        x = y;
        y = swap;
      }
      scatter(call, at.lanes, shape.outputs, x, n, call.out);
    });
  }

  static void adjoint(const MlpCall<Real>& call, int64_t begin, int64_t end) {
    const MlpShape& shape = *call.shape;
    const Weights weights = Weights::pack(shape, call.weights, true, call.scratch);
    eachGroup(call, begin, end, [&](const Layout& at, int64_t n) {
      gather(call, at.lanes, shape.inputs, call.in, n, at.value[0]);
      forwardLayers(call, weights, at);
      Real *x = at.work0, *y = at.work1;
      gather(call, at.lanes, shape.outputs, call.outAdjoint, n, x);
      for (int i = shape.layers() - 1; i >= 0; --i) {
        if (i + 1 < shape.layers()) slopeProduct(call, i, at.lanes, at.slope[i], x, true);
        Weights::gradient(shape, i, at.width, at.lanes, at.value[i], x, call.weightAdjoints + shape.offset(i), at.gradient);
        if (i == 0 && !call.inAdjoint) return;
        P::run({weights.adjoint[i], shape.fanIn(i), shape.fanOut(i), at.width, x, at.width, y, at.width});
        Real* swap = x;
        x = y;
        y = swap;
      }
      scatter(call, at.lanes, shape.inputs, x, n, call.inAdjoint);
    });
  }
};

}  // namespace

template <class Real>
void mlpForward(const MlpCall<Real>& call, int64_t begin, int64_t end) {
  if (MlpGradient<Real>::applies(*call.shape, *call.jets)) MlpGradient<Real>::forward(call, begin, end);
  else Mlp<Real>::forward(call, begin, end);
}
template <class Real>
void mlpForwardTangent(const MlpCall<Real>& call, int64_t begin, int64_t end) {
  Mlp<Real>::tangent(call, begin, end);
}
template <class Real>
void mlpAdjoint(const MlpCall<Real>& call, int64_t begin, int64_t end) {
  if (MlpGradient<Real>::applies(*call.shape, *call.jets)) MlpGradient<Real>::adjoint(call, begin, end);
  else Mlp<Real>::adjoint(call, begin, end);
}
template <class Real>
int64_t mlpScratchSize(const MlpShape& shape, const JetSet& jets) {
  const int64_t jetSize = Mlp<Real>::size(shape, jets);  // tangents go through jets in any case
  const int64_t gradientSize = MlpGradient<Real>::applies(shape, jets) ? MlpGradient<Real>::size(shape) : 0;
  return jetSize > gradientSize ? jetSize : gradientSize;
}
template <class Real>
int64_t mlpStateSize(const MlpShape& shape, const JetSet& jets) {
  return MlpGradient<Real>::applies(shape, jets) ? MlpGradient<Real>::stateSize(shape) : 0;
}

DINF_INSTANTIATE(mlpForward)
DINF_INSTANTIATE(mlpForwardTangent)
DINF_INSTANTIATE(mlpAdjoint)
DINF_INSTANTIATE(mlpScratchSize)
DINF_INSTANTIATE(mlpStateSize)

DINF_MATH_END
