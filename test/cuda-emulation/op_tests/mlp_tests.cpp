// The MLP ops of the CUDA backend on the emulated device, against the slow way: a sample at a time, in float64, derivatives of
// activations from their closed forms.
//
//   dinf_mlp_tests_normal | dinf_mlp_tests_races  [part of a case's name]
#include "cuda/ops.h"
#include "emulation.h"
#include "math/jet.h"
#include "test/check.h"

using namespace dinf;
using cuda_emulation::options;
using cuda_emulation::Order;
using dinf::test::Random;
using dinf::test::testCase;

namespace {

using Vector = std::vector<double>;

// sigma^(k)(g) / k!, k <= order.
Vector series(const LayerActivation& activation, double g, int order) {
  Vector c(order + 1, 0.0);
  double factorial = 1;
  if (activation.kind == Activation::identity) {
    c[0] = g;
    if (order >= 1) c[1] = 1;
  } else if (activation.kind == Activation::sine) {
    for (int k = 0; k <= order; factorial *= ++k)
      c[k] = std::sin(activation.omega * g + k * 1.57079632679489661923) * std::pow(activation.omega, k) / factorial;
  } else if (activation.kind == Activation::tanh) {
    Vector polynomial{0, 1};  // in t = tanh g; d/dg t^n = n t^(n-1) (1 - t^2)
    for (int k = 0; k <= order; factorial *= ++k) {
      for (size_t n = 0; n < polynomial.size(); ++n) c[k] += polynomial[n] * std::pow(std::tanh(g), n) / factorial;
      Vector next(polynomial.size() + 1, 0.0);
      for (size_t n = 1; n < polynomial.size(); ++n) {
        next[n - 1] += n * polynomial[n];
        next[n + 1] -= n * polynomial[n];
      }
      polynomial = next;
    }
  } else {
    // (g Phi)^(k) = g Phi^(k) + k Phi^(k-1), Phi^(k) = (-1)^(k-1) He_(k-1) phi
    Vector normal(order + 1), hermite{1, g};
    for (int n = 1; n < order; ++n) hermite.push_back(g * hermite[n] - n * hermite[n - 1]);
    const double density = std::exp(-g * g / 2) / std::sqrt(2 * 3.14159265358979323846);
    normal[0] = std::erfc(-g / std::sqrt(2.0)) / 2;
    for (int k = 1; k <= order; ++k) normal[k] = (k % 2 ? 1 : -1) * hermite[k - 1] * density;
    for (int k = 0; k <= order; factorial *= ++k) c[k] = (g * normal[k] + (k > 0 ? k * normal[k - 1] : 0)) / factorial;
  }
  return c;
}

// A quantity and the sum of the absolute values of the terms that it is made of, to which its error is relative; what a function
// makes of an error in its argument is among them.
struct Quantity {
  Vector value, size;
  explicit Quantity(size_t n = 0) : value(n), size(n) {}
};

struct Reference {
  const MlpShape& shape;
  const JetSet& jets;
  const JetProduct product{jets};
  const int planes = jets.count;

