// The CPU backend: spreads the kernels of one instruction set over a pool of threads. Work is split by bands and fixed
// chunks, never by threads, and every sum runs in an order that the problem alone decides.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <new>
#include <utility>
#include "cpu/backend_cpu.h"
#include "cpu/binding.h"
#include "cpu/draws.h"
#include "cpu/encoder.h"
#include "cpu/folding.h"
#include "cpu/kernels.h"
#include "cpu/pieces.h"
#include "cpu/refinement.h"
#include "cpu/thread_pool.h"

namespace dinf {
namespace {

// No arithmetic on the bytes of fewer values overflows, where addresses have 32 bits neither.
constexpr int64_t kMostValues = sizeof(size_t) == 8 ? int64_t{1} << 48 : int64_t{1} << 28;

template <class Real>
class CpuBackend final : public Backend<Real> {
 public:
  explicit CpuBackend(int threads) : pool_(threads), kernels_(cpuKernels<Real>()), scratch_(pool_.threads()) {}

  void rest() override { pool_.rest(); }
  ThreadPool& hostThreads() override { return pool_; }

  Real* allocate(int64_t count) override {
    check(count < kMostValues, ErrorCode::outOfMemory, "cannot allocate " + std::to_string(count) + " values");
    const size_t bytes = (static_cast<size_t>(std::max<int64_t>(count, 1)) * sizeof(Real) + 63) / 64 * 64;
    void* memory = std::aligned_alloc(64, bytes);
    check(memory != nullptr, ErrorCode::outOfMemory, "cannot allocate " + std::to_string(bytes) + " bytes");
    std::fill_n(static_cast<char*>(memory), bytes, 0);
    return static_cast<Real*>(memory);
  }
  void release(Real* buffer) override { std::free(buffer); }
  void upload(Real* to, const Real* from, int64_t count) override { std::copy_n(from, count, to); }
  void download(Real* to, const Real* from, int64_t count) override { std::copy_n(from, count, to); }
  void fill(Real* to, Real value, int64_t count) override {
    pool_.chunks(count, [&](int64_t at, int64_t n) { std::fill_n(to + at, n, value); });
  }
  void copy(Real* to, const Real* from, int64_t count) override {
    pool_.chunks(count, [&](int64_t at, int64_t n) { std::copy_n(from + at, n, to + at); });
  }

  double* allocateSums(int64_t count) override {
    check(count < kMostValues, ErrorCode::outOfMemory, "cannot allocate " + std::to_string(count) + " values");
    return new double[std::max<int64_t>(count, 1)]();
  }
  void releaseSums(double* sums) override { delete[] sums; }
  void clearSums(double* sums, int64_t count) override { std::fill_n(sums, count, 0.0); }
  void collectSums(Real* out, const double* sums, int64_t parts, int64_t count) override {
    for (int64_t i = 0; i < count; ++i) {
      double sum = 0;
      for (int64_t part = 0; part < parts; ++part) sum += sums[part * count + i];
      out[i] = static_cast<Real>(sum);
    }
  }

  // --- iterations: ops are done when they return, so a recording is its body

  std::unique_ptr<Recording> record(std::function<void()> body) override {
    struct Replay final : Recording {
      explicit Replay(std::function<void()> body) : body(std::move(body)) {}
      void play() override { body(); }
      std::function<void()> body;
    };
    return std::make_unique<Replay>(std::move(body));
  }
  int playsAhead() const override { return 1; }
  void publish(int first, int count) override {
    std::copy_n(slots_.begin() + first, count, log_.begin() + lines_++ % Backend<Real>::kLogLines * Backend<Real>::kLogWidth);
  }
  int64_t waitFor(int64_t) override { return lines_; }
  const double* line(int64_t number) const override {
    return log_.data() + number % Backend<Real>::kLogLines * Backend<Real>::kLogWidth;
  }

  // --- samples

