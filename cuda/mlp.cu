// Multi-layer perceptrons on jets, layer by layer: a chunk of samples goes through all layers before the next one starts, so that
// its activations stay in L2. What is kept for the adjoint is what each hidden layer's linear part gave; the adjoint computes
// activations and slopes from it again, in one pass over it.
//
// Budget a sample: planes x weights multiply-adds forward, twice that for the tangent, three times (two, if state was kept) for
// the adjoint.
#include <algorithm>
#include "cuda/mlp_kernels.h"
#include "cuda/ops.h"

namespace dinf::cuda {
namespace {

constexpr int64_t kChunkBytes = int64_t{24} << 20;  // about half of the L2 of the GPUs this is made for
constexpr int64_t kChunkSamples = 4096;             // fewer would not fill such a GPU
constexpr int64_t kChunkRoom = int64_t{512} << 20;  // unless they took more than this
constexpr int64_t kChunkGranule = 1024;

template <class Real>
struct Network {
  Context& context;
  const MlpShape& shape;
  const JetSet& jets;
  const Real* weights;
  int64_t samples;  // of the call

  int hiddenLayers() const { return shape.layers() - 1; }
  int widest() const { return shape.hidden.empty() ? 0 : *std::max_element(shape.hidden.begin(), shape.hidden.end()); }
  int64_t unitsBefore(int layer) const {
    int64_t units = 0;
    for (int i = 0; i < layer; ++i) units += shape.hidden[i];
    return units;
  }
  const Real* layerWeights(const Real* all, int layer) const { return all + shape.offset(layer); }
  const Real* layerBias(const Real* all, int layer) const {
    return all + shape.offset(layer) + int64_t{shape.fanOut(layer)} * shape.fanIn(layer);
  }

  // Samples of a chunk whose `units` values a plane and sample live until its end. Depends on the call alone: so do the sums.
  int64_t chunkSize(int64_t units) const {
    const int64_t bytes = std::max<int64_t>(1, units * jets.count * static_cast<int64_t>(sizeof(Real)));
    const int64_t room = std::max(kChunkRoom / bytes / kChunkGranule * kChunkGranule, kChunkGranule);
    const int64_t most = std::max(kChunkBytes / bytes / kChunkGranule * kChunkGranule, std::min(kChunkSamples, room));
    const int64_t chunks = (samples + most - 1) / most, each = (samples + chunks - 1) / chunks;
    return std::min((each + kChunkGranule - 1) / kChunkGranule * kChunkGranule, (samples + 31) / 32 * 32);
  }
  // Calls f(first sample, samples) for each chunk.
  template <class F>
  void eachChunk(int64_t size, F f) const {
    for (int64_t n = 0; n < samples; n += size) f(n, std::min(size, samples - n));
  }
  // From sample `n` on, of jets that the caller holds.
  template <class T>
  Jets<T> held(T* data, int64_t n) const {
    return {data + n, samples};
  }
  int64_t jetSize(int64_t units, int64_t chunk) const { return units * jets.count * chunk; }

