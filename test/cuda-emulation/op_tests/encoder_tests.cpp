// Sample sets, bindings and the encoder of the CUDA backend, against the encoder written out.
#include "encoder_reference.h"
#include "math/philox.h"
#include "op_tests.h"

namespace dinf::op_tests {
namespace {

struct EncoderCase {
  const char* name;
  SampleSetSpec samples;
  std::vector<GridShape> grids;  // the set is sorted for the first
  JetSet jets;
  int channels = 1;
  ChannelMap map = ChannelMap::sumLevels;
  int64_t tileLimit = int64_t{1} << 40;
  bool large = false;  // left out under the race detector
};

constexpr uint64_t kSeed = 77;
constexpr uint32_t kTerm = 2, kIteration = 5;
constexpr int kSlot = 7;

bool draws(const EncoderCase& test) { return test.samples.kind == SampleKind::stratified || test.samples.draws > 0; }

Kernel1d gaussian(int rings, double epsilon = 1) { return {KernelKind::gaussian, epsilon, rings, 1}; }
Kernel1d bspline(int degree) { return {KernelKind::bspline, 1, (degree + 1) / 2, degree}; }
GridShape gridOf(Kernel1d kernel, std::initializer_list<int> cells, std::initializer_list<Edge> edges, int levels) {
  GridShape grid;
  grid.dims = static_cast<int>(cells.size());
  std::copy(cells.begin(), cells.end(), grid.cells);
  std::copy(edges.begin(), edges.end(), grid.edge);
  grid.kernel = kernel;
  grid.levels = levels;
  return grid;
}
// Unit coordinates; every fourth of a point's on a face between cells or on the border.
SampleSetSpec points(int dims, int64_t count, const GridShape& grid, double low = 0, double high = 1) {
  SampleSetSpec spec;
  spec.dims = dims;
  Random random(static_cast<uint64_t>(count * 8 + dims));
  for (int64_t i = 0; i < count * dims; ++i) {
    const double x = 0.5 + random.next() / 2;
    const int cells = grid.cells[i % dims];
    const bool onFace = low == 0 && high == 1 && i % 4 == 3;
    spec.points.push_back(onFace ? std::round(x * cells) / cells : low + x * (high - low));
  }
  return spec;
}
SampleSetSpec stratified(std::initializer_list<int64_t> boxes) {
  SampleSetSpec spec;
  spec.kind = SampleKind::stratified;
  spec.dims = static_cast<int>(boxes.size());
  std::copy(boxes.begin(), boxes.end(), spec.boxes);
  return spec;
}
// `crossed`: coordinates neither ascending nor evenly apart.
SampleSetSpec tensor(std::initializer_list<int> counts, bool crossed = false) {
  SampleSetSpec spec;
  spec.kind = SampleKind::tensor;
  spec.dims = static_cast<int>(counts.size());
  int k = 0;
  for (const int n : counts) {
    for (int i = 0; i < n; ++i) spec.axes[k].push_back(n == 1 ? 1 : static_cast<double>(i) / (n - 1));  // both borders
    if (crossed)
      for (int i = 0; i < n; ++i) spec.axes[k][i] = std::fmod(0.7 + 0.618033988749895 * i * i, 1);
    ++k;
  }
  return spec;
}
JetSet some(std::initializer_list<MultiIndex> indices) {
  JetSet set;
  for (const MultiIndex& index : indices) set.add(index);
  return set;
}

// What a case reads, the same numbers in both precisions.
struct Operands {
  std::vector<std::vector<double>> packed, adjoints, start;  // a grid
  std::vector<double> factors;                               // [plane][sample]
  Operands(const EncoderCase& test, const SampleSet& set) {
    Random random(3);
    factors = random.vector(test.jets.count * set.paddedCount());
    for (const GridShape& grid : test.grids) {
      const int outputs = test.map == ChannelMap::separateLevels ? test.channels * grid.levels : test.channels;
      packed.push_back(random.vector(grid.packedSize(test.channels)));
      start.push_back(random.vector(grid.packedSize(test.channels)));
      adjoints.push_back(random.vector(int64_t{outputs} * test.jets.count * set.paddedCount()));
    }
  }
};

template <class Real>
class Buffers {
 public:
  explicit Buffers(Backend<Real>& be) : be_(be) {}
  ~Buffers() {
    for (Real* buffer : all_) be_.release(buffer);
  }
  Real* make(int64_t count) { return all_.emplace_back(be_.allocate(count)); }
  Real* upload(const std::vector<double>& values) {
    Real* buffer = make(static_cast<int64_t>(values.size()));
    const std::vector<Real> host(values.begin(), values.end());
    be_.upload(buffer, host.data(), static_cast<int64_t>(host.size()));
    return buffer;
  }
  std::vector<Real> read(const Real* buffer, int64_t count) const {
    std::vector<Real> host(static_cast<size_t>(count));
    be_.download(host.data(), buffer, count);
    return host;
  }

