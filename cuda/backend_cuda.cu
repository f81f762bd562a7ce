// The CUDA backend: hands each op of the contract to its kernels, on one stream a solve. Nothing here waits for the device but
// download, slot and waitFor.
#include <algorithm>
#include <atomic>
#include <thread>
#include "core/check.h"
#include "core/lookahead.h"
#include "cpu/thread_pool.h"
#include "cuda/backend_cuda.h"
#include "cuda/encode.h"
#include "cuda/log.h"
#include "cuda/ops.h"

namespace dinf {
namespace cuda {
namespace {

// Pinned memory that the device writes and the host reads.
template <class T>
class PinnedArray {
 public:
  explicit PinnedArray(size_t count) {
    void* memory = nullptr;
    checkCuda(cudaHostAlloc(&memory, count * sizeof(T), cudaHostAllocPortable | cudaHostAllocMapped), "pinned memory");
    host_ = static_cast<T*>(memory);
    std::fill_n(host_, count, T{});
    checkCuda(cudaHostGetDevicePointer(&memory, host_, 0), "pinned memory");
    device_ = static_cast<T*>(memory);
  }
  ~PinnedArray() { cudaFreeHost(host_); }
  PinnedArray(const PinnedArray&) = delete;
  PinnedArray& operator=(const PinnedArray&) = delete;
  T* host() const { return host_; }
  T* device() const { return device_; }

 private:
  T *host_ = nullptr, *device_ = nullptr;
};

// The first play runs the ops as they come, which makes the buffers and tables that they want; the second captures them into a graph.
class GraphRecording final : public Recording {
 public:
  GraphRecording(const std::shared_ptr<Context>& context, std::function<void()> body) : context_(context), body_(std::move(body)) {
    context->beginRecording();
  }
  ~GraphRecording() override {
    const std::shared_ptr<Context> context = context_.lock();
    if (context) {
      cudaStreamSynchronize(context->stream());
      context->endRecording();
    }
    if (graph_) cudaGraphExecDestroy(graph_);
  }

  void play() override {
    const std::shared_ptr<Context> context = context_.lock();
    check(context != nullptr, ErrorCode::internal, "the backend that made this recording is gone");
    context->use();
    if (plays_++ == 0) {
      const Recorded scope(*context);
      body_();
      return;
    }
    if (!graph_) capture(*context);
    checkCuda(cudaGraphLaunch(graph_, context->stream()), "launch of an iteration");
  }

 private:
  struct Recorded {
    explicit Recorded(Context& context) : context(context) { context.setRecording(true); }
    ~Recorded() { context.setRecording(false); }
    Context& context;
  };

  void capture(Context& context) {
    const Recorded scope(context);
    // Relaxed: a table that the first play did not need may still be uploaded, on a stream of its own.
    checkCuda(cudaStreamBeginCapture(context.stream(), cudaStreamCaptureModeRelaxed), "recording an iteration");
    cudaGraph_t graph = nullptr;
    try {
      body_();
    } catch (...) {
      cudaStreamEndCapture(context.stream(), &graph);
      if (graph) cudaGraphDestroy(graph);
      throw;
    }
    checkCuda(cudaStreamEndCapture(context.stream(), &graph), "recording an iteration");
    const cudaError_t error = cudaGraphInstantiate(&graph_, graph, 0);
    cudaGraphDestroy(graph);
    checkCuda(error, "recording an iteration");
  }

  std::weak_ptr<Context> context_;  // a recording may outlive its backend, and then plays no more
  std::function<void()> body_;
  int64_t plays_ = 0;
  cudaGraphExec_t graph_ = nullptr;
};

template <class Real>
class CudaBackend final : public Backend<Real> {
 public:
  CudaBackend(int device, int64_t memoryLimit, int threads, bool tf32)
      : hostThreads_(threads),
        owned_(std::make_shared<Context>(device, memoryLimit, tf32)),
        context_(*owned_),
        log_(Backend<Real>::kLogWidth * Backend<Real>::kLogLines),
        published_(1),
        lines_(context_, 1) {
    checkCuda(cudaMemsetAsync(lines_.data(), 0, sizeof(int64_t), context_.stream()), "clearing the log");
  }

  void rest() override { hostThreads_.rest(); }
  ThreadPool& hostThreads() override { return hostThreads_; }

  // --- memory