  SampleOrder sampleOrder() const override { return SampleOrder::bands; }
  void fetchDraw(SampleSet&) override {}  // it works in the set's memory
  void draw(SampleSet& samples, uint64_t seed, uint32_t term, int iterationSlot, Real* weights) override {
    const uint32_t iteration = static_cast<uint32_t>(slots_[iterationSlot]);
    if (samples.spec().kind == SampleKind::stratified) draws_.stratified(samples, seed, term, iteration);
    else if (samples.spec().draws > 0) {
      draws_.counts(samples, seed, term, iteration);
      if (weights) this->weights(samples, weights);
    }
  }

  std::unique_ptr<Binding> bind(const GridShape& grid, const SampleSet& samples, const JetSet& jets, int channels,
                                ChannelMap map) override {
    return std::make_unique<CpuBinding<Real>>(grid, samples, jets, channels, map);
  }

  void coordinates(const SampleSet& samples, const Tile& tile, int axis, Real* out) override {
    const double lower = samples.spec().lower[axis], extent = samples.spec().upper[axis] - lower;
    pool_.parallelFor(static_cast<int64_t>(tile.segments.size()), [&](int64_t i, int) {
      const Segment& segment = tile.segments[i];
      if (!samples.isTensor()) {
        const double* unit = samples.unit(axis).data() + segment.begin;
        for (int64_t n = 0; n < segment.end - segment.begin; ++n) out[segment.local + n] = static_cast<Real>(lower + unit[n] * extent);
        return;
      }
      double x[kMaxDims];
      for (int64_t n = segment.begin; n < segment.end; ++n) {
        samples.coordinates(n, x);
        out[segment.local + n - segment.begin] = static_cast<Real>(x[axis]);
      }
    });
  }

  // Taylor coefficients in the unit box: of 2 s - 1, and a-fold those of sin and cos, (2 pi)^a / a! sin(2 pi s + a pi / 2).
  void coordinateJets(const SampleSet& samples, const Tile& tile, const JetSet& jets, const CoordinateInputs& inputs,
                      Real* out) override {
    constexpr double kTurn = 6.283185307179586477;
    const std::vector<Segment> parts = pieces(tile, kPiece);
    pool_.parallelFor(static_cast<int64_t>(parts.size()), [&](int64_t i, int) {
      const Segment& at = parts[i];
      const int64_t count = at.end - at.begin;
      Real* to = out + at.local;
      for (int k = 0; k < inputs.dims; ++k)
        for (int part = 0; part < (inputs.periodic[k] ? 2 : 1); ++part)
          for (int p = 0; p < jets.count; ++p, to += tile.size) {
            const int order = jets.index[p].a[k];
            if (jets.index[p].order() != order || (order > 1 && !inputs.periodic[k])) {
              std::fill_n(to, count, Real(0));
            } else if (!inputs.periodic[k] && order == 1) {
              std::fill_n(to, count, Real(2));
            } else {
              double scale = 1, unit[kMaxDims];
              for (int a = 1; a <= order; ++a) scale *= kTurn / a;
              for (int64_t n = 0; n < count; ++n) {
                samples.unitCoordinates(at.begin + n, unit);
                if (!inputs.periodic[k]) to[n] = static_cast<Real>(2 * unit[k] - 1);
                else {
                  const double sine = std::sin(kTurn * unit[k]), cosine = std::cos(kTurn * unit[k]);
                  const double value = (order + part) % 2 ? cosine : sine;
                  to[n] = static_cast<Real>((order + part) % 4 >= 2 ? -scale * value : scale * value);
                }
              }
            }
          }
    });
  }

  void weights(const SampleSet& samples, Real* out) override {
    pool_.chunks(samples.paddedCount(), [&](int64_t at, int64_t n) {
      for (int64_t i = at; i < at + n; ++i) out[i] = static_cast<Real>(samples.weightOf(i));
    });
  }

  // --- encoder