  Vector multiply(const double* a, const double* b) const {
    Vector out(planes, 0.0);
    for (int t = 0; t < product.count; ++t)
      out[product.triples[t].out] += a[product.triples[t].left] * b[product.triples[t].right];
    return out;
  }
  // sum_k c_k (g - g_0)^k by powers.
  Vector compose(const Vector& c, const double* g) const {
    Vector rest(g, g + planes), power(planes, 0.0), out(planes, 0.0);
    rest[0] = 0;
    power[0] = 1;
    for (size_t k = 0; k < c.size(); ++k) {
      for (int p = 0; p < planes; ++p) out[p] += c[k] * power[p];
      power = multiply(power.data(), rest.data());
    }
    return out;
  }
  static Vector derived(const Vector& c) {
    Vector d(c.size() - 1);
    for (size_t k = 0; k < d.size(); ++k) d[k] = (k + 1) * c[k + 1];
    return d;
  }
  static Vector absolute(Vector c) {
    for (double& x : c) x = std::abs(x);
    return c;
  }
  // sigma(g), and with `slope` sigma'(g).
  Quantity activate(const LayerActivation& activation, const Quantity& g, bool slope) const {
    const int order = jets.maxOrder();
    Quantity out(g.value.size());
    for (size_t at = 0; at < g.value.size(); at += planes) {
      Vector c = series(activation, g.value[at], order + 2);
      if (slope) c = derived(c);
      Vector next = derived(c);
      c.resize(order + 1);
      next.resize(order + 1);
      const Vector value = compose(c, &g.value[at]), own = compose(absolute(c), &g.size[at]);
      const Vector bend = compose(absolute(next), &g.size[at]), from = multiply(bend.data(), &g.size[at]);
      for (int p = 0; p < planes; ++p) {
        out.value[at + p] = value[p];
        out.size[at + p] = own[p] + from[p];
      }
    }
    return out;
  }
  Quantity linear(const Vector& weights, int layer, const Quantity& in, bool bias) const {
    const int units = shape.fanOut(layer), depth = shape.fanIn(layer);
    const double* w = &weights[shape.offset(layer)];
    Quantity out(units * planes);
    for (int u = 0; u < units; ++u)
      for (int p = 0; p < planes; ++p) {
        double& value = out.value[u * planes + p];
        double& size = out.size[u * planes + p];
        for (int k = 0; k < depth; ++k) {
          value += w[u * depth + k] * in.value[k * planes + p];
          size += std::abs(w[u * depth + k]) * in.size[k * planes + p];
        }
        if (bias && p == 0) {
          value += w[units * depth + u];
          size += std::abs(w[units * depth + u]);
        }
      }
    return out;
  }
  Quantity linearAdjoint(const Vector& weights, int layer, const Quantity& out) const {
    const int units = shape.fanOut(layer), depth = shape.fanIn(layer);
    const double* w = &weights[shape.offset(layer)];
    Quantity in(depth * planes);
    for (int k = 0; k < depth; ++k)
      for (int p = 0; p < planes; ++p)
        for (int u = 0; u < units; ++u) {
          in.value[k * planes + p] += w[u * depth + k] * out.value[u * planes + p];
          in.size[k * planes + p] += std::abs(w[u * depth + k]) * out.size[u * planes + p];
        }
    return in;
  }
  // Times a slope, or the transpose of that.
  Quantity slope(const Quantity& s, const Quantity& x, bool transposed) const {
    Quantity out(x.value.size());
    for (size_t at = 0; at < x.value.size(); at += planes)
      for (int t = 0; t < product.count; ++t) {
        const auto& triple = product.triples[t];
        const size_t to = at + (transposed ? triple.right : triple.out), from = at + (transposed ? triple.out : triple.right);
        out.value[to] += s.value[at + triple.left] * x.value[from];
        out.size[to] += s.size[at + triple.left] * x.size[from];
      }
    return out;
  }
};

void add(Quantity& to, const Quantity& from) {
  for (size_t i = 0; i < to.value.size(); ++i) {
    to.value[i] += from.value[i];
    to.size[i] += from.size[i];
  }
}

struct Network {
  MlpShape shape;
  std::string name;
};
struct Result {
  Vector out, tangent, inAdjoint, weights;
  bool operator==(const Result&) const = default;
};
struct Expected {
  Quantity out, tangent, inAdjoint, weights;
};

// Inputs of all three ops; everything is exact in float.
struct Data {
  const MlpShape& shape;
  const JetSet& jets;
  int64_t samples;
  bool inTangent;
  Vector weights, weightTangents, in, tangent, outAdjoint;

  Data(const MlpShape& shape, const JetSet& jets, int64_t samples, bool inTangent)
      : shape(shape), jets(jets), samples(samples), inTangent(inTangent) {
    Random random(static_cast<uint64_t>(samples * 131 + jets.count));
    weights = random.vector(shape.parameterCount());
    weightTangents = random.vector(shape.parameterCount());
    for (int i = 0; i < shape.layers(); ++i) {
      const double omega = i + 1 < shape.layers() ? shape.activations[i].omega : 1;
      for (int64_t k = shape.offset(i); k < shape.offset(i + 1); ++k)
        weights[k] = static_cast<float>(weights[k] * 1.7 / (omega * std::sqrt(shape.fanIn(i))));
    }
    in = random.vector(samples * jets.count * shape.inputs);
    tangent = random.vector(samples * jets.count * shape.inputs);
    outAdjoint = random.vector(samples * jets.count * shape.outputs);
  }

  Quantity sample(const Vector& all, int channels, int64_t s) const {
    Quantity one(channels * jets.count);
    for (size_t i = 0; i < one.value.size(); ++i) {
      one.value[i] = all[i * samples + s];
      one.size[i] = std::abs(one.value[i]);
    }
    return one;
  }
  void put(Quantity& all, const Quantity& one, int64_t s) const {
    for (size_t i = 0; i < one.value.size(); ++i) {
      all.value[i * samples + s] = one.value[i];
      all.size[i * samples + s] = one.size[i];
    }
  }