  Real* allocate(int64_t count) override { return zeroed<Real>(count); }
  void release(Real* buffer) override { context_.releaseBytes(buffer); }
  void upload(Real* to, const Real* from, int64_t count) override {
    move(to, from, count * sizeof(Real), cudaMemcpyHostToDevice);
    context_.synchronize();
  }
  void download(Real* to, const Real* from, int64_t count) override {
    move(to, from, count * sizeof(Real), cudaMemcpyDeviceToHost);
    context_.synchronize();
  }
  void fill(Real* to, Real value, int64_t count) override {
    context_.use();
    if (count > 0) cuda::fill(context_, to, value, count);
  }
  void copy(Real* to, const Real* from, int64_t count) override { move(to, from, count * sizeof(Real), cudaMemcpyDeviceToDevice); }
  double* allocateSums(int64_t count) override { return zeroed<double>(count); }
  void releaseSums(double* sums) override { context_.releaseBytes(sums); }
  void clearSums(double* sums, int64_t count) override {
    context_.use();
    checkCuda(cudaMemsetAsync(sums, 0, count * sizeof(double), context_.stream()), "clearing sums");
  }
  void collectSums(Real* out, const double* sums, int64_t parts, int64_t count) override {
    context_.use();
    cuda::collectSums(context_, out, sums, parts, count);
  }

  // --- iterations

  std::unique_ptr<Recording> record(std::function<void()> body) override {
    return std::make_unique<GraphRecording>(owned_, std::move(body));
  }
  int playsAhead() const override { return lookahead_.plays(); }
  void publish(int first, int count) override {
    context_.use();
    cuda::publish(context_, first, count, log());
  }
  int64_t waitFor(int64_t lines) override {
    context_.use();
    for (int turn = 0;; ++turn) {
      const int64_t published = std::atomic_ref<int64_t>(*published_.host()).load(std::memory_order_acquire);
      if (published >= lines) {
        if (lines == 0) lookahead_.begin(published, Lookahead::Clock::now());
        else lookahead_.saw(published, Lookahead::Clock::now());
        return published;
      }
      const cudaError_t state = cudaStreamQuery(context_.stream());
      if (state != cudaErrorNotReady) {
        checkCuda(state, "an iteration");
        // Everything queued is done: what was not published by now never will be.
        const int64_t last = std::atomic_ref<int64_t>(*published_.host()).load(std::memory_order_acquire);
        check(last >= lines, ErrorCode::internal, "the device published fewer lines than it was asked for");
        return last;
      }
      if (turn < 64) std::this_thread::yield();
      else std::this_thread::sleep_for(std::chrono::microseconds(20));
    }
  }
  const double* line(int64_t number) const override { return log_.host() + number % Backend<Real>::kLogLines * Backend<Real>::kLogWidth; }

  // --- samples

  SampleOrder sampleOrder() const override { return SampleOrder::cells; }
  void draw(SampleSet& samples, uint64_t seed, uint32_t term, int iterationSlot, Real* weights) override {
    context_.use();
    cuda::draw(context_, samples, seed, term, iterationSlot, weights);
  }
  void fetchDraw(SampleSet& samples) override {
    context_.use();
    cuda::fetchDraw(context_, samples);
  }
  std::unique_ptr<Binding> bind(const GridShape& grid, const SampleSet& samples, const JetSet& jets, int channels, ChannelMap map) override {
    context_.use();
    return std::make_unique<CudaBinding<Real>>(context_, grid, samples, jets, channels, map);
  }
  void coordinates(const SampleSet& samples, const Tile& tile, int axis, Real* out) override {
    context_.use();
    cuda::coordinates(context_, samples, range(tile).begin, tile.size, axis, out);
  }
  void coordinateJets(const SampleSet& samples, const Tile& tile, const JetSet& jets, const CoordinateInputs& inputs, Real* out) override {
    context_.use();
    cuda::coordinateJets(context_, samples, range(tile).begin, tile.size, jets, inputs, out);
  }
  void weights(const SampleSet& samples, Real* out) override {
    context_.use();
    cuda::sampleWeights(context_, samples, out);
  }

  // --- encoder