  void encode(const Binding& binding, const Tile& tile, const Real* packed, Real* jets) override {
    encoder_.encode(static_cast<const CpuBinding<Real>&>(binding), tile, packed, jets);
  }
  void encodeAdjointBegin(Binding& binding, Real* packed, bool add) override {
    if (!add) fill(packed, Real(0), binding.grid.packedSize(binding.channels));
    encoder_.adjointBegin(static_cast<CpuBinding<Real>&>(binding), packed);
  }
  void encodeAdjoint(Binding& binding, const Tile& tile, Real* jets, uint64_t absent) override {
    for (int c = 0; absent != 0 && c < binding.outputChannels(); ++c)
      for (int p = 0; p < binding.jets.count; ++p)
        if (absent >> p & 1) fill(jets + (int64_t{c} * binding.jets.count + p) * tile.size, Real(0), tile.size);
    encoder_.adjoint(static_cast<CpuBinding<Real>&>(binding), tile, jets);
  }
  void encodeSquares(Binding& binding, const Tile& tile, int output, const std::vector<JacobianPlane<Real>>& planes) override {
    encoder_.squares(static_cast<CpuBinding<Real>&>(binding), tile, output, planes);
  }
  void encodeAdjointEnd(Binding& binding) override { encoder_.adjointEnd(static_cast<CpuBinding<Real>&>(binding)); }

  // --- decoder

  void fold(const FoldShape& shape, const Real* parameters, Real* packed) override { folding_.fold(shape, parameters, packed); }
  void foldAdjoint(const FoldShape& shape, const Real* parameters, Real* packed, Real* gradient) override {
    folding_.foldAdjoint(shape, parameters, packed, gradient);
  }
  void foldAdjointAdam(const FoldShape& shape, Real* packed, const AdamVectors<Real>& vectors, const AdamSettings& settings) override {
    foldAdjoint(shape, vectors.parameters, packed, vectors.gradient);
    const int64_t grid = shape.grid.canonicalSize(shape.folded ? shape.outputs : shape.features);
    adam(vectors, shape.folded ? grid : grid + int64_t{shape.outputs} * (shape.grid.levels * shape.features + 1), settings);
  }
  void refine(const GridShape& grid, int channels, Real* levels, Real* finest) override {
    refinement_.refine(grid, channels, levels, finest);
  }
  void refineAdjoint(const GridShape& grid, int channels, const Real* finest, Real* levels) override {
    refinement_.refineAdjoint(grid, channels, finest, levels);
  }
  int mlpParts(const SampleSet& samples) const override { return samples.bands(); }
  int64_t mlpStateSize(const MlpShape& shape, const JetSet& jets) const override { return kernels_.mlpState(shape, jets); }
  void mlp(const MlpShape& shape, const JetSet& jets, const Real* weights, const Tile& tile, const Real* in, Real* out,
           Real* state) override {
    const JetProduct product(jets);
    const int64_t stateSize = mlpStateSize(shape, jets);
    eachMlpPiece(shape, jets, tile, [&](const Segment& at, int thread) {
      MlpCall<Real> call{};
      call.in = in;
      call.out = out;
      call.state = state ? state + at.local * stateSize : nullptr;
      kernels_.mlp(prepare(call, shape, jets, product, weights, tile, thread), at.local, at.local + at.end - at.begin);
    });
  }
  void mlpTangent(const MlpShape& shape, const JetSet& jets, const Real* weights, const Real* weightTangents, const Tile& tile,
                  const Real* in, const Real* inTangent, Real* outTangent) override {
    const JetProduct product(jets);
    eachMlpPiece(shape, jets, tile, [&](const Segment& at, int thread) {
      MlpCall<Real> call{};
      call.in = in;
      call.inTangent = inTangent;
      call.weightTangents = weightTangents;
      call.out = outTangent;
      kernels_.mlpTangent(prepare(call, shape, jets, product, weights, tile, thread), at.local, at.local + at.end - at.begin);
    });
  }
  void mlpAdjoint(const MlpShape& shape, const JetSet& jets, const Real* weights, const Tile& tile, const Real* in, Real* state,
                  const Real* outAdjoint, Real* inAdjoint, double* weightAdjoints) override {
    const JetProduct product(jets);
    const int64_t stateSize = mlpStateSize(shape, jets);
    reserve(kernels_.mlpScratch(shape, jets));
    pool_.parallelFor(static_cast<int64_t>(tile.segments.size()), [&](int64_t i, int thread) {
      const Segment& at = tile.segments[i];
      MlpCall<Real> call{};
      call.in = in;
      call.outAdjoint = outAdjoint;
      call.inAdjoint = inAdjoint;
      call.state = state ? state + at.local * stateSize : nullptr;
      call.weightAdjoints = weightAdjoints + at.band * shape.parameterCount();
      kernels_.mlpAdjoint(prepare(call, shape, jets, product, weights, tile, thread), at.local, at.local + at.end - at.begin);
    });
  }

