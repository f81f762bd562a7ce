// Activations of jets: composition with the series of sigma at g_0, and the product with the jet of sigma'(g), or its adjoint
// (docs/design.md, "Jets"). A thread takes one unit of one sample.
#include <algorithm>
#include "cuda/mlp_kernels.h"
#include "cuda/ops.h"

namespace dinf::cuda {
namespace {

// ---- orders up to 2: a jet is a value, first and second derivatives, all in registers

constexpr int kFirsts = kMaxDims, kSeconds = 6;

template <class Real>
struct LowArguments {
  ActivationCall<Real> call;
  int64_t blocks;  // a unit
  int planes, firsts, seconds;
  int firstPlane[kFirsts];
  // g_second = the coefficient of d_a d_b; a, b number the first derivatives.
  int secondPlane[kSeconds], a[kSeconds], b[kSeconds];
};

template <class Real>
__device__ __forceinline__ Real pick(const Real* values, int index) {
  return index == 0 ? values[0] : index == 1 ? values[1] : values[2];
}

// Budget a unit and sample, p planes, float: 8 p bytes forward, 16 p tangent and adjoint; about 12 p (forward) to 25 p
// instructions and those of the function, 15 (sine) to 30 (GELU): bound by L2.
template <class Real, ActivationPass Pass>
__global__ void __launch_bounds__(kMlpThreads) activateLowKernel(const __grid_constant__ LowArguments<Real> arguments) {
  const ActivationCall<Real>& call = arguments.call;
  const int64_t unit = blockIdx.x / arguments.blocks;
  const int64_t sample = (blockIdx.x - unit * arguments.blocks) * kMlpThreads + threadIdx.x;
  if (sample >= call.samples) return;
  const int64_t row = unit * arguments.planes;
  const Real* const before = call.before.data + row * call.before.stride + sample;
  Real* const after = call.after.data + row * call.after.stride + sample;
  [[maybe_unused]] Real* const other = call.other.data + row * call.other.stride + sample;
  constexpr bool withSlopes = Pass != ActivationPass::forward;

  // Everything is read before anything is written: the buffers may be one.
  const Real g0 = before[0];
  Real g1[kFirsts], g2[kSeconds];
  [[maybe_unused]] Real x0 = Real(0), x1[kFirsts], x2[kSeconds];
  if constexpr (withSlopes) x0 = other[0];
#pragma unroll
  for (int i = 0; i < kFirsts; ++i) {
    g1[i] = x1[i] = Real(0);
    if (i >= arguments.firsts) continue;
    g1[i] = before[arguments.firstPlane[i] * call.before.stride];
    if constexpr (withSlopes) x1[i] = other[arguments.firstPlane[i] * call.other.stride];
  }
#pragma unroll
  for (int i = 0; i < kSeconds; ++i) {
    g2[i] = x2[i] = Real(0);
    if (i >= arguments.seconds) continue;
    g2[i] = before[arguments.secondPlane[i] * call.before.stride];
    if constexpr (withSlopes) x2[i] = other[arguments.secondPlane[i] * call.other.stride];
  }

  Real c[kMaxOrder + 2];
  generic::activationSeries(call.activation, g0, withSlopes ? 3 : 2, c);
  [[maybe_unused]] const Real s0 = c[1];
  [[maybe_unused]] Real s1[kFirsts], z0, z1[kFirsts];
  after[0] = c[0];
#pragma unroll
  for (int i = 0; i < kFirsts; ++i) {
    if (i < arguments.firsts) after[arguments.firstPlane[i] * call.after.stride] = c[1] * g1[i];
    if constexpr (withSlopes) s1[i] = Real(2) * c[2] * g1[i];
  }
  if constexpr (withSlopes) {
    z0 = s0 * x0;
#pragma unroll
    for (int i = 0; i < kFirsts; ++i) {
      z1[i] = s0 * x1[i];
      if constexpr (Pass == ActivationPass::tangent) z1[i] += s1[i] * x0;
      else z0 += s1[i] * x1[i];
    }
  }
#pragma unroll
  for (int i = 0; i < kSeconds; ++i) {
    if (i >= arguments.seconds) continue;
    const int a = arguments.a[i], b = arguments.b[i];
    const Real weight = a == b ? Real(0.5) : Real(1);  // d_a d_b of a square counts both orders of two different axes
    const Real square = Real(2) * weight * pick(g1, a) * pick(g1, b);
    after[arguments.secondPlane[i] * call.after.stride] = c[1] * g2[i] + c[2] * square;
    if constexpr (withSlopes) {
      const Real s2 = Real(2) * c[2] * g2[i] + Real(3) * c[3] * square;
      const Real sa = weight * pick(s1, a), sb = weight * pick(s1, b);
      Real z2 = s0 * x2[i];
      if constexpr (Pass == ActivationPass::tangent) {
        z2 += s2 * x0 + (sa * pick(x1, b) + sb * pick(x1, a));
      } else {
        z0 += s2 * x2[i];
#pragma unroll
        for (int k = 0; k < kFirsts; ++k) z1[k] += (k == a ? sb * x2[i] : Real(0)) + (k == b ? sa * x2[i] : Real(0));
      }
      other[arguments.secondPlane[i] * call.other.stride] = z2;
    }
  }
  if constexpr (withSlopes) {
    other[0] = z0;
#pragma unroll
    for (int i = 0; i < kFirsts; ++i)
      if (i < arguments.firsts) other[arguments.firstPlane[i] * call.other.stride] = z1[i];
  }
}

template <class Real>
LowArguments<Real> lowArguments(const JetSet& jets, const ActivationCall<Real>& call) {
  LowArguments<Real> arguments{};
  arguments.call = call;
  arguments.planes = jets.count;
  int number[kMaxDims] = {0, 0, 0};  // of an axis's first derivative
  for (int p = 0; p < jets.count; ++p)
    if (jets.index[p].order() == 1)
      for (int k = 0; k < kMaxDims; ++k)
        if (jets.index[p].a[k] == 1) {
          number[k] = arguments.firsts;
          arguments.firstPlane[arguments.firsts++] = p;
        }
  for (int p = 0; p < jets.count; ++p) {
    if (jets.index[p].order() != 2) continue;
    int axes[2], found = 0;
    for (int k = 0; k < kMaxDims; ++k)
      for (int times = 0; times < jets.index[p].a[k]; ++times) axes[found++] = number[k];
    arguments.a[arguments.seconds] = axes[0];
    arguments.b[arguments.seconds] = axes[1];
    arguments.secondPlane[arguments.seconds++] = p;
  }
  return arguments;
}

// ---- orders 3 and 4: jets as columns of shared memory, products by tables

constexpr int kHighThreads = 64;

// to[destination] = sum of left[l] * right[r] over its pairs, destinations in this order.
struct ProductTable {
  int destinations = 0;
  unsigned char destination[kMaxPlanes], count[kMaxPlanes];
  struct Pair {
    unsigned char left, right;
  } pair[210];