  void encode(const Binding& general, const Tile& tile, const Real* packed, Real* jets) override {
    context_.use();
    const auto& binding = static_cast<const CudaBinding<Real>&>(general);
    const auto apply = binding.tensor ? cuda::encodeTensor<Real> : binding.grid.kernel.radial() ? cuda::encodeRadial<Real> : cuda::encode<Real>;
    apply(context_, binding, range(tile).begin, tile.size, packed, jets);
  }
  void encodeAdjointBegin(Binding& general, Real* packed, bool add) override {
    context_.use();
    static_cast<CudaBinding<Real>&>(general).beginAdjoint(packed, add);
  }
  void encodeAdjoint(Binding& general, const Tile& tile, Real* jetAdjoints, uint64_t absent) override {
    context_.use();
    auto& binding = static_cast<CudaBinding<Real>&>(general);
    if (binding.tensor) {
      cuda::encodeTensorAdjoint(context_, binding, range(tile).begin, tile.size, jetAdjoints, absent);
      return;
    }
    Sources<Real> sources{};
    for (int p = 0; p < binding.closed.count; ++p)
      if (binding.planeOf[p] >= 0 && (absent >> binding.planeOf[p] & 1) == 0) sources.plane[p] = jetAdjoints + binding.planeOf[p] * tile.size;
    sources.channelStride = binding.jets.count * tile.size;
    sources.channels = binding.channels;
    sources.levels = binding.grid.levels;
    if (binding.map == ChannelMap::separateLevels) sources.levelStride = sources.channelStride * binding.channels;
    applyAdjoint(binding, tile, sources);
  }
  // Rows of a summed channel reach every level; of separate levels, one.
  void encodeSquares(Binding& general, const Tile& tile, int output, const std::vector<JacobianPlane<Real>>& planes) override {
    context_.use();
    auto& binding = static_cast<CudaBinding<Real>&>(general);
    const bool separate = binding.map == ChannelMap::separateLevels;
    const int channel = separate ? output % binding.channels : output;
    const int firstLevel = separate ? output / binding.channels : 0, levels = separate ? 1 : binding.grid.levels;
    std::vector<PlaneValues<Real>> values;
    for (const JacobianPlane<Real>& plane : planes)
      values.push_back({plane.plane, plane.values + (plane.scope == InputPlane<Real>::tile ? 0 : range(tile).begin)});
    if (binding.tensor) {
      cuda::encodeTensorSquares(context_, binding, range(tile).begin, tile.size, values, channel, firstLevel, levels);
      return;
    }
    Sources<Real> sources{};
    for (const PlaneValues<Real>& plane : values) sources.plane[binding.closed.find(binding.jets.index[plane.plane])] = plane.values;
    sources.squares = true;
    sources.channels = 1;
    sources.firstPatch = channel;
    sources.firstLevel = firstLevel;
    sources.levels = levels;
    applyAdjoint(binding, tile, sources);
  }
  void encodeAdjointEnd(Binding& general) override {
    context_.use();
    static_cast<CudaBinding<Real>&>(general).endAdjoint();
  }

  // --- decoder

  void fold(const FoldShape& shape, const Real* parameters, Real* packed) override {
    context_.use();
    cuda::fold(context_, shape, parameters, packed);
  }
  void foldAdjoint(const FoldShape& shape, const Real* parameters, Real* packed, Real* gradient) override {
    context_.use();
    cuda::foldAdjoint(context_, shape, parameters, packed, gradient);
  }
  void foldAdjointAdam(const FoldShape& shape, Real* packed, const AdamVectors<Real>& vectors, const AdamSettings& settings) override {
    context_.use();
    cuda::foldAdjointAdam(context_, shape, packed, vectors, settings);
  }
  void refine(const GridShape& grid, int channels, Real* levels, Real* finest) override {
    context_.use();
    cuda::refine(context_, grid, channels, levels, finest);
  }
  void refineAdjoint(const GridShape& grid, int channels, const Real* finest, Real* levels) override {
    context_.use();
    cuda::refineAdjoint(context_, grid, channels, finest, levels);
  }
  int64_t mlpStateSize(const MlpShape& shape, const JetSet& jets) const override { return cuda::mlpStateSize<Real>(shape, jets); }
  void mlp(const MlpShape& shape, const JetSet& jets, const Real* weights, const Tile& tile, const Real* in, Real* out, Real* state) override {
    context_.use();
    cuda::mlp(context_, shape, jets, weights, tile.size, in, out, state);
  }
  void mlpTangent(const MlpShape& shape, const JetSet& jets, const Real* weights, const Real* weightTangents, const Tile& tile, const Real* in,
                  const Real* inTangent, Real* outTangent) override {
    context_.use();
    cuda::mlpTangent(context_, shape, jets, weights, weightTangents, tile.size, in, inTangent, outTangent);
  }
  int mlpParts(const SampleSet&) const override { return kMlpParts; }
  void mlpAdjoint(const MlpShape& shape, const JetSet& jets, const Real* weights, const Tile& tile, const Real* in, Real* state,
                  const Real* outAdjoint, Real* inAdjoint, double* weightAdjoints) override {
    context_.use();
    cuda::mlpAdjoint(context_, shape, jets, weights, tile.size, in, state, outAdjoint, inAdjoint, weightAdjoints);
  }

  // --- programs

  void run(const ProgramCall<Real>& call, const Tile& tile) override {
    if (call.program->empty()) return;
    context_.use();
    cuda::runProgram(context_, call, range(tile).begin, tile.size);
  }

  // --- slots