  Expected expected() const {
    const Reference reference{shape, jets};
    const int layers = shape.layers(), planes = jets.count;
    Expected all{Quantity(samples * planes * shape.outputs), Quantity(samples * planes * shape.outputs),
                 Quantity(samples * planes * shape.inputs), Quantity(shape.parameterCount())};
    for (int64_t s = 0; s < samples; ++s) {
      std::vector<Quantity> inputs{sample(in, shape.inputs, s)}, slopes;
      Quantity dx = sample(tangent, shape.inputs, s);
      for (int i = 0; i < layers; ++i) {
        Quantity g = reference.linear(weights, i, inputs[i], true), dg = reference.linear(weightTangents, i, inputs[i], true);
        if (i > 0 || inTangent) add(dg, reference.linear(weights, i, dx, false));
        if (i + 1 == layers) {
          put(all.out, g, s);
          put(all.tangent, dg, s);
          break;
        }
        slopes.push_back(reference.activate(shape.activations[i], g, true));
        inputs.push_back(reference.activate(shape.activations[i], g, false));
        dx = reference.slope(slopes[i], dg, false);
      }
      Quantity z = sample(outAdjoint, shape.outputs, s);
      for (int i = layers - 1; i >= 0; --i) {
        if (i + 1 < layers) z = reference.slope(slopes[i], z, true);
        const int units = shape.fanOut(i), depth = shape.fanIn(i);
        double* const value = &all.weights.value[shape.offset(i)];
        double* const size = &all.weights.size[shape.offset(i)];
        for (int u = 0; u < units; ++u) {
          for (int k = 0; k < depth; ++k)
            for (int p = 0; p < planes; ++p) {
              value[u * depth + k] += z.value[u * planes + p] * inputs[i].value[k * planes + p];
              size[u * depth + k] += z.size[u * planes + p] * inputs[i].size[k * planes + p];
            }
          value[units * depth + u] += z.value[u * planes];
          size[units * depth + u] += z.size[u * planes];
        }
        z = reference.linearAdjoint(weights, i, z);
      }
      put(all.inAdjoint, z, s);
    }
    return all;
  }
};

// How an adjoint is asked for.
struct Way {
  bool state, inAdjoint, captured, tf32 = false;
};

template <class Real>
Result onDevice(const Data& data, const Way& way) {
  cuda::Context context(0, 0, way.tf32);
  const auto buffer = [&](const Vector& values) {
    Real* const memory = context.allocate<Real>(values.size());
    const std::vector<Real> real(values.begin(), values.end());
    cuda::checkCuda(cudaMemcpyAsync(memory, real.data(), real.size() * sizeof(Real), cudaMemcpyHostToDevice, context.stream()),
                    "upload");
    context.synchronize();
    return memory;
  };
  const auto read = [&](const Real* memory, int64_t count) {
    std::vector<Real> real(count);
    cuda::checkCuda(cudaMemcpyAsync(real.data(), memory, count * sizeof(Real), cudaMemcpyDeviceToHost, context.stream()),
                    "download");
    context.synchronize();
    return Vector(real.begin(), real.end());
  };
  const MlpShape& shape = data.shape;
  const JetSet& jets = data.jets;
  const int64_t outs = data.outAdjoint.size(), ins = data.in.size(), parameters = shape.parameterCount();
  const Real* const weights = buffer(data.weights);
  const Real* const weightTangents = buffer(data.weightTangents);
  const Real* const in = buffer(data.in);
  const Real* const tangent = data.inTangent ? buffer(data.tangent) : nullptr;
  const Real* const outAdjoint = buffer(data.outAdjoint);
  Real* const out = context.allocate<Real>(outs);
  Real* const outTangent = context.allocate<Real>(outs);
  Real* const inAdjoint = way.inAdjoint ? context.allocate<Real>(ins) : nullptr;
  Real* const state = way.state ? context.allocate<Real>(cuda::mlpStateSize<Real>(shape, jets) * data.samples) : nullptr;
  double* const sums = context.allocate<double>(cuda::kMlpParts * parameters);
  const auto ops = [&] {
    cuda::checkCuda(cudaMemsetAsync(sums, 0, cuda::kMlpParts * parameters * sizeof(double), context.stream()), "clear");
    cuda::mlp<Real>(context, shape, jets, weights, data.samples, in, out, state);
    cuda::mlpTangent<Real>(context, shape, jets, weights, weightTangents, data.samples, in, tangent, outTangent);
    // Twice: weight adjoints are added to.
    for (int twice = 0; twice < 2; ++twice)
      cuda::mlpAdjoint<Real>(context, shape, jets, weights, data.samples, in, state, outAdjoint, inAdjoint, sums);
  };
  ops();
  if (way.captured) {
    cudaGraph_t graph;
    cudaGraphExec_t instance;
    cuda::checkCuda(cudaStreamBeginCapture(context.stream(), cudaStreamCaptureModeThreadLocal), "capture");
    ops();
    cuda::checkCuda(cudaStreamEndCapture(context.stream(), &graph), "capture");
    cuda::checkCuda(cudaGraphInstantiate(&instance, graph, 0), "graph");
    for (int i = 0; i < 2; ++i) cuda::checkCuda(cudaGraphLaunch(instance, context.stream()), "graph");
    context.synchronize();
    cudaGraphExecDestroy(instance);
    cudaGraphDestroy(graph);
  }
  Result result{read(out, outs), read(outTangent, outs), way.inAdjoint ? read(inAdjoint, ins) : Vector{},
                Vector(parameters, 0.0)};
  Vector parts(cuda::kMlpParts * parameters);
  cuda::checkCuda(cudaMemcpyAsync(parts.data(), sums, parts.size() * sizeof(double), cudaMemcpyDeviceToHost, context.stream()),
                  "download");
  context.synchronize();
  for (int part = 0; part < cuda::kMlpParts; ++part)
    for (int64_t i = 0; i < parameters; ++i) result.weights[i] += parts[part * parameters + i] / 2;
  return result;
}

double worst(const Vector& got, const Quantity& want) {
  double error = got.size() == want.value.size() ? 0 : INFINITY;
  for (size_t i = 0; i < got.size(); ++i) {
    const double difference = std::abs(got[i] - want.value[i]);
    if (!(difference <= error * want.size[i]))
      error = want.size[i] > 0 ? difference / want.size[i] : difference > 0 ? INFINITY : error;
    if (!std::isfinite(got[i])) return INFINITY;
  }
  return error;
}

// By precision and by order, what the tolerances are compared with: of an entry relative to the size of its terms, and of all of
// a result's entries relative to themselves.
double worstSeen[2][2], worstNorm[2][2], worstTf32 = 0;

template <class Real>
void compare(const Data& data, const Expected& expected, const Way& way, bool everyOrder) {
  const int high = data.jets.maxOrder() > 2;
  const double tolerance = sizeof(Real) == 8 ? 1e-12 : way.tf32 ? 2e-3 : high ? 1e-4 : 1e-5;
  const Result got = onDevice<Real>(data, way);
  const auto check = [&](const char* what, const Vector& values, const Quantity& want) {
    const double error = worst(values, want);
    double& seen = way.tf32 ? worstTf32 : worstSeen[sizeof(Real) == 8][high];
    seen = std::max(seen, error);
    DINF_EXPECT(error <= tolerance, "%s, %s, %d samples: error %.3e, at most %.0e", sizeof(Real) == 8 ? "double" : "float", what,
                static_cast<int>(data.samples), error, tolerance);
    const double whole = 2 * test::distance(values, want.value);
    if (!way.tf32) worstNorm[sizeof(Real) == 8][high] = std::max(worstNorm[sizeof(Real) == 8][high], whole);
    DINF_EXPECT(whole <= tolerance, "%s, %s, %d samples: relative error of all entries %.3e, at most %.0e",
                sizeof(Real) == 8 ? "double" : "float", what, static_cast<int>(data.samples), whole, tolerance);
  };
  check("mlp", got.out, expected.out);
  check("mlpTangent", got.tangent, expected.tangent);
  if (way.inAdjoint) check("mlpAdjoint, inputs", got.inAdjoint, expected.inAdjoint);
  check("mlpAdjoint, weights", got.weights, expected.weights);
  if (way.inAdjoint && sizeof(Real) == 8) {
    const double left = test::dot(got.tangent, data.outAdjoint);
    double right = test::dot(data.weightTangents, got.weights) + (data.inTangent ? test::dot(data.tangent, got.inAdjoint) : 0);
    double scale = test::dot(Reference::absolute(got.tangent), Reference::absolute(data.outAdjoint));
    DINF_EXPECT(std::abs(left - right) <= 1e-11 * scale, "<A x, y> = %.15g, <x, A' y> = %.15g", left, right);
  }
  if (everyOrder) {
    for (const Order order : {Order::descending, Order::shuffled}) {
      options().order = order;
      const Result again = onDevice<Real>(data, way);
      options().order = Order::ascending;
      DINF_EXPECT(test::sameBits(got.out, again.out) && test::sameBits(got.tangent, again.tangent) &&
                      test::sameBits(got.inAdjoint, again.inAdjoint) && test::sameBits(got.weights, again.weights),
                  "another order of threads gives other bits");
    }
  }
}

template <class F>
void deviceCase(const std::string& name, F body) {
  testCase(name, [&] {
    options().quiet = true;
    cuda_emulation::restart();
    body();
    DINF_EXPECT(cuda_emulation::statistics().failures == 0, "%s",
                cuda_emulation::reports().empty() ? "?" : cuda_emulation::reports().back().c_str());
    DINF_EXPECT(cuda_emulation::statistics().floatAtomics == 0, "float atomics: sums depend on the order of threads");
  });
}

LayerActivation tanhLayer() { return {Activation::tanh, 1}; }
LayerActivation sineLayer(double omega) { return {Activation::sine, omega}; }
LayerActivation geluLayer() { return {Activation::gelu, 1}; }
LayerActivation identityLayer() { return {Activation::identity, 1}; }

std::vector<Network> networks() {
  return {
      {{3, 2, {}, {}}, "3 -> 2"},
      {{70, 9, {}, {}}, "70 -> 9"},
      {{2, 1, {7}, {geluLayer()}}, "2 -> 7 gelu -> 1"},
      {{12, 2, {64}, {tanhLayer()}}, "12 -> 64 tanh -> 2"},
      {{5, 3, {70, 64}, {sineLayer(30), geluLayer()}}, "5 -> 70 sine -> 64 gelu -> 3"},
      {{2, 1, {1, 7, 64, 70, 20}, {tanhLayer(), sineLayer(1.5), identityLayer(), tanhLayer(), geluLayer()}},
       "2 -> 1, 7, 64, 70, 20 -> 1"},
      {{17, 6, {130}, {sineLayer(3)}}, "17 -> 130 sine -> 6"},
  };
}

std::string jetName(const JetSet& jets) {
  std::string name;
  for (int p = 0; p < jets.count; ++p) {
    if (p > 0) name += ' ';
    for (int k = 0; k < kMaxDims; ++k) name += std::to_string(jets.index[p].a[k]);
  }
  return name;
}

}  // namespace

