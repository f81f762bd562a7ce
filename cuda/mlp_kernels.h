// The kernels that mlp.cu puts networks together from. A matrix of jets is [unit][plane][sample]: planes are `stride` values
// apart, units planes * stride.
#pragma once
#include "core/backend.h"
#include "cuda/context.h"

namespace dinf::cuda {

constexpr int kMlpThreads = 256;

template <class Real>
struct Jets {
  Real* data = nullptr;
  int64_t stride = 0;
};

// --- mlp_linear.cu
// out[u] = bias[u] (plane 0) + sum over k of weight[u][k] in[k], and the same of a second pair where there is one.
template <class Real>
struct LinearCall {
  int units = 0, depth = 0, planes = 0;
  int64_t samples = 0;
  bool transposed = false;  // weights are (depth, units) row-major, else (units, depth)
  const Real* weights = nullptr;
  Jets<const Real> in;
  const Real* secondWeights = nullptr;  // null: no second pair
  Jets<const Real> secondIn;
  const Real* bias = nullptr;  // null: none
  Jets<Real> out;
};
template <class Real>
void linear(Context&, const LinearCall<Real>&);
// --- mlp_linear_tensor.cu. The same on tensor cores; false, and nothing done, where that does not pay.
bool linearOnTensorCores(Context&, const LinearCall<float>&);

// --- mlp_activation.cu
enum class ActivationPass { forward, tangent, adjoint };
template <class Real>
struct ActivationCall {
  int units = 0;
  int64_t samples = 0;
  LayerActivation activation;
  Jets<const Real> before;  // g, what the linear layer left
  Jets<Real> after;         // sigma(g); may be `before`
  Jets<Real> other;         // in place. Tangent: of g, then of sigma(g). Adjoint: of sigma(g), then of g
};
template <class Real>
void activate(Context&, ActivationPass, const JetSet&, const ActivationCall<Real>&);

// --- mlp_weights.cu
// sums[part][u][k] += sum over planes and samples of outAdjoint[u] in[k], then the bias's of plane 0 alone, [part][units * depth
// + u]. At most kMlpParts parts, of which each gets the same samples whenever units, depth and samples are the same.
template <class Real>
struct WeightAdjointCall {
  int units = 0, depth = 0, planes = 0;
  int64_t samples = 0;
  Jets<const Real> outAdjoint, in;
  double* sums = nullptr;
  int64_t partStride = 0;
};
template <class Real>
void weightAdjoint(Context&, const WeightAdjointCall<Real>&);
// --- mlp_weights_tensor.cu. The same on tensor cores; false, and nothing done, where that does not pay.
bool weightAdjointOnTensorCores(Context&, const WeightAdjointCall<float>&);

// Four neighbours in one or two 16-byte accesses.
template <class Real>
struct alignas(16) Quad {
  Real v[4];
};

}  // namespace dinf::cuda
