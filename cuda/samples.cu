#include "cuda/samples.h"
#include "math/philox.h"

namespace dinf::cuda {
namespace {

constexpr int kThreads = 256;
dim3 blocks(int64_t count) { return dim3(blocksFor(count, kThreads)); }

struct Boxes {
  int dims;
  int64_t boxes[kMaxDims];
  double* unit[kMaxDims];
};

// One sample in its box, from (seed, user index, iteration, term) alone. 24 bytes written, 8 read a sample in 2-D.
__global__ void stratifiedKernel(const __grid_constant__ Boxes set,
                                 const int64_t* __restrict__ order,
                                 int64_t userCount,
                                 int64_t count,
                                 uint64_t seed,
                                 uint32_t term,
                                 const double* __restrict__ iteration) {
  const int64_t i = int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (i >= count) return;
  const int64_t user = order[i < userCount ? i : userCount - 1];  // padding repeats the last sample
  const generic::Philox4 bits =
      generic::philox(seed, static_cast<uint32_t>(user), static_cast<uint32_t>(*iteration), term,
                      generic::kStreamSamples | static_cast<uint32_t>(user >> 32) << 8);
  int64_t rest = user;
#pragma unroll
  for (int k = kMaxDims - 1; k >= 0; --k) {
    if (k >= set.dims) continue;
    set.unit[k][i] = (static_cast<double>(rest % set.boxes[k]) + generic::philoxUniform(bits.v[k])) / static_cast<double>(set.boxes[k]);
    rest /= set.boxes[k];
  }
}

// Four draws a thread. Counts are integers: the order of the atomics does not matter.
__global__ void countKernel(unsigned* __restrict__ counts,
                            int64_t userCount,
                            int64_t draws,
                            uint64_t seed,
                            uint32_t term,
                            const double* __restrict__ iteration) {
  const int64_t four = int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (4 * four >= draws) return;
  const generic::Philox4 bits =
      generic::philox(seed, static_cast<uint32_t>(four), static_cast<uint32_t>(*iteration), term, generic::kStreamSamples);
#pragma unroll
  for (int k = 0; k < 4; ++k)
    if (4 * four + k < draws) atomicAdd(counts + ((uint64_t{bits.v[k]} * static_cast<uint64_t>(userCount)) >> 32), 1u);
}

// Leaves the counts at zero for the next draw: each is read by one thread.
template <class Real>
__global__ void weightKernel(double* __restrict__ weights,
                             Real* __restrict__ out,
                             unsigned* __restrict__ counts,
                             const int64_t* __restrict__ order,
                             double one,
                             int64_t count) {
  const int64_t i = int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (i >= count) return;
  const int64_t user = order[i];
  const double weight = user >= 0 ? counts[user] * one : 0;
  if (user >= 0) counts[user] = 0;
  weights[i] = weight;
  if (out) out[i] = static_cast<Real>(weight);
}

template <class Real>
__global__ void castKernel(Real* __restrict__ out, const double* __restrict__ in, double lower, double extent, int64_t count) {
  const int64_t i = int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (i < count) out[i] = static_cast<Real>(lower + in[i] * extent);
}

// What one block row of the grid writes: a plane of one input.
struct InputPlaneTable {
  int axis[2 * kMaxDims];
  int part[2 * kMaxDims];  // 0: 2 s - 1, or sin of a periodic axis; 1: its cos
  bool periodic[2 * kMaxDims];
  const double* unit[kMaxDims];
  int planes;
  MultiIndex index[kMaxPlanes];
};

// Taylor coefficients in the unit box: of 2 s - 1, and a-fold those of sin and cos, (2 pi)^a / a! sin(2 pi s + a pi / 2).
template <class Real>
__global__ void coordinateJetKernel(const __grid_constant__ InputPlaneTable table, Real* __restrict__ out, int64_t begin, int64_t count) {
  const int64_t i = int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (i >= count) return;
  const int input = blockIdx.y / table.planes, plane = blockIdx.y % table.planes, axis = table.axis[input];
  const MultiIndex& index = table.index[plane];
  const int order = index.a[axis], total = index.a[0] + index.a[1] + index.a[2];
  double value = 0;
  if (total == order && !table.periodic[input]) value = order == 0 ? 2 * table.unit[axis][begin + i] - 1 : order == 1 ? 2 : 0;
  if (total == order && table.periodic[input]) {
    const double turn = 6.283185307179586477;
    double sine, cosine;
    sincos(turn * table.unit[axis][begin + i], &sine, &cosine);
    const int quarter = order + table.part[input];
    value = quarter % 2 ? cosine : sine;
    if (quarter % 4 >= 2) value = -value;
    for (int a = 1; a <= order; ++a) value *= turn / a;
  }
  out[int64_t{blockIdx.y} * count + i] = static_cast<Real>(value);
}

}  // namespace

DeviceSamples::DeviceSamples(Context& context, const SampleSet& set) {
  for (int k = 0; k < set.dims(); ++k) {
    unit[k] = Buffer<double>(context, set.paddedCount());
    unit[k].upload(set.unit(k));
  }
  weights = Buffer<double>(context, set.paddedCount());
  weights.upload(set.weights());
  order = Buffer<int64_t>(context, set.paddedCount());
  order.upload(set.order());
  if (set.spec().draws == 0) return;
  counts = Buffer<unsigned>(context, set.userCount());
  checkCuda(cudaMemsetAsync(counts.data(), 0, set.userCount() * sizeof(unsigned), context.stream()), "clearing counts");
}

DeviceSamples& deviceSamples(Context& context, const SampleSet& set) {
  if (!set.mirror) set.mirror = std::make_unique<DeviceSamples>(context, set);
  return static_cast<DeviceSamples&>(*set.mirror);
}

template <class Real>
void draw(Context& context, SampleSet& set, uint64_t seed, uint32_t term, int iterationSlot, Real* weights) {
  DeviceSamples& device = deviceSamples(context, set);
  const int64_t count = set.paddedCount();
  const double* iteration = context.slots() + iterationSlot;
  if (set.spec().kind == SampleKind::stratified) {
    Boxes boxes{set.dims(), {}, {}};
    for (int k = 0; k < set.dims(); ++k) {
      boxes.boxes[k] = set.spec().boxes[k];
      boxes.unit[k] = device.unit[k].data();
    }
    launch(stratifiedKernel, blocks(count), dim3(kThreads), 0, context.stream(), boxes, device.order.data(), set.userCount(), count, seed,
           term, iteration);
    for (FollowsSamples* follower : device.followers) follower->samplesMoved();
  } else if (set.spec().draws > 0) {
    const int64_t draws = set.spec().draws;
    launch(countKernel, blocks((draws + 3) / 4), dim3(kThreads), 0, context.stream(), device.counts.data(), set.userCount(), draws, seed,
           term, iteration);
    launch(weightKernel<Real>, blocks(count), dim3(kThreads), 0, context.stream(), device.weights.data(), weights, device.counts.data(),
           device.order.data(), 1.0 / static_cast<double>(draws), count);
  }
}

void fetchDraw(Context& context, SampleSet& set) {
  const DeviceSamples& device = deviceSamples(context, set);
  const size_t bytes = set.paddedCount() * sizeof(double);
  const auto fetch = [&](std::vector<double>& to, const Buffer<double>& from) {
    checkCuda(cudaMemcpyAsync(to.data(), from.data(), bytes, cudaMemcpyDeviceToHost, context.stream()), "download of samples");
  };
  for (int k = 0; k < set.dims(); ++k) fetch(set.unit(k), device.unit[k]);
  fetch(set.weights(), device.weights);
  context.synchronize();
}

template <class Real>
void sampleWeights(Context& context, const SampleSet& set, Real* out) {
  launch(castKernel<Real>, blocks(set.paddedCount()), dim3(kThreads), 0, context.stream(), out, deviceSamples(context, set).weights.data(),
         0.0, 1.0, set.paddedCount());
}

template <class Real>
void coordinates(Context& context, const SampleSet& set, int64_t begin, int64_t count, int axis, Real* out) {
  const double lower = set.spec().lower[axis], extent = set.spec().upper[axis] - lower;
  launch(castKernel<Real>, blocks(count), dim3(kThreads), 0, context.stream(), out, deviceSamples(context, set).unit[axis].data() + begin,
         lower, extent, count);
}

template <class Real>
void coordinateJets(Context& context, const SampleSet& set, int64_t begin, int64_t count, const JetSet& jets, const CoordinateInputs& inputs,
                    Real* out) {
  InputPlaneTable table{};
  int number = 0;
  for (int k = 0; k < inputs.dims; ++k) {
    table.unit[k] = deviceSamples(context, set).unit[k].data();
    for (int part = 0; part < (inputs.periodic[k] ? 2 : 1); ++part, ++number) {
      table.axis[number] = k;
      table.part[number] = part;
      table.periodic[number] = inputs.periodic[k];
    }
  }
  table.planes = jets.count;
  for (int p = 0; p < jets.count; ++p) table.index[p] = jets.index[p];
  dim3 grid = blocks(count);
  grid.y = number * jets.count;
  launch(coordinateJetKernel<Real>, grid, dim3(kThreads), 0, context.stream(), table, out, begin, count);
}

#define DINF_INSTANTIATE(Real)                                                                                                \
  template void draw<Real>(Context&, SampleSet&, uint64_t, uint32_t, int, Real*);                                              \
  template void sampleWeights<Real>(Context&, const SampleSet&, Real*);                                                        \
  template void coordinates<Real>(Context&, const SampleSet&, int64_t, int64_t, int, Real*);                                   \
  template void coordinateJets<Real>(Context&, const SampleSet&, int64_t, int64_t, const JetSet&, const CoordinateInputs&, Real*);
DINF_INSTANTIATE(float)
DINF_INSTANTIATE(double)

}  // namespace dinf::cuda