  LinearCall<Real> layer(int i, int64_t count, Jets<const Real> in, Jets<Real> out) const {
    LinearCall<Real> call;
    call.units = shape.fanOut(i);
    call.depth = shape.fanIn(i);
    call.planes = jets.count;
    call.samples = count;
    call.weights = layerWeights(weights, i);
    call.bias = layerBias(weights, i);
    call.in = in;
    call.out = out;
    return call;
  }
  // The adjoint of a layer's linear part.
  void layerAdjoint(int i, int64_t count, Jets<const Real> outAdjoint, Jets<Real> inAdjoint) const {
    LinearCall<Real> call = layer(i, count, outAdjoint, inAdjoint);
    std::swap(call.units, call.depth);
    call.transposed = true;
    call.bias = nullptr;
    linear(context, call);
  }
  void activation(ActivationPass pass, int layer, int64_t count, Jets<const Real> before, Jets<Real> after,
                  Jets<Real> other) const {
    activate(context, pass, jets,
             ActivationCall<Real>{shape.hidden[layer], count, shape.activations[layer], before, after, other});
  }
  // The first `layers` hidden layers; `before(layer)` says where what its linear part gives goes, activations alternate between
  // two buffers. Returns the input of the layer that follows.
  template <class F>
  Jets<const Real> hidden(int layers, Jets<const Real> in, int64_t count, const Jets<Real>* buffers, F before) const {
    for (int i = 0; i < layers; ++i) {
      const Jets<Real> out = before(i);
      linear(context, layer(i, count, in, out));
      activation(ActivationPass::forward, i, count, view(out), buffers[i & 1], {});
      in = view(buffers[i & 1]);
    }
    return in;
  }
  static Jets<const Real> view(const Jets<Real>& jets) { return {jets.data, jets.stride}; }
};

}  // namespace

template <class Real>
int64_t mlpStateSize(const MlpShape& shape, const JetSet& jets) {
  int64_t units = 0;
  for (const int width : shape.hidden) units += width;
  return units * jets.count;
}

template <class Real>
void mlp(Context& context, const MlpShape& shape, const JetSet& jets, const Real* weights, int64_t samples, const Real* in,
         Real* out, Real* state) {
  if (samples == 0) return;
  const Network<Real> net{context, shape, jets, weights, samples};
  const int64_t widest = net.widest(), buffers = std::min(net.hiddenLayers(), 2);
  const int64_t chunk = net.chunkSize(widest * (buffers + (state ? 1 : 0)));
  Real* const scratch = buffers > 0 ? context.scratch<Real>(buffers * net.jetSize(widest, chunk)) : nullptr;
  const Jets<Real> buffer[2] = {{scratch, chunk}, {scratch + (buffers > 1 ? net.jetSize(widest, chunk) : 0), chunk}};
  net.eachChunk(chunk, [&](int64_t n, int64_t count) {
    const Jets<const Real> last = net.hidden(net.hiddenLayers(), net.held(in, n), count, buffer, [&](int i) {
      return state ? net.held(state + net.jetSize(net.unitsBefore(i), samples), n) : buffer[i & 1];
    });
    linear(context, net.layer(net.hiddenLayers(), count, last, net.held(out, n)));
  });
}

template <class Real>
void mlpTangent(Context& context, const MlpShape& shape, const JetSet& jets, const Real* weights, const Real* weightTangents,
                int64_t samples, const Real* in, const Real* inTangent, Real* outTangent) {
  if (samples == 0) return;
  const Network<Real> net{context, shape, jets, weights, samples};
  const int64_t widest = net.widest(), buffers = 2 * std::min(net.hiddenLayers(), 2);
  const int64_t chunk = net.chunkSize(widest * buffers), size = net.jetSize(widest, chunk);
  Real* const scratch = buffers > 0 ? context.scratch<Real>(buffers * size) : nullptr;
  net.eachChunk(chunk, [&](int64_t n, int64_t count) {
    Jets<const Real> x = net.held(in, n), dx = inTangent ? net.held(inTangent, n) : Jets<const Real>{};
    for (int i = 0; i < shape.layers(); ++i) {
      const bool last = i == net.hiddenLayers();
      const Jets<Real> value{scratch + (i & 1) * 2 * size, chunk}, inner{scratch + ((i & 1) * 2 + 1) * size, chunk};
      const Jets<Real> tangent = last ? net.held(outTangent, n) : inner;
      // The weights' own tangents act on the layer's input; coordinates have no tangent of their own.
      LinearCall<Real> call = net.layer(i, count, x, tangent);
      call.weights = net.layerWeights(weightTangents, i);
      call.bias = net.layerBias(weightTangents, i);
      call.secondWeights = dx.data ? net.layerWeights(weights, i) : nullptr;
      call.secondIn = dx;
      linear(context, call);
      if (last) break;
      linear(context, net.layer(i, count, x, value));
      net.activation(ActivationPass::tangent, i, count, net.view(value), value, tangent);
      x = net.view(value);
      dx = net.view(tangent);
    }
  });
}

template <class Real>
void mlpAdjoint(Context& context, const MlpShape& shape, const JetSet& jets, const Real* weights, int64_t samples, const Real* in,
                Real* state, const Real* outAdjoint, Real* inAdjoint, double* weightAdjoints) {
  if (samples == 0) return;
  const Network<Real> net{context, shape, jets, weights, samples};
  const int hidden = net.hiddenLayers();
  const int64_t widest = net.widest(), kept = state ? 0 : net.unitsBefore(hidden);
  // Activations, adjoints (of two layers in turn), and what `state` would hold.
  const int64_t buffers = hidden == 0 ? 0 : hidden == 1 ? 2 : 3;
  const int64_t chunk = net.chunkSize(buffers * widest + (state ? widest : kept)), size = net.jetSize(widest, chunk);
  Real* const scratch = hidden > 0 ? context.scratch<Real>(buffers * size + net.jetSize(kept, chunk)) : nullptr;
  const Jets<Real> value{scratch, chunk}, adjoint[2] = {{scratch + size, chunk}, {scratch + (buffers - 1) * size, chunk}};
  net.eachChunk(chunk, [&](int64_t n, int64_t count) {
    const auto before = [&](int i) {
      return state ? net.held(state + net.jetSize(net.unitsBefore(i), samples), n)
                   : Jets<Real>{scratch + buffers * size + net.jetSize(net.unitsBefore(i), chunk), chunk};
    };
    if (!state && hidden > 0) {  // the adjoints' buffers are free yet
      const Jets<const Real> last = net.hidden(hidden - 1, net.held(in, n), count, adjoint, before);
      linear(context, net.layer(hidden - 1, count, last, before(hidden - 1)));
    }
    Jets<const Real> out = net.held(outAdjoint, n);
    for (int i = hidden; i >= 0; --i) {
      const Jets<Real> next = adjoint[i & 1];
      if (i > 0) {
        net.layerAdjoint(i, count, out, next);
        net.activation(ActivationPass::adjoint, i - 1, count, net.view(before(i - 1)), value, next);
      } else if (inAdjoint) {
        net.layerAdjoint(0, count, out, net.held(inAdjoint, n));
      }
      WeightAdjointCall<Real> call;
      call.units = shape.fanOut(i);
      call.depth = shape.fanIn(i);
      call.planes = jets.count;
      call.samples = count;
      call.outAdjoint = out;
      call.in = i > 0 ? net.view(value) : net.held(in, n);
      call.sums = weightAdjoints + shape.offset(i);
      call.partStride = shape.parameterCount();
      weightAdjoint(context, call);
      out = net.view(next);
    }
  });
}

#define DINF_INSTANTIATE(Real)                                                                                              \
  template int64_t mlpStateSize<Real>(const MlpShape&, const JetSet&);                                                      \
  template void mlp(Context&, const MlpShape&, const JetSet&, const Real*, int64_t, const Real*, Real*, Real*);             \
  template void mlpTangent(Context&, const MlpShape&, const JetSet&, const Real*, const Real*, int64_t, const Real*,        \
                           const Real*, Real*);                                                                             \
  template void mlpAdjoint(Context&, const MlpShape&, const JetSet&, const Real*, int64_t, const Real*, Real*, const Real*, \
                           Real*, double*);
DINF_INSTANTIATE(float)
DINF_INSTANTIATE(double)

}  // namespace dinf::cuda