 private:
  Backend<Real>& be_;
  std::vector<Real*> all_;
};

// Rows `begin` .. `begin + size` of planes of `count` samples.
std::vector<double> slice(const std::vector<double>& planes, int64_t count, int64_t begin, int64_t size) {
  std::vector<double> out;
  for (size_t at = 0; at < planes.size(); at += static_cast<size_t>(count))
    out.insert(out.end(), planes.begin() + static_cast<int64_t>(at) + begin, planes.begin() + static_cast<int64_t>(at) + begin + size);
  return out;
}

template <class Real>
struct Outcome {
  std::vector<std::vector<Real>> jets, transposed, squares;  // a grid
  std::vector<Real> weights;
  bool repeats = true;  // a second pass gave the same bits
  bool inPlace = true;  // an adjoint put in place is one that is added to zeros
  bool operator==(const Outcome& other) const {
    const auto same = [](const std::vector<std::vector<Real>>& a, const std::vector<std::vector<Real>>& b) {
      for (size_t i = 0; i < a.size(); ++i)
        if (a[i].size() != b[i].size() || std::memcmp(a[i].data(), b[i].data(), a[i].size() * sizeof(Real)) != 0) return false;
      return a.size() == b.size();
    };
    return same(jets, other.jets) && same(transposed, other.transposed) && same(squares, other.squares) && same({weights}, {other.weights});
  }
};

template <class Real>
Outcome<Real> encodeAll(Backend<Real>& be, const EncoderCase& test, SampleSet& set, const Operands& operands) {
  Buffers<Real> buffers(be);
  Outcome<Real> outcome;
  const int64_t count = set.paddedCount();
  std::vector<std::unique_ptr<Binding>> bindings;
  for (const GridShape& grid : test.grids) bindings.push_back(be.bind(grid, set, test.jets, test.channels, test.map));
  if (draws(test)) {
    Real* const nowhere = buffers.make(test.grids.front().packedSize(test.channels));
    be.encodeAdjointBegin(*bindings.front(), nowhere, true);  // its items are there before the samples move; those of a second grid are not
    be.setSlot(kSlot, kIteration);
    Real* drawn = buffers.make(count);
    be.weights(set, drawn);
    for (int twice = 0; twice < 2; ++twice) be.draw(set, kSeed, kTerm, kSlot, twice ? drawn : nullptr);
    be.fetchDraw(set);
    outcome.weights = buffers.read(drawn, count);
  }
  Real* weights = buffers.make(count);
  be.weights(set, weights);
  const std::vector<Real> ofSet = buffers.read(weights, count);
  if (draws(test)) outcome.repeats = outcome.repeats && ofSet == outcome.weights;
  outcome.weights = ofSet;
  const std::vector<Tile> tiles = set.tiles(test.tileLimit);
  for (size_t g = 0; g < test.grids.size(); ++g) {
    Binding& binding = *bindings[g];
    const int64_t size = test.grids[g].packedSize(test.channels);
    const int outputs = binding.outputChannels(), planes = test.jets.count;
    const Real* packed = buffers.upload(operands.packed[g]);
    std::vector<Real> jets(static_cast<size_t>(outputs * planes * count));
    for (const Tile& tile : tiles) {
      const int64_t begin = tile.segments.front().begin;
      Real* out = buffers.make(outputs * planes * tile.size);
      be.encode(binding, tile, packed, out);
      const std::vector<Real> part = buffers.read(out, outputs * planes * tile.size);
      for (int64_t row = 0; row < outputs * planes; ++row)
        std::copy_n(part.begin() + row * tile.size, tile.size, jets.begin() + row * count + begin);
    }
    outcome.jets.push_back(jets);
    const auto transpose = [&](Real* transposed, const std::vector<double>& adjoints, uint64_t absent, bool add) {
      be.encodeAdjointBegin(binding, transposed, add);
      for (const Tile& tile : tiles)
        be.encodeAdjoint(binding, tile, buffers.upload(slice(adjoints, count, tile.segments.front().begin, tile.size)), absent);
      be.encodeAdjointEnd(binding);
      return buffers.read(transposed, size);
    };
    for (int pass = 0; pass < 2; ++pass) {
      const std::vector<Real> result = transpose(buffers.upload(operands.start[g]), operands.adjoints[g], 0, true);
      if (pass == 0) outcome.transposed.push_back(result);
      else outcome.repeats = outcome.repeats && result == outcome.transposed.back();
    }
    // In the place of what is there: as if added to zeros. Planes that are absent, whatever they hold: as if they held zeros.
    std::vector<double> partly = operands.adjoints[g];
    const uint64_t absent = planes > 1 ? 0b101 : 0b1;
    for (size_t i = 0; i < partly.size(); ++i)
      if (absent >> i / count % planes & 1) partly[i] = 0;
    const std::vector<Real> onZeros = transpose(buffers.make(size), partly, 0, true);
    Real* occupied = buffers.upload(operands.start[g]);
    const std::vector<Real> before = buffers.read(occupied, size);
    const std::vector<Real> inPlace = transpose(occupied, operands.adjoints[g], absent, false);
    // Fewer planes, larger rounds: sums in another order. Between the rows lies what is no node: it may stay, and nothing else.
    int64_t stayed = 0, nodes = 0;
    for (int s = 0; s < test.grids[g].levels; ++s) {
      int64_t ofLevel = test.channels;
      for (int k = 0; k < test.grids[g].dims; ++k) ofLevel *= test.grids[g].packedNodes(s, k);
      nodes += ofLevel;
    }
    for (int64_t i = 0; i < size; ++i) {
      const double difference = std::abs(static_cast<double>(inPlace[i]) - static_cast<double>(onZeros[i]));
      const bool same = difference <= kTolerance<Real> * (1 + std::abs(static_cast<double>(onZeros[i])));
      stayed += inPlace[i] == before[i];
      outcome.inPlace = outcome.inPlace && (same || inPlace[i] == before[i]);
    }
    outcome.inPlace = outcome.inPlace && stayed <= size - nodes;
    Real* squares = buffers.upload(operands.start[g]);
    be.encodeAdjointBegin(binding, squares, true);
    const Real* ofSet = buffers.upload(operands.factors);
    for (const Tile& tile : tiles) {
      const Real* ofTile = buffers.upload(slice(operands.factors, count, tile.segments.front().begin, tile.size));
      std::vector<JacobianPlane<Real>> factors;
      for (int p = 0; p < planes; ++p) {
        if (p % 2) factors.push_back({p, ofSet + p * count, InputPlane<Real>::set});
        else factors.push_back({p, ofTile + p * tile.size, InputPlane<Real>::tile});
      }
      for (int o = 0; o < outputs; ++o) be.encodeSquares(binding, tile, o, factors);
    }
    be.encodeAdjointEnd(binding);
    outcome.squares.push_back(buffers.read(squares, size));
  }
  return outcome;
}

// Where a draw must put its samples, and how often it must take them.
void expectDraw(const SampleSet& set) {
  const SampleSetSpec& spec = set.spec();
  std::vector<int64_t> counts(static_cast<size_t>(set.userCount()));
  for (int64_t n = 0; n < spec.draws; ++n) {
    const generic::Philox4 bits = generic::philox(kSeed, static_cast<uint32_t>(n / 4), kIteration, kTerm, generic::kStreamSamples);
    ++counts[uint64_t{bits.v[n % 4]} * static_cast<uint64_t>(set.userCount()) >> 32];
  }
  int64_t wrong = 0;
  for (int64_t user = 0; user < set.userCount(); ++user) {
    const int64_t at = set.placeOf(user);
    if (spec.draws > 0) wrong += std::abs(set.weights()[at] * spec.draws - counts[user]) > 1e-9;
    if (spec.kind != SampleKind::stratified) continue;
    const generic::Philox4 bits = generic::philox(kSeed, static_cast<uint32_t>(user), kIteration, kTerm, generic::kStreamSamples);
    int64_t rest = user;
    for (int k = spec.dims - 1; k >= 0; --k) {
      wrong += set.unit(k)[at] != (rest % spec.boxes[k] + generic::philoxUniform(bits.v[k])) / static_cast<double>(spec.boxes[k]);
      rest /= spec.boxes[k];
    }
  }
  DINF_EXPECT(wrong == 0, "%lld samples are not what the draw says", static_cast<long long>(wrong));
}

template <class Real>
std::vector<Real> cast(const std::vector<double>& values) {
  return {values.begin(), values.end()};
}

template <class Real>
void run(const EncoderCase& test) {
  using cuda_emulation::Order;
  const auto fresh = [&] {
    int cells[kMaxDims];
    for (int k = 0; k < kMaxDims; ++k) cells[k] = k < test.samples.dims ? test.grids[0].lastCell(k) + 1 : 1;
    return SampleSet(test.samples, cells, SampleOrder::cells);
  };
  const bool races = cuda_emulation::instrumented();
  const auto before = cuda_emulation::statistics();
  Outcome<Real> first;
  std::vector<double> unit[kMaxDims];
  const SampleSet shape = fresh();
  const Operands operands(test, shape);
  for (const Order order : {Order::ascending, Order::descending, Order::shuffled}) {
    if (races && order != Order::shuffled) continue;
    cuda_emulation::options().order = order;
    cuda_emulation::options().deferred = order == Order::descending;
    const auto be = makeCudaBackend<Real>(0, 0);
    SampleSet set = fresh();
    Outcome<Real> outcome = encodeAll(*be, test, set, operands);
    DINF_EXPECT(outcome.repeats, "a second pass gives other bits");
    DINF_EXPECT(outcome.inPlace, "what is put in place is not what is added");
    if (races || order == Order::ascending) {
      first = std::move(outcome);
      if (draws(test)) expectDraw(set);
      for (int64_t i = 0; i < set.paddedCount(); ++i)
        if (first.weights[i] != static_cast<Real>(set.weights()[i])) DINF_EXPECT(false, "weight %lld", static_cast<long long>(i));
      const double tolerance = sizeof(Real) == 8 ? 1e-12 : test.jets.maxOrder() <= 2 ? 1e-5 : 1e-4;
      for (size_t g = 0; g < test.grids.size(); ++g) {
        const EncoderReference reference{test.grids[g], test.jets, test.channels, test.map};
        const int64_t size = test.grids[g].packedSize(test.channels);
        Sums jets(static_cast<int64_t>(operands.adjoints[g].size())), transposed(size), squares(size);
        reference.run(set, operands.packed[g], operands.adjoints[g], operands.factors, jets, transposed, squares);
        for (int64_t i = 0; i < size; ++i) {
          transposed.add(i, operands.start[g][i], std::abs(operands.start[g][i]));
          squares.add(i, operands.start[g][i], std::abs(operands.start[g][i]));
        }
        expectClose<Real>("encode", first.jets[g], cast<Real>(jets.value), cast<Real>(jets.size), tolerance);
        expectClose<Real>("encodeAdjoint", first.transposed[g], cast<Real>(transposed.value), cast<Real>(transposed.size), tolerance);
        expectClose<Real>("encodeSquares", first.squares[g], cast<Real>(squares.value), cast<Real>(squares.size), tolerance);
        // <encode x, y> = <x, encodeAdjoint y>
        double left = 0, right = 0, terms = 0;
        for (size_t i = 0; i < first.jets[g].size(); ++i) {
          left += first.jets[g][i] * operands.adjoints[g][i];
          terms += jets.size[i] * std::abs(operands.adjoints[g][i]);
        }
        for (int64_t i = 0; i < size; ++i) right += operands.packed[g][i] * (first.transposed[g][i] - operands.start[g][i]);
        DINF_EXPECT(std::abs(left - right) <= tolerance * terms, "<E x, y> is %.17g, <x, E' y> %.17g (terms %.3g)", left, right, terms);
      }
    } else {
      DINF_EXPECT(outcome == first, "another order of threads gives other bits");
    }
  }
  cuda_emulation::options().order = Order::ascending;
  cuda_emulation::options().deferred = false;
  const auto& after = cuda_emulation::statistics();
  DINF_EXPECT(after.failures == before.failures, "the device reports %s",
              cuda_emulation::reports().empty() ? "?" : cuda_emulation::reports().back().c_str());
  DINF_EXPECT(after.floatAtomics == before.floatAtomics, "atomics of floating-point numbers");
}

std::vector<EncoderCase> encoderCases() {
  constexpr Edge c = Edge::clamp, e = Edge::extend, p = Edge::periodic;
  constexpr ChannelMap separate = ChannelMap::separateLevels;
  const auto closed = [](int dims, int order) { return JetSet::closed(dims, order); };
  std::vector<EncoderCase> all;
  const auto add = [&](const char* name, const SampleSetSpec& samples, std::vector<GridShape> grids, const JetSet& jets) -> EncoderCase& {
    all.push_back({name, samples, std::move(grids), jets});
    return all.back();
  };

  GridShape grid = gridOf(gaussian(1, 2), {1}, {e}, 1);
  add("1 sample, 1 cell", points(1, 1, grid, 0.3, 0.4), {grid}, closed(1, 0));
  grid = gridOf(gaussian(3), {64}, {c}, 4);
  EncoderCase* test = &add("1-D, clamp, order 4, 8 channels", points(1, 257, grid), {grid}, closed(1, 4));
  test->channels = 8, test->map = separate;
  grid = gridOf(bspline(9), {40}, {p}, 4);
  test = &add("1-D, periodic, shorter than the neighbourhood", stratified({80}), {grid}, some({{{3, 0, 0}}, {{0, 0, 0}}}));
  test->channels = 3;
  grid = gridOf(bspline(3), {96}, {e}, 3);
  test = &add("1-D, boxes across cells, in tiles", stratified({100}), {grid}, closed(1, 2));
  test->tileLimit = 48;
  grid = gridOf(bspline(1), {48}, {e}, 2);
  test = &add("more items of a tile than a warp has lanes", points(1, 34000, grid), {grid}, closed(1, 1));
  test->large = true;
  grid = gridOf(gaussian(3), {16, 16}, {e, c}, 2);
  test = &add("all samples in one cell", points(2, 2100, grid, 0.32, 0.37), {grid}, closed(2, 0));
  test->large = true;

  GridShape other;
  grid = gridOf(gaussian(3), {32, 24}, {e, c}, 3);
  test = &add("tensor, 255 samples", tensor({17, 15}), {grid}, closed(2, 1));
  test->channels = 2;
  test = &add("tensor, 15 x 17, separate levels, in tiles", tensor({15, 17}, true), {grid}, some({{{0, 1, 0}}, {{1, 0, 0}}}));
  test->channels = 3, test->map = separate, test->tileLimit = 16 * 17;
  grid = gridOf(bspline(5), {9, 40}, {c, p}, 2);
  test = &add("tensor, far more samples than nodes", tensor({150, 21}, true), {grid}, closed(2, 2));
  test->large = true;
  test = &add("tensor, one row, order 4, drawn", tensor({1, 37}), {grid}, closed(2, 4));
  test->samples.draws = 101, test->channels = 2;
  add("tensor, one column", tensor({33, 1}, true), {grid}, some({{{0, 0, 0}}}));
  grid = gridOf(gaussian(2), {8, 6, 11}, {e, p, c}, 2);
  other = gridOf(bspline(3), {5, 4, 3}, {c, e, p}, 1);
  test = &add("tensor, 3-D, two grids, in tiles", tensor({9, 5, 6}, true), {grid, other}, closed(3, 1));
  test->channels = 2, test->tileLimit = 16 * 30;
  test = &add("tensor, 3-D, a face, separate levels", tensor({7, 11, 1}), {grid}, some({{{1, 0, 0}}, {{0, 1, 1}}, {{0, 0, 2}}}));
  test->map = separate;
  add("tensor, 3-D, order 4", tensor({3, 5, 20}), {other}, closed(3, 4));
  grid = gridOf(gaussian(5), {12, 10}, {p, p}, 2);
  test = &add("2-D, periodic, 5 rings, sparse jets", points(2, 48, grid), {grid}, some({{{2, 0, 0}}, {{0, 2, 0}}, {{0, 1, 0}}}));
  test->channels = 2, test->map = separate;
  grid = gridOf(bspline(5), {48, 20}, {c, p}, 2);
  test = &add("2-D, order 4, boxes across cells, in tiles", stratified({26, 21}), {grid}, closed(2, 4));
  test->channels = 2, test->tileLimit = 160;
  grid = gridOf(bspline(3), {20, 12}, {e, e}, 1);
  test = &add("drawn with replacement", points(2, 257, grid), {grid}, closed(2, 1));
  test->samples.draws = 101, test->channels = 5;
  grid = gridOf(gaussian(1, 1.5), {32, 24}, {c, c}, 3);
  test = &add("5000 samples, boxes a multiple of the cells", stratified({96, 48}), {grid}, closed(2, 1));
  test->large = true;
  grid = gridOf(bspline(5), {32, 16}, {e, p}, 3);
  other = gridOf(gaussian(2), {24, 10}, {c, e}, 2);
  test = &add("two grids on one set", stratified({64, 32}), {grid, other}, some({{{1, 0, 0}}, {{0, 2, 0}}}));
  test->channels = 2, test->tileLimit = 1024;

  grid = gridOf(bspline(7), {12, 6}, {c, p}, 1);
  test = &add("2-D, degree 7, shorter than the neighbourhood", points(2, 300, grid), {grid}, closed(2, 1));
  test->channels = 3;
  grid = gridOf(bspline(5), {10, 16}, {c, p}, 2);
  test = &add("2-D, degree 5, all edges near", points(2, 290, grid), {grid}, closed(2, 2));
  test->map = separate, test->channels = 2;
  grid = gridOf(gaussian(3), {12, 8}, {c, p}, 2);
  test = &add("2-D, 3 rings, all edges near", points(2, 270, grid), {grid}, closed(2, 1));
  test->channels = 2, test->tileLimit = 112;
  grid = gridOf(gaussian(1, 1.5), {18, 12, 10}, {e, p, c}, 2);
  test = &add("3-D, mixed edges", points(3, 400, grid), {grid}, closed(3, 1));
  test->channels = 2, test->map = separate, test->tileLimit = 160;
  grid = gridOf(bspline(3), {9, 6, 6}, {c, e, p}, 1);
  test = &add("3-D, boxes across cells, order 2", stratified({8, 6, 5}), {grid}, closed(3, 2));
  test->channels = 8;
  grid = gridOf(gaussian(5), {5, 4, 3}, {e, c, e}, 1);
  add("3-D, 5 rings, order 4", points(3, 3, grid), {grid}, closed(3, 4)).large = true;
  grid = gridOf(bspline(9), {12, 11, 3}, {c, e, p}, 1);
  add("3-D, degree 9, order 3", points(3, 16, grid), {grid}, some({{{1, 1, 1}}, {{0, 0, 3}}})).large = true;

  for (const KernelKind kind : {KernelKind::inverseQuadratic, KernelKind::inverseMultiquadric}) {
    const bool quadratic = kind == KernelKind::inverseQuadratic;
    const auto radial = [&](int rings) { return Kernel1d{kind, 1.2, rings, 1}; };
    grid = gridOf(radial(quadratic ? 3 : 1), {20}, {quadratic ? p : c}, 3);
    add(quadratic ? "radial 1, 1-D, order 3" : "radial 1/2, 1-D, order 4", points(1, 17, grid), {grid}, closed(1, quadratic ? 3 : 4));
    grid = gridOf(radial(2), {10, 6}, {c, quadratic ? e : p}, 2);
    test = &add(quadratic ? "radial 1, 2-D, boxes across cells" : "radial 1/2, 2-D, short periodic axis",
                quadratic ? stratified({7, 5}) : points(2, 31, grid), {grid}, closed(2, quadratic ? 1 : 2));
    test->channels = 2, test->tileLimit = 16, test->map = quadratic ? separate : ChannelMap::sumLevels;
    if (quadratic) add("radial 1, tensor", tensor({9, 5}, true), {grid}, closed(2, 1)).tileLimit = 80;
    grid = gridOf(radial(1), {4, 3, 2}, {e, c, p}, 1);
    add(quadratic ? "radial 1, 3-D" : "radial 1/2, 3-D, order 4", points(3, 16, grid), {grid}, closed(3, quadratic ? 1 : 4));
  }
  return all;
}

void cases() {
  bool inFloat = false;
  for (const EncoderCase& test : encoderCases()) {
    const bool races = cuda_emulation::instrumented();
    if (races && test.large) continue;
    inFloat = !inFloat;  // the detector sees one precision of each
    if (!races || inFloat) testCase(std::string(test.name) + ", float", [&] { run<float>(test); });
    if (!races || !inFloat) testCase(std::string(test.name) + ", double", [&] { run<double>(test); });
  }
}

}  // namespace
}  // namespace dinf::op_tests

int main(int argc, char** argv) { return dinf::op_tests::finish(argc, argv, dinf::op_tests::cases); }