int main(int argc, char** argv) {
  // The race detector makes memory slow: fewer sizes, which still take every kernel. Of the many crossings every third or fifth case, all with
  // --all.
  const bool races = cuda_emulation::instrumented();
  test::report().shares = races ? 5 : 3;
  if (argc > 1 && std::string(argv[1]) == "--all") test::report().shares = 1;
  else if (argc > 1) test::report().filter = argv[1];

  std::vector<JetSet> sets;
  for (int dims = 1; dims <= 3; ++dims)
    for (int order = 0; order <= kMaxOrder; ++order)
      if (order > 0 || dims == 1) sets.push_back(JetSet::closed(dims, order));
  // Closed subsets, in any order behind the value.
  sets.push_back({5, {{{0, 0, 0}}, {{1, 0, 0}}, {{0, 1, 0}}, {{2, 0, 0}}, {{0, 2, 0}}}});
  sets.push_back({6, {{{0, 0, 0}}, {{0, 0, 2}}, {{0, 0, 1}}, {{1, 0, 1}}, {{1, 0, 0}}, {{2, 0, 0}}}});
  sets.push_back({7, {{{0, 0, 0}}, {{1, 0, 0}}, {{2, 0, 0}}, {{3, 0, 0}}, {{0, 1, 0}}, {{1, 1, 0}}, {{2, 1, 0}}}});
  sets.push_back({8, {{{0, 0, 0}}, {{0, 4, 0}}, {{0, 3, 0}}, {{0, 2, 0}}, {{0, 1, 0}}, {{1, 1, 0}}, {{1, 0, 0}}, {{0, 0, 1}}}});

  int turn = 0;
  for (const Network& network : networks())
    for (const JetSet& jets : sets) {
      const int64_t samples = ++turn % 2 ? 33 : 16;
      if (races && (jets.count > 12 || turn % 3 != 1)) continue;
      deviceCase("MLP " + network.name + ", " + std::to_string(samples) + " samples, planes " + jetName(jets), [&] {
        const Data data(network.shape, jets, samples, turn % 3 > 0);
        const Expected expected = data.expected();
        const Way way{turn % 4 < 2, turn % 5 > 0, turn % 7 == 0};
        compare<float>(data, expected, way, turn % 2 == 0);
        compare<double>(data, expected, {!way.state, true, false}, turn % 2 == 1);
      });
    }
  const JetSet second = JetSet::closed(2, 2), fourth = JetSet::closed(1, 4), first = JetSet::closed(3, 1),
               value = JetSet::closed(1, 0);
  for (const Network& network : networks())
    for (const JetSet* jets : {&value, &first, &second, &fourth})
      for (const int64_t samples : {1, 1040}) {
        if (samples > 1 && (races || jets == &first || jets == &value)) continue;
        deviceCase("MLP " + network.name + ", " + std::to_string(samples) + " samples, planes " + jetName(*jets), [&] {
          const Data data(network.shape, *jets, samples, true);
          const Expected expected = data.expected();
          const bool whole = jets == &second;
          compare<float>(data, expected, {true, true, false}, whole);
          compare<double>(data, expected, {false, true, false}, !whole && samples == 1);
        });
      }
  if (!races)
    deviceCase("MLP in chunks", [&] {
      // More than 6 KB of jets a sample: chunks of 4096, less for the adjoint's last one.
      const MlpShape shape{2, 1, {65, 96}, {tanhLayer(), sineLayer(2)}};
      const Data data(shape, second, 4500, true);
      const Expected expected = data.expected();
      for (const bool state : {false, true}) {
        compare<double>(data, expected, {state, true, false}, false);
        compare<float>(data, expected, {state, true, false}, false);
      }
    });

  // Tensor cores: layers of every tile, transposed and not, in both parts of the samples and the terms, aligned and not.
  const Network wide[] = {{{2, 1, {121, 60, 200}, {sineLayer(3), tanhLayer(), geluLayer()}}, "2 -> 121 sine -> 60 tanh -> 200 gelu -> 1"},
                          {{200, 121, {}, {}}, "200 -> 121"},
                          {{4, 4, {128, 64, 32}, {tanhLayer(), sineLayer(2), tanhLayer()}}, "4 -> 128 tanh -> 64 sine -> 32 tanh -> 4"}};
  test::report().shares = 1;
  const JetSet gradients = JetSet::closed(2, 1);
  for (const Network& network : wide)
    for (const int64_t samples : {131, 264}) {
      if (races && samples > 131) continue;
      deviceCase("MLP on tensor cores, " + network.name + ", " + std::to_string(samples) + " samples", [&] {
        const Data data(network.shape, gradients, samples, true);
        const Expected expected = data.expected();
        const auto operations = [&](const Way& way, bool everyOrder) {
          const auto before = cuda_emulation::statistics().warpOperations;
          compare<float>(data, expected, way, everyOrder);
          return cuda_emulation::statistics().warpOperations - before;
        };
        const bool known = options().model.major >= 8, exact = known && (options().model.minor == 0 || options().model.major > 8);
        DINF_EXPECT((operations({true, true, false}, samples > 131 || races) > 0) == exact, "which kernels multiply");
        DINF_EXPECT((operations({false, true, samples > 131, true}, false) > 0) == known, "which kernels multiply in tf32");
        if (network.shape.hidden.empty())  // errors are not yet small beside what later layers may make of them
          DINF_EXPECT((worstTf32 > 1e-5) == known, "tf32 is as exact as floats: %.1e", worstTf32);
      });
    }

  for (const auto& [what, seen] :
       {std::pair{"of an entry, relative to its terms", worstSeen}, {"of a result, relative to it", worstNorm}})
    std::printf("worst error %s: float %.2e (orders 0-2), %.2e (3-4); double %.2e, %.2e\n", what, seen[0][0], seen[0][1],
                seen[1][0], seen[1][1]);
  std::printf("worst error of an entry by tf32, relative to its terms: %.2e\n", worstTf32);
  std::printf("%d passed, %d failed, %d checks\n", test::report().passed, test::report().failed, test::report().checks);
  return test::report().failed == 0 ? 0 : 1;
}