  // The triples that `take` says (destination, pair, whether at all), in the order `order` of destinations.
  template <class F>
  ProductTable(const JetProduct& product, const int* order, int planes, F take) {
    int pairs = 0;
    for (int i = 0; i < planes; ++i) {
      int found = 0;
      for (int t = 0; t < product.count; ++t) {
        int to;
        Pair next;
        if (!take(product.triples[t], to, next) || to != order[i]) continue;
        pair[pairs++] = next;
        ++found;
      }
      if (found == 0) continue;
      destination[destinations] = static_cast<unsigned char>(order[i]);
      count[destinations++] = static_cast<unsigned char>(found);
    }
  }
};

template <class Real>
struct HighArguments {
  ActivationCall<Real> call;
  int64_t blocks;  // a unit
  int planes;
  ProductTable powers;   // times g - g_0, highest orders first: in place
  ProductTable product;  // times the slope, or its adjoint
};

// out = sum over k of c_k (g - g_0)^k, Horner; columns are kHighThreads apart.
template <class Real, int Order>
__device__ __forceinline__ void compose(const ProductTable& powers, int planes, const Real* c, const Real* g, Real* out) {
  for (int p = 1; p < planes; ++p) out[p * kHighThreads] = c[Order] * g[p * kHighThreads];
  out[0] = c[Order - 1];
#pragma unroll
  for (int k = Order - 2; k >= 0; --k) {
    int at = 0;
    for (int i = 0; i < powers.destinations; ++i) {
      Real sum = Real(0);
      for (const int end = at + powers.count[i]; at < end; ++at)
        sum += out[powers.pair[at].left * kHighThreads] * g[powers.pair[at].right * kHighThreads];
      out[powers.destination[i] * kHighThreads] = sum;
    }
    out[0] = c[k];
  }
}

// Budget a unit and sample of order 3 in 3 variables (20 planes, 84 triples): 2 compositions of 64 x 2, one product of 84
// triples, 6 instructions each of which two read shared memory; 320 bytes. Bound by instructions. No stack: whatever is indexed
// at run time lies in shared memory or in the arguments.
template <class Real, ActivationPass Pass, int Order>
__global__ void __launch_bounds__(kHighThreads, 1) activateHighKernel(const __grid_constant__ HighArguments<Real> arguments) {
  const ActivationCall<Real>& call = arguments.call;
  const int64_t unit = blockIdx.x / arguments.blocks;
  const int64_t sample = (blockIdx.x - unit * arguments.blocks) * kHighThreads + threadIdx.x;
  if (sample >= call.samples) return;
  const int planes = arguments.planes;
  const int64_t row = unit * planes;
  Real* const g = blockShared<Real>() + threadIdx.x;  // columns of this thread alone
  Real* const out = g + planes * kHighThreads;
  const Real* const before = call.before.data + row * call.before.stride + sample;
  Real* const after = call.after.data + row * call.after.stride + sample;
  for (int p = 0; p < planes; ++p) g[p * kHighThreads] = before[p * call.before.stride];

  Real c[kMaxOrder + 2];
  generic::activationSeries(call.activation, g[0], Pass == ActivationPass::forward ? Order : Order + 1, c);
  compose<Real, Order>(arguments.powers, planes, c, g, out);
  for (int p = 0; p < planes; ++p) after[p * call.after.stride] = out[p * kHighThreads];
  if constexpr (Pass != ActivationPass::forward) {
    Real* const other = call.other.data + row * call.other.stride + sample;
#pragma unroll
    for (int k = 0; k <= Order; ++k) c[k] = Real(k + 1) * c[k + 1];
    compose<Real, Order>(arguments.powers, planes, c, g, out);
    for (int p = 0; p < planes; ++p) g[p * kHighThreads] = other[p * call.other.stride];
    const ProductTable& product = arguments.product;
    int at = 0;
    for (int i = 0; i < product.destinations; ++i) {
      Real sum = Real(0);
      for (const int end = at + product.count[i]; at < end; ++at)
        sum += out[product.pair[at].left * kHighThreads] * g[product.pair[at].right * kHighThreads];
      other[product.destination[i] * call.other.stride] = sum;
    }
  }
}

template <class Real>
HighArguments<Real> highArguments(ActivationPass pass, const JetSet& jets, const ActivationCall<Real>& call) {
  using Triple = JetProduct::Triple;
  using Pair = ProductTable::Pair;
  const JetProduct product(jets);
  int order[kMaxPlanes];
  for (int p = 0; p < jets.count; ++p) order[p] = p;
  std::stable_sort(order, order + jets.count, [&](int a, int b) { return jets.index[a].order() > jets.index[b].order(); });
  const ProductTable powers(product, order, jets.count, [](const Triple& t, int& to, Pair& pair) {
    to = t.out;
    pair = {t.left, t.right};
    return t.right != 0;  // g_0 is taken off
  });
  const ProductTable slope(product, order, jets.count, [&](const Triple& t, int& to, Pair& pair) {
    const bool adjoint = pass == ActivationPass::adjoint;
    to = adjoint ? t.right : t.out;
    pair = {t.left, adjoint ? t.out : t.right};
    return true;
  });
  return {call, 0, jets.count, powers, slope};
}

template <class Real, ActivationPass Pass>
void activatePass(Context& context, const JetSet& jets, const ActivationCall<Real>& call) {
  const auto blocks = [&](int threads) { return (call.samples + threads - 1) / threads; };
  const int order = jets.maxOrder();
  if (order <= 2) {
    LowArguments<Real> arguments = lowArguments(jets, call);
    arguments.blocks = blocks(kMlpThreads);
    launch(activateLowKernel<Real, Pass>, dim3(static_cast<unsigned>(call.units * arguments.blocks)), dim3(kMlpThreads), 0,
           context.stream(), arguments);
    return;
  }
  HighArguments<Real> arguments = highArguments(Pass, jets, call);
  arguments.blocks = blocks(kHighThreads);
  launch(order == 3 ? activateHighKernel<Real, Pass, 3> : activateHighKernel<Real, Pass, 4>,
         dim3(static_cast<unsigned>(call.units * arguments.blocks)), dim3(kHighThreads),
         size_t{2} * jets.count * kHighThreads * sizeof(Real), context.stream(), arguments);
}

}  // namespace

template <class Real>
void activate(Context& context, ActivationPass pass, const JetSet& jets, const ActivationCall<Real>& call) {
  switch (pass) {
    case ActivationPass::forward:
      activatePass<Real, ActivationPass::forward>(context, jets, call);
      break;
    case ActivationPass::tangent:
      activatePass<Real, ActivationPass::tangent>(context, jets, call);
      break;
    case ActivationPass::adjoint:
      activatePass<Real, ActivationPass::adjoint>(context, jets, call);
      break;
  }
}

template void activate(Context&, ActivationPass, const JetSet&, const ActivationCall<float>&);
template void activate(Context&, ActivationPass, const JetSet&, const ActivationCall<double>&);

}  // namespace dinf::cuda