  // --- programs

  void run(const ProgramCall<Real>& call, const Tile& tile) override {
    const Program& program = *call.program;
    if (program.empty()) return;
    // One column a constant and a broadcast input, shared by all bands.
    std::vector<Real> columns;
    std::vector<const Real*> constants(program.constants.size());
    columns.resize((program.constants.size() + call.inputs.size()) * kProgramColumn);
    Real* column = columns.data();
    for (size_t i = 0; i < program.constants.size(); ++i, column += kProgramColumn)
      std::fill_n(const_cast<Real*>(constants[i] = column), kProgramColumn, static_cast<Real>(program.constants[i]));
    std::vector<const Real*> broadcast(call.inputs.size(), nullptr);
    for (size_t i = 0; i < call.inputs.size(); ++i)
      if (call.inputs[i].scope == InputPlane<Real>::broadcast) {
        std::fill_n(column, kProgramColumn, *call.inputs[i].data);
        broadcast[i] = column;
        column += kProgramColumn;
      }
    std::vector<double> bandSums(tile.segments.size() * program.sums, 0.0);
    const int64_t operands = program.registers + static_cast<int64_t>(constants.size() + call.inputs.size()) + 1;
    reserve(int64_t{program.registers} * kProgramColumn + operands * static_cast<int64_t>(sizeof(void*) / sizeof(Real) + 1));

    pool_.parallelFor(static_cast<int64_t>(tile.segments.size()), [&](int64_t s, int thread) {
      const Segment& at = tile.segments[s];
      std::vector<const Real*> inputs(call.inputs.size());
      std::vector<int> stride(call.inputs.size());
      for (size_t i = 0; i < call.inputs.size(); ++i) {
        const auto scope = call.inputs[i].scope;
        stride[i] = scope == InputPlane<Real>::broadcast ? 0 : 1;
        inputs[i] = stride[i] == 0 ? broadcast[i] : call.inputs[i].data + (scope == InputPlane<Real>::tile ? at.local : at.begin);
      }
      std::vector<Real*> stores(std::max<size_t>(program.stores, call.stores.size()), nullptr);
      for (size_t i = 0; i < call.stores.size(); ++i)
        if (call.stores[i].data) stores[i] = call.stores[i].data + (call.stores[i].scope == InputPlane<Real>::tile ? at.local : at.begin);
      RunCall<Real> run{};
      run.code = program.code.data();
      run.instructions = program.instructions();
      run.registers = program.registers;
      run.constants = constants.data();
      run.constantCount = static_cast<int>(constants.size());
      run.inputCount = static_cast<int>(inputs.size());
      run.sumCount = program.sums;
      run.inputs = inputs.data();
      run.inputStride = stride.data();
      run.stores = stores.data();
      run.sums = bandSums.data() + s * program.sums;
      run.scratch = scratch_[thread].data();
      kernels_.run(run, at.end - at.begin);
    });
    bool fresh = call.fresh;
    const auto add = [&](int slot, double total) { slots_[slot] = std::exchange(fresh, false) ? total : slots_[slot] + total; };
    for (int i = 0; i < program.sums && !call.sums.empty(); ++i) {
      double total = 0;
      for (size_t segment = 0; segment < tile.segments.size(); ++segment) total += bandSums[segment * program.sums + i];
      add(call.sums[i], total);
    }
    if (call.squares >= 0) add(call.squares, squaresOf(call, tile));
  }

