// The weights of an MLP as its kernels read them, and how their gradients are summed.
#pragma once
#include "cpu/isa/product.h"
#include "cpu/kernels.h"

DINF_MATH_BEGIN

constexpr int kMostLayers = 18;

template <class Real>
struct MlpWeights {
  using P = Product<Real>;

  // In panels, for the layers and for their adjoints.
  typename P::Matrix forward[kMostLayers], adjoint[kMostLayers];
  const Real* bias[kMostLayers];

  static int64_t packedSize(const MlpShape& shape) {
    int64_t forward = 0, adjoint = 0;
    for (int i = 0; i < shape.layers(); ++i) {
      forward += P::packedSize(shape.fanOut(i), shape.fanIn(i));
      adjoint += P::packedSize(shape.fanIn(i), shape.fanOut(i));
    }
    return 2 * (forward > adjoint ? forward : adjoint);  // two sets: weights and their tangents, or forward and adjoint
  }
  static MlpWeights pack(const MlpShape& shape, const Real* weights, bool adjoint, Real* to) {
    MlpWeights packed;
    for (int i = 0; i < shape.layers(); ++i) {
      const int fanIn = shape.fanIn(i), fanOut = shape.fanOut(i);
      const Real* from = weights + shape.offset(i);
      packed.bias[i] = from + int64_t{fanIn} * fanOut;
      packed.forward[i] = P::pack(from, fanIn, 1, fanOut, fanIn, to);
      to += P::packedSize(fanOut, fanIn);
      if (!adjoint) continue;
      packed.adjoint[i] = P::pack(from, 1, fanIn, fanIn, fanOut, to);
      to += P::packedSize(fanIn, fanOut);
    }
    return packed;
  }


  // weight[h][c] += sum_v outAdjoint[h][v] in[c][v], v < width, and the bias's from v < lanes: a group's sum in Real, sums of groups
  // in double. `scratch` holds roundUp(fanIn) * (width + fanOut) values.
  static void gradient(const MlpShape& shape, int layer, int64_t width, int64_t lanes, const Real* in, const Real* outAdjoint,
                       double* weight, Real* scratch) {
    const int fanIn = shape.fanIn(layer), fanOut = shape.fanOut(layer);
    const int64_t stride = P::roundUp(fanIn);
    Real* product = scratch + stride * width;
    P::transposed(in, fanIn, width, scratch);
    P::run({P::plain(outAdjoint, width), fanOut, static_cast<int>(width), stride, scratch, stride, product, stride});
    for (int h = 0; h < fanOut; ++h) {
      const Real* from = product + h * stride;
      double* to = weight + int64_t{h} * fanIn;
      for (int c = 0; c < fanIn; ++c) to[c] += static_cast<double>(from[c]);
    }
    for (int h = 0; h < fanOut; ++h) {
      double total = 0;
      for (int64_t k = 0; k < lanes; ++k) total += static_cast<double>(outAdjoint[h * width + k]);
      weight[int64_t{fanIn} * fanOut + h] += total;
    }
  }
  // Scratch of `gradient` for the largest layer.
  static int64_t gradientScratch(const MlpShape& shape, int64_t width) {
    int64_t most = 0;
    for (int i = 0; i < shape.layers(); ++i) {
      const int64_t size = P::roundUp(shape.fanIn(i)) * (width + shape.fanOut(i));
      most = size > most ? size : most;
    }
    return most;
  }
  // Units of the widest of input, hidden layers and output.
  static int widest(const MlpShape& shape) {
    int most = shape.outputs;
    for (int i = 0; i < shape.layers(); ++i) most = shape.fanIn(i) > most ? shape.fanIn(i) : most;
    return most;
  }

  // Samples that go through the layers together: rows of planes x lanes long enough for the products, small enough for the caches
  // (and for 35 planes of a wide network). Whole lane groups, powers of two, so that rows are whole blocks where possible.
  static int64_t groupLanes(int planes) {
    int64_t lanes = kLanes;
    while (2 * lanes * planes <= 512 && lanes < 256) lanes *= 2;
    return lanes;
  }
};

DINF_MATH_END
