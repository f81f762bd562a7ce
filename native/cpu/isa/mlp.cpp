// An MLP on jets: linear layers act on every Taylor coefficient alike, an activation composes (design 2, "Jets").
// A group of up to kGroup samples at a time goes through all layers; the adjoint recomputes its activations instead of storing
// them for every sample.
//
// Budget a sample: planes x (weights) multiply-adds forward, three times that with the adjoint. The products are register-blocked:
// kRows units x kColumns vectors of accumulators, one broadcast a row and one load a column for kRows x kColumns multiply-adds.
#include "cpu/isa/simd.h"
#include "cpu/isa/table.h"

DINF_MATH_BEGIN

namespace {

// Samples that go through the layers together: enough for long sums over them, few enough for the caches.
constexpr int64_t kGroup = 8 * kLanes;

template <class Real>
struct Mlp {
  using V = typename Simd<Real>::V;
  static constexpr int W = Simd<Real>::W;

  // Taylor coefficients c_0..c_K of tanh at g: y' = 1 - y^2 gives (k + 1) c_{k+1} = [k = 0] - sum c_i c_{k-i}.
  static void tanhSeries(V g, int order, V* c) {
    c[0] = vectorTanh<V>(g);
    for (int k = 0; k < order; ++k) {
      V sum = V{};
      for (int i = 0; i <= k; ++i) sum += c[i] * c[k - i];
      c[k + 1] = ((k == 0 ? V{} + Real(1) : V{}) - sum) / Real(k + 1);
    }
  }