  // --- slots

  void reserveSlots(int count) override {
    if (static_cast<int>(slots_.size()) < count) slots_.resize(count, 0.0);
  }
  void setSlot(int slot, double value) override { slots_[slot] = value; }
  double slot(int slot) override { return slots_[slot]; }
  void clearSlots(int first, int count) override { std::fill_n(slots_.begin() + first, count, 0.0); }
  void addSlots(int to, int first, int count) override {
    slots_[to] = 0;
    for (int i = 0; i < count; ++i) slots_[to] += slots_[first + i];
  }
  void copySlots(Real* out, int first, int count) override {
    for (int i = 0; i < count; ++i) out[i] = static_cast<Real>(slots_[first + i]);
  }
  void adamAdvance(const AdamSettings& settings, int lossSlot, int terms, int published) override {
    addSlots(lossSlot, lossSlot + 1, terms);
    generic::adamAdvance(slots_.data(), slots_[lossSlot], settings);
    publish(lossSlot, published);
  }

  // --- vectors

  void dot(const Real* x, const Real* y, int64_t count, int slot) override {
    std::vector<double> partial((count + ThreadPool::kChunk - 1) / ThreadPool::kChunk, 0.0);
    pool_.chunks(count, [&](int64_t at, int64_t n) { partial[at / ThreadPool::kChunk] = kernels_.dot(x + at, y + at, n); });
    double total = 0;
    for (const double p : partial) total += p;
    slots_[slot] = total;
  }
  void axpy(Real* y, double factor, int slot, const Real* x, int64_t count) override {
    const Real a = static_cast<Real>(factor * value(slot));
    if (a == 0) return;
    pool_.chunks(count, [&](int64_t at, int64_t n) { kernels_.axpy(y + at, a, x + at, n); });
  }
  void xpby(Real* y, const Real* x, int slot, int64_t count) override {
    const Real b = static_cast<Real>(value(slot));
    pool_.chunks(count, [&](int64_t at, int64_t n) { kernels_.xpby(y + at, x + at, b, n); });
  }
  void multiply(Real* out, const Real* x, const Real* y, int64_t count) override {
    pool_.chunks(count, [&](int64_t at, int64_t n) { kernels_.multiply(out + at, x + at, y + at, n); });
  }
  void inverseRoots(Real* out, const Real* squares, double floor, int64_t count) override {
    pool_.chunks(count, [&](int64_t at, int64_t n) {
      for (int64_t i = at; i < at + n; ++i) {
        const double s = static_cast<double>(squares[i]);
        out[i] = s > floor ? static_cast<Real>(1 / std::sqrt(s)) : Real(0);
      }
    });
  }
  void adam(const AdamVectors<Real>& all, int64_t count, const AdamSettings& settings) override {
    copyIf(AdamSlots::keep, all.best, all.parameters, count);
    if (slots_[AdamSlots::stopped] != 0) return;
    pool_.chunks(count, [&](int64_t at, int64_t n) {
      const AdamVectors<Real> v = all.from(at);
      kernels_.adam(v.parameters, v.gradient, v.first, v.second, n, static_cast<Real>(slots_[AdamSlots::rate]),
                    static_cast<Real>(settings.beta1), static_cast<Real>(settings.beta2), static_cast<Real>(settings.epsilon),
                    static_cast<Real>(slots_[AdamSlots::rootCorrection]));
    });
  }