  void reserveSlots(int count) override { context_.reserveSlots(count); }
  void setSlot(int slot, double value) override {
    context_.use();
    cuda::setSlot(context_, slot, value);
  }
  double slot(int slot) override {
    double value;
    move(&value, context_.slots() + slot, sizeof value, cudaMemcpyDeviceToHost);
    context_.synchronize();
    return value;
  }
  void clearSlots(int first, int count) override {
    context_.use();
    if (count > 0) cuda::clearSlots(context_, first, count);
  }
  void addSlots(int to, int first, int count) override {
    context_.use();
    cuda::addSlots(context_, to, first, count);
  }
  void copySlots(Real* out, int first, int count) override {
    context_.use();
    if (count > 0) cuda::copySlots(context_, out, first, count);
  }
  void adamAdvance(const AdamSettings& settings, int lossSlot, int terms, int published) override {
    context_.use();
    cuda::adamAdvance(context_, settings, lossSlot, terms, published, log());
  }

  // --- vectors

  void dot(const Real* x, const Real* y, int64_t count, int slot) override {
    context_.use();
    cuda::dot(context_, x, y, count, slot);
  }
  void axpy(Real* y, double factor, int slot, const Real* x, int64_t count) override {
    context_.use();
    cuda::axpy(context_, y, factor, slot, x, count);
  }
  void xpby(Real* y, const Real* x, int slot, int64_t count) override {
    context_.use();
    cuda::xpby(context_, y, x, slot, count);
  }
  void multiply(Real* out, const Real* x, const Real* y, int64_t count) override {
    context_.use();
    cuda::multiply(context_, out, x, y, count);
  }
  void inverseRoots(Real* out, const Real* squares, double floor, int64_t count) override {
    context_.use();
    cuda::inverseRoots(context_, out, squares, floor, count);
  }
  void adam(const AdamVectors<Real>& vectors, int64_t count, const AdamSettings& settings) override {
    context_.use();
    cuda::adam(context_, vectors, count, settings);
  }
  void cglsStep(Real* r, const Real* q, int64_t count) override {
    context_.use();
    cuda::cglsStep(context_, r, q, count);
  }
  void cglsAdvance(Real* s, const Real* scale, const Real* y, const Real* p, int64_t count, const CglsSettings& settings) override {
    context_.use();
    cuda::cglsAdvance(context_, s, scale, y, p, count, settings, log());
  }
  void cglsTurn(const CglsVectors<Real>& vectors, int64_t count, bool damped) override {
    context_.use();
    cuda::cglsTurn(context_, vectors, count, damped);
  }

 private:
  // In cell order a set is one band, and a tile one range of it.
  static const Segment& range(const Tile& tile) { return tile.segments.front(); }

  Log log() const {
    return {log_.device(), published_.device(), lines_.data(), Backend<Real>::kLogWidth, Backend<Real>::kLogLines};
  }
  template <class T>
  T* zeroed(int64_t count) {
    check(count < int64_t{1} << 48, ErrorCode::outOfMemory, "cannot allocate " + std::to_string(count) + " values");
    context_.use();
    T* memory = context_.allocate<T>(std::max<int64_t>(count, 1));
    checkCuda(cudaMemsetAsync(memory, 0, std::max<int64_t>(count, 1) * sizeof(T), context_.stream()), "clearing memory");
    return memory;
  }
  void move(void* to, const void* from, size_t bytes, cudaMemcpyKind kind) {
    context_.use();
    if (bytes > 0) checkCuda(cudaMemcpyAsync(to, from, bytes, kind, context_.stream()), "a copy");
  }
  void applyAdjoint(CudaBinding<Real>& binding, const Tile& tile, const Sources<Real>& sources) {
    const auto apply = binding.grid.kernel.radial() ? cuda::encodeAdjointRadial<Real> : cuda::encodeAdjoint<Real>;
    apply(context_, binding, range(tile).begin, tile.size, sources);
  }

  ThreadPool hostThreads_;
  std::shared_ptr<Context> owned_;
  Context& context_;
  PinnedArray<double> log_;
  PinnedArray<int64_t> published_;
  Lookahead lookahead_{32};
  Buffer<int64_t> lines_;
};

}  // namespace
}  // namespace cuda

template <class Real>
std::unique_ptr<Backend<Real>> makeCudaBackend(int device, int64_t memoryLimit, int threads, bool tf32) {
  return std::make_unique<cuda::CudaBackend<Real>>(device, memoryLimit, threads, tf32);
}
template std::unique_ptr<Backend<float>> makeCudaBackend<float>(int, int64_t, int, bool);
template std::unique_ptr<Backend<double>> makeCudaBackend<double>(int, int64_t, int, bool);

}  // namespace dinf