  // out = sum_k c_k (g - g_0)^k in the truncated algebra, Horner. Planes are kLanes apart; one vector of lanes at a time.
  static void compose(const MlpCall<Real>& call, const V* c, const V* g, V* out) {
    const int planes = call.jets->count, order = call.jets->maxOrder();
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

  static constexpr int kRows = DINF_VECTOR_BYTES == 64 ? 6 : 4, kColumns = DINF_VECTOR_BYTES == 64 ? 4 : 2;

  // out[i][v] = start_i(v) + sum_k a[i * rowStride + k * columnStride] x[k][v] for H rows and C vectors from (row, v) on.
  template <int H, int C>
  static DINF_INLINE void block(const Real* a, int64_t rowStride, int64_t columnStride, int depth, int64_t width, const Real* x, Real* out,
                                const Real* bias, int64_t lanes, int row, int64_t v) {
    V sum[H][C];
#pragma GCC unroll 8
    for (int i = 0; i < H; ++i)
#pragma GCC unroll 8
      for (int c = 0; c < C; ++c) sum[i][c] = bias && v + c * W < lanes ? V{} + bias[row + i] : V{};
    const Real* factor = a + row * rowStride;
    for (int k = 0; k < depth; ++k) {
      V value[C];
#pragma GCC unroll 8
      for (int c = 0; c < C; ++c) value[c] = load<V>(x + k * width + v + c * W);
#pragma GCC unroll 8
      for (int i = 0; i < H; ++i)
#pragma GCC unroll 8
        for (int c = 0; c < C; ++c) sum[i][c] += value[c] * factor[i * rowStride + k * columnStride];
    }
#pragma GCC unroll 8
    for (int i = 0; i < H; ++i)
#pragma GCC unroll 8
      for (int c = 0; c < C; ++c) store<V>(out + (row + i) * width + v + c * W, sum[i][c]);
  }

  static void product(const Real* a, int64_t rowStride, int64_t columnStride, int rows, int depth, int64_t width, const Real* x, Real* out,
                      const Real* bias, int64_t lanes) {
    int row = 0;
    for (; row + kRows <= rows; row += kRows) {
      int64_t v = 0;
      for (; v + kColumns * W <= width; v += kColumns * W)
        block<kRows, kColumns>(a, rowStride, columnStride, depth, width, x, out, bias, lanes, row, v);
      for (; v < width; v += W) block<kRows, 1>(a, rowStride, columnStride, depth, width, x, out, bias, lanes, row, v);
    }
    for (; row < rows; ++row) {
      int64_t v = 0;
      for (; v + kColumns * W <= width; v += kColumns * W)
        block<1, kColumns>(a, rowStride, columnStride, depth, width, x, out, bias, lanes, row, v);
      for (; v < width; v += W) block<1, 1>(a, rowStride, columnStride, depth, width, x, out, bias, lanes, row, v);
    }
  }

  // out[h][v] = bias (plane 0) + sum_c weight[h][c] in[c][v], v over planes x lanes.
  static void linear(const Real* weight, const Real* bias, int fanIn, int fanOut, int64_t width, int64_t lanes, const Real* in, Real* out) {
    product(weight, fanIn, 1, fanOut, fanIn, width, in, out, bias, lanes);
  }
  static void linearAdjoint(const Real* weight, int fanIn, int fanOut, int64_t width, const Real* outAdjoint, Real* inAdjoint) {
    product(weight, 1, fanIn, fanIn, fanOut, width, outAdjoint, inAdjoint, nullptr, 0);
  }

  // weight[h][c] += sum_v outAdjoint[h][v] in[c][v] for H x C pairs.
  template <int H, int C>
  static DINF_INLINE void pairs(int fanIn, int64_t width, const Real* in, const Real* outAdjoint, double* weight, int h, int c) {
    V sum[H][C];
#pragma GCC unroll 8
    for (int i = 0; i < H; ++i)
#pragma GCC unroll 8
      for (int j = 0; j < C; ++j) sum[i][j] = V{};
    for (int64_t v = 0; v < width; v += W) {
      V right[C];
#pragma GCC unroll 8
      for (int j = 0; j < C; ++j) right[j] = load<V>(in + (c + j) * width + v);
#pragma GCC unroll 8
      for (int i = 0; i < H; ++i) {
        const V left = load<V>(outAdjoint + (h + i) * width + v);
#pragma GCC unroll 8
        for (int j = 0; j < C; ++j) sum[i][j] += left * right[j];
      }
    }
    for (int i = 0; i < H; ++i)
      for (int j = 0; j < C; ++j) {
        Real total = 0;
#pragma GCC unroll 16
        for (int k = 0; k < W; ++k) total += sum[i][j][k];
        weight[int64_t{h + i} * fanIn + c + j] += static_cast<double>(total);
      }
  }
  static void weightAdjoint(int fanIn, int fanOut, int64_t width, int64_t lanes, const Real* in, const Real* outAdjoint, double* weight) {
    constexpr int kPair = DINF_VECTOR_BYTES == 64 ? 4 : 2;
    int h = 0;
    for (; h + kPair <= fanOut; h += kPair) {
      int c = 0;
      for (; c + kPair <= fanIn; c += kPair) pairs<kPair, kPair>(fanIn, width, in, outAdjoint, weight, h, c);
      for (; c < fanIn; ++c) pairs<kPair, 1>(fanIn, width, in, outAdjoint, weight, h, c);
    }
    for (; h < fanOut; ++h)
      for (int c = 0; c < fanIn; ++c) pairs<1, 1>(fanIn, width, in, outAdjoint, weight, h, c);
    for (h = 0; h < fanOut; ++h) {
      double total = 0;
      for (int64_t k = 0; k < lanes; ++k) total += static_cast<double>(outAdjoint[h * width + k]);
      weight[int64_t{fanIn} * fanOut + h] += total;
    }
  }

  // Activation of every unit of a layer; slopes (the jets of sigma'(g)) are kept for adjoint and tangent when asked for.
  static void activate(const MlpCall<Real>& call, int64_t lanes, int units, Real* values, Real* slopes) {
    const int planes = call.jets->count, order = call.jets->maxOrder();
    for (int h = 0; h < units; ++h)
      for (int64_t l = 0; l < lanes; l += W) {
        V g[kMaxPlanes], out[kMaxPlanes], c[kMaxOrder + 2];
        Real* at = values + (int64_t{h} * planes) * lanes + l;
        for (int p = 0; p < planes; ++p) g[p] = load<V>(at + p * lanes);
        tanhSeries(g[0], order + 1, c);
        compose(call, c, g, out);
        for (int p = 0; p < planes; ++p) store<V>(at + p * lanes, out[p]);
        if (!slopes) continue;
        V s[kMaxOrder + 1];
        for (int k = 0; k <= order; ++k) s[k] = c[k + 1] * Real(k + 1);
        compose(call, s, g, out);
        Real* to = slopes + (int64_t{h} * planes) * lanes + l;
        for (int p = 0; p < planes; ++p) store<V>(to + p * lanes, out[p]);
      }
  }
  // delta h = sigma'(g) delta g: a jet product in place; its adjoint is the correlation.
  static void slopeProduct(const MlpCall<Real>& call, int64_t lanes, int units, const Real* slopes, Real* values, bool transposed) {
    const int planes = call.jets->count;
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

  // Where each layer's activations, slopes and two working layers lie in the scratch.
  struct Layout {
    int64_t lanes, width;
    Real* value[18];
    Real* slope[18];
    Real *work0, *work1;
  };
  static Layout layout(const MlpShape& shape, const JetSet& jets, int64_t lanes, Real* scratch) {
    Layout at;
    at.lanes = lanes;
    at.width = jets.count * lanes;
    int widest = shape.inputs;
    for (int i = 0; i < shape.layers(); ++i) {
      at.value[i] = scratch;  // input of layer i
      scratch += shape.fanIn(i) * at.width;
      at.slope[i] = scratch;
      scratch += shape.fanOut(i) * at.width;
      widest = shape.fanOut(i) > widest ? shape.fanOut(i) : widest;
    }
    at.value[shape.layers()] = scratch;
    scratch += shape.outputs * at.width;
    at.work0 = scratch;
    at.work1 = scratch + widest * at.width;
    return at;
  }
  static int64_t size(const MlpShape& shape, const JetSet& jets) {
    int64_t units = shape.inputs + shape.outputs;
    int widest = shape.inputs;
    for (int i = 0; i < shape.layers(); ++i) {
      units += shape.fanIn(i) + shape.fanOut(i);
      widest = shape.fanOut(i) > widest ? shape.fanOut(i) : widest;
    }
    return (units + 2 * widest) * jets.count * kGroup;
  }

  static void forwardLayers(const MlpCall<Real>& call, const Layout& at, bool keepSlopes) {
    const MlpShape& shape = *call.shape;
    for (int i = 0; i < shape.layers(); ++i) {
      const Real* weight = call.weights + shape.offset(i);
      const int fanIn = shape.fanIn(i), fanOut = shape.fanOut(i);
      linear(weight, weight + int64_t{fanIn} * fanOut, fanIn, fanOut, at.width, at.lanes, at.value[i], at.value[i + 1]);
      if (i + 1 < shape.layers()) activate(call, at.lanes, fanOut, at.value[i + 1], keepSlopes ? at.slope[i] : nullptr);
    }
  }

  // Calls f(layout, first sample) for each group of samples; the last one is narrower.
  template <class F>
  static void eachGroup(const MlpCall<Real>& call, int64_t begin, int64_t end, F f) {
    for (int64_t n = begin; n < end; n += kGroup) {
      const Layout at = layout(*call.shape, *call.jets, end - n < kGroup ? end - n : kGroup, call.scratch);
      gather(call, at.lanes, call.shape->inputs, call.in, n, at.value[0]);
      f(at, n);
    }
  }

  static void forward(const MlpCall<Real>& call, int64_t begin, int64_t end) {
    eachGroup(call, begin, end, [&](const Layout& at, int64_t n) {
      forwardLayers(call, at, false);
      scatter(call, at.lanes, call.shape->outputs, at.value[call.shape->layers()], n, call.out);
    });
  }

  static void tangent(const MlpCall<Real>& call, int64_t begin, int64_t end) {
    const MlpShape& shape = *call.shape;
    eachGroup(call, begin, end, [&](const Layout& at, int64_t n) {
      forwardLayers(call, at, true);
      Real *x = at.work0, *y = at.work1;
      gather(call, at.lanes, shape.inputs, call.inTangent, n, x);
      for (int i = 0; i < shape.layers(); ++i) {
        const int fanIn = shape.fanIn(i), fanOut = shape.fanOut(i);
        const Real *weight = call.weights + shape.offset(i), *dw = call.weightTangents + shape.offset(i);
        linear(weight, nullptr, fanIn, fanOut, at.width, at.lanes, x, y);
        // The weights' own tangents act on the layer's input.
        for (int h = 0; h < fanOut; ++h)
          for (int64_t v = 0; v < at.width; v += W) {
            V sum = load<V>(y + h * at.width + v);
            if (v < at.lanes) sum += dw[int64_t{fanIn} * fanOut + h];
            for (int c = 0; c < fanIn; ++c) sum += load<V>(at.value[i] + c * at.width + v) * dw[int64_t{h} * fanIn + c];
            store<V>(y + h * at.width + v, sum);
          }
        if (i + 1 < shape.layers()) slopeProduct(call, at.lanes, fanOut, at.slope[i], y, false);
        Real* swap = x;
        x = y;
        y = swap;
      }
      scatter(call, at.lanes, shape.outputs, x, n, call.out);
    });
  }

  static void backward(const MlpCall<Real>& call, int64_t begin, int64_t end) {
    const MlpShape& shape = *call.shape;
    eachGroup(call, begin, end, [&](const Layout& at, int64_t n) {
      forwardLayers(call, at, true);
      Real *x = at.work0, *y = at.work1;
      gather(call, at.lanes, shape.outputs, call.outAdjoint, n, x);
      for (int i = shape.layers() - 1; i >= 0; --i) {
        const int fanIn = shape.fanIn(i), fanOut = shape.fanOut(i);
        if (i + 1 < shape.layers()) slopeProduct(call, at.lanes, fanOut, at.slope[i], x, true);
        weightAdjoint(fanIn, fanOut, at.width, at.lanes, at.value[i], x, call.weightAdjoints + shape.offset(i));
        linearAdjoint(call.weights + shape.offset(i), fanIn, fanOut, at.width, x, y);
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
  Mlp<Real>::forward(call, begin, end);
}
template <class Real>
void mlpForwardTangent(const MlpCall<Real>& call, int64_t begin, int64_t end) {
  Mlp<Real>::tangent(call, begin, end);
}
template <class Real>
void mlpBackward(const MlpCall<Real>& call, int64_t begin, int64_t end) {
  Mlp<Real>::backward(call, begin, end);
}
template <class Real>
int64_t mlpScratchSize(const MlpShape& shape, const JetSet& jets) {
  return Mlp<Real>::size(shape, jets);
}

DINF_INSTANTIATE(mlpForward)
DINF_INSTANTIATE(mlpForwardTangent)
DINF_INSTANTIATE(mlpBackward)
DINF_INSTANTIATE(mlpScratchSize)

DINF_MATH_END