  void cglsStep(Real* r, const Real* q, int64_t count) override {
    generic::cglsStep(slots_.data());
    axpy(r, -1, CglsSlots::alpha, q, count);
  }
  void cglsAdvance(Real* s, const Real* scale, const Real* y, const Real* p, int64_t count, const CglsSettings& settings) override {
    multiply(s, s, scale, count);
    if (y) {
      axpy(s, 1, CglsSlots::damping, y, count);
      axpy(s, -slots_[CglsSlots::damping], CglsSlots::alpha, p, count);
    }
    dot(s, s, count, CglsSlots::nextGamma);
    generic::cglsAdvance(slots_.data(), settings);
    publish(0, kStageSlots);
  }
  void cglsTurn(const CglsVectors<Real>& v, int64_t count, bool damped) override {
    axpy(v.y, -1, CglsSlots::alpha, v.p, count);
    copyIf(CglsSlots::keep, v.best, v.y, count);
    copyIf(CglsSlots::restore, v.y, v.best, count);
    xpby(v.p, v.s, CglsSlots::beta, count);
    multiply(v.d, v.p, v.scale, count);
    if (damped) dot(v.p, v.p, count, CglsSlots::stepNorm);
  }

 private:
  // Of all that a program has stored, band by band.
  double squaresOf(const ProgramCall<Real>& call, const Tile& tile) const {
    double total = 0;
    for (const OutputPlane<Real>& store : call.stores)
      for (const Segment& at : tile.segments) {
        if (!store.data) continue;
        const Real* from = store.data + (store.scope == InputPlane<Real>::tile ? at.local : at.begin);
        for (int64_t i = 0; i < at.end - at.begin; i += ThreadPool::kChunk)
          total += kernels_.dot(from + i, from + i, std::min<int64_t>(ThreadPool::kChunk, at.end - at.begin - i));
      }
    return total;
  }
  void copyIf(int slot, Real* to, const Real* from, int64_t count) {
    if (slots_[slot] != 0) copy(to, from, count);
  }
  double value(int slot) const { return slot == kOne ? 1.0 : slots_[slot]; }

  void reserve(int64_t size) {
    for (std::vector<Real>& s : scratch_)
      if (static_cast<int64_t>(s.size()) < size) s.resize(size);
  }

  MlpCall<Real>& prepare(MlpCall<Real>& call, const MlpShape& shape, const JetSet& jets, const JetProduct& product, const Real* weights,
                         const Tile& tile, int thread) {
    call.shape = &shape;
    call.jets = &jets;
    call.product = &product;
    call.weights = weights;
    call.planeStride = tile.size;
    call.scratch = scratch_[thread].data();
    return call;
  }
  template <class F>
  void eachMlpPiece(const MlpShape& shape, const JetSet& jets, const Tile& tile, F f) {
    reserve(kernels_.mlpScratch(shape, jets));
    const std::vector<Segment> parts = pieces(tile, kPiece);
    pool_.parallelFor(static_cast<int64_t>(parts.size()), [&](int64_t i, int thread) { f(parts[i], thread); });
  }

  ThreadPool pool_;
  const CpuKernels<Real>& kernels_;
  std::vector<std::vector<Real>> scratch_;
  CpuEncoder<Real> encoder_{pool_, kernels_};
  CpuFolding<Real> folding_{pool_, kernels_};
  CpuRefinement<Real> refinement_{pool_, kernels_};
  CpuDraws<Real> draws_{pool_, kernels_};
  std::vector<double> slots_ = std::vector<double>(kStageSlots, 0.0);
  std::vector<double> log_ = std::vector<double>(Backend<Real>::kLogLines * Backend<Real>::kLogWidth, 0.0);
  int64_t lines_ = 0;
};

}  // namespace

template <class Real>
std::unique_ptr<Backend<Real>> makeCpuBackend(int threads) {
  return std::make_unique<CpuBackend<Real>>(threads);
}
template std::unique_ptr<Backend<float>> makeCpuBackend<float>(int);
template std::unique_ptr<Backend<double>> makeCpuBackend<double>(int);

}  // namespace dinf
