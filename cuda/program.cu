// Runs a straight-line residual program over the samples of a tile. A thread takes 16 bytes of samples; the program's registers
// are columns of shared memory that only their thread reads, so that no barrier is needed and every access takes the fewest
// cycles; what does not fit lies in columns of global memory. Every thread of a launch runs the same step, so branches are
// uniform.
//
// Budget a step and warp: two or three accesses of 512 bytes, 4 cycles each, and about 40 instructions of dispatch and fetch.
#include <algorithm>
#include "cuda/ops.h"
#include "cuda/program_steps.h"
#include "cuda/reduce.h"

namespace dinf::cuda {
namespace {

constexpr int kMaxThreads = 128;

template <class Real>
struct ProgramArguments {
  const Step* __restrict__ steps;
  const Real* __restrict__ constants;
  const Real* const* __restrict__ inputs;
  Real* const* __restrict__ stores;
  const int* __restrict__ storesOfSet;  // 1: the plane starts at the set
  const int* __restrict__ sumSlots;
  WidePack<Real>* spilled;  // [column - sharedColumns][thread of the launch]
  double* partial;          // [sum][block]
  double* slots;
  unsigned* arrivals;
  int64_t begin, packs;
  int stepCount, sharedColumns, sums;
  bool squares;  // the last sum is of the squares of what is stored
  bool fresh;    // the first sum overwrites its slot
};

// What costs a call or many instructions, once in the code: for one value.
template <class Real>
__device__ __forceinline__ Real slowOp(Op op, Real a, Real b) {
  switch (op) {
    case Op::sqrt: return ::sqrt(a);
    case Op::log: return ::log(a);
    case Op::sin: return ::sin(a);
    case Op::cos: return ::cos(a);
    case Op::tan: return ::tan(a);
    case Op::asin: return ::asin(a);
    case Op::acos: return ::acos(a);
    case Op::atan: return ::atan(a);
    case Op::sinh: return ::sinh(a);
    case Op::cosh: return ::cosh(a);
    case Op::tanh: return ::tanh(a);
    case Op::pow: return ::pow(a, b);
    case Op::atan2: return ::atan2(a, b);
    default: return ::hypot(a, b);
  }
}

// Comparisons, minimum, maximum and signs as the CPU's: a NaN compares false, ties give the first.
template <class Real>
__device__ __forceinline__ WidePack<Real> compute(Op op, WidePack<Real> a, WidePack<Real> b, const WidePack<Real>& c) {
  constexpr int N = kPackWidth<Real>;
  constexpr Real zero = 0, one = 1;
  WidePack<Real> d;
#define DINF_EACH(expression)                     \
  _Pragma("unroll") for (int k = 0; k < N; ++k) { \
    const Real x = a.v[k];                        \
    [[maybe_unused]] const Real y = b.v[k];       \
    d.v[k] = expression;                          \
  }                                               \
  break
  switch (op) {
    case Op::add: DINF_EACH(x + y);
    case Op::sub: DINF_EACH(x - y);
    case Op::mul: DINF_EACH(x * y);
    case Op::div: DINF_EACH(x / y);
    case Op::neg: DINF_EACH(-x);
    case Op::abs: DINF_EACH(x < zero ? -x : x);
    case Op::sign: DINF_EACH(x > zero ? one : x < zero ? -one : zero);
    case Op::exp: DINF_EACH(::exp(x));
    case Op::min: DINF_EACH(y < x ? y : x);
    case Op::max: DINF_EACH(y > x ? y : x);
    case Op::lt: DINF_EACH(x < y ? one : zero);
    case Op::le: DINF_EACH(x <= y ? one : zero);
    case Op::eq: DINF_EACH(x == y ? one : zero);
    case Op::where: DINF_EACH(x != zero ? y : c.v[k]);
    case Op::mul0: DINF_EACH(x == zero ? zero : x * y);
    case Op::div0: DINF_EACH(y == zero ? zero : x / y);
    default:
      // One value after another through the same place: an index into a pack that is known at run time only would put it into
      // memory.
      d = a;
#pragma unroll 1
      for (int turn = 0; turn < N; ++turn) {
        const Real value = slowOp(op, a.v[0], b.v[0]);
#pragma unroll
        for (int k = 0; k + 1 < N; ++k) {
          a.v[k] = a.v[k + 1];
          b.v[k] = b.v[k + 1];
          d.v[k] = d.v[k + 1];
        }
        d.v[N - 1] = value;
      }
  }
#undef DINF_EACH
  return d;
}

// Counted (paper): 3.3 M warp instructions, 0.009 M wavefronts, 0.18 M sectors.
template <class Real>
__global__ void __launch_bounds__(kMaxThreads, 1) programKernel(const __grid_constant__ ProgramArguments<Real> run) {
  constexpr int N = kPackWidth<Real>;
  using Values = WidePack<Real>;
  const int threads = static_cast<int>(blockDim.x), thread = static_cast<int>(threadIdx.x), lane = thread % 32;
  Values* columns = blockShared<Values>() + thread;                                               // [column][thread]
  double* sums = reinterpret_cast<double*>(blockShared<Values>() + run.sharedColumns * threads);  // [sum][warp]
  const int warps = threads / 32, warp = thread / 32;
  for (int i = thread; i < run.sums * warps; i += threads) sums[i] = 0;
  __syncthreads();

  double squares = 0;
  const int64_t all = int64_t{gridDim.x} * threads, number = int64_t{blockIdx.x} * threads + thread;
  const auto place = [&](uint32_t column) {
    return static_cast<int>(column) < run.sharedColumns ? columns + column * threads
                                                        : run.spilled + (column - run.sharedColumns) * all + number;
  };
  // Warps stay whole, so that they can sum: a thread beyond the last sample computes with zeros and stores nothing. It reads no
  // plane either: the place may be stored to by its owner.
  for (int64_t first = int64_t{blockIdx.x} * threads + warp * 32; first < run.packs; first += all) {
    const bool active = first + lane < run.packs;
    const int64_t local = (first + lane) * N;
    Values last{};
    const auto fetch = [&](uint32_t operand) -> Values {
      const uint32_t index = operand & ((1u << kPlaceShift) - 1);
      switch (static_cast<Place>(operand >> kPlaceShift)) {
        case Place::column: return *place(index);
        case Place::tilePlane: return active ? *reinterpret_cast<const Values*>(run.inputs[index] + local) : Values{};
        case Place::setPlane: return active ? *reinterpret_cast<const Values*>(run.inputs[index] + run.begin + local) : Values{};
        case Place::constant:
        case Place::broadcast: {
          const Real value =
              static_cast<Place>(operand >> kPlaceShift) == Place::constant ? run.constants[index] : *run.inputs[index];
          Values values;
#pragma unroll
          for (int k = 0; k < N; ++k) values.v[k] = value;
          return values;
        }
        default: return last;  // `previous`, or no operand
      }
    };
    for (int i = 0; i < run.stepCount; ++i) {
      const Step step = run.steps[i];
      const Op op = static_cast<Op>(step.op);
      const Values a = fetch(step.operand[0]);
      if (op == Op::store) {
        const int64_t at = local + (run.storesOfSet[step.destination] ? run.begin : 0);
        if (active) {
          *reinterpret_cast<Values*>(run.stores[step.destination] + at) = a;
          if (run.squares)
#pragma unroll
            for (int k = 0; k < N; ++k) squares += static_cast<double>(a.v[k]) * static_cast<double>(a.v[k]);
        }
      } else if (op == Op::sum) {
        double sum = 0;
#pragma unroll
        for (int k = 0; k < N; ++k) sum += static_cast<double>(a.v[k]);
        sum = warpSum(active ? sum : 0);
        if (lane == 0) sums[step.destination * warps + warp] += sum;
      } else {
        const Values b = fetch(step.operand[1]);
        const Values c = op == Op::where ? fetch(step.operand[2]) : b;
        last = compute<Real>(op, a, b, c);
        if (step.destination != kNoColumn) *place(step.destination) = last;
      }
    }
  }
  if (run.sums == 0) return;
  if (run.squares) {
    squares = warpSum(squares);
    if (lane == 0) sums[(run.sums - 1) * warps + warp] = squares;
  }

  __syncthreads();
  for (int i = thread; i < run.sums; i += threads) {
    double sum = 0;
    for (int w = 0; w < warps; ++w) sum += sums[i * warps + w];
    run.partial[int64_t{i} * gridDim.x + blockIdx.x] = sum;
  }
  if (!lastToArrive(run.arrivals)) return;
  for (int i = warp; i < run.sums; i += warps) {
    double total = 0;
    for (unsigned b = lane; b < gridDim.x; b += 32) total += __ldcg(run.partial + int64_t{i} * gridDim.x + b);
    total = warpSum(total);
    if (lane != 0) continue;
    double& slot = run.slots[run.sumSlots[i]];
    slot = run.fresh && i == 0 ? total : slot + total;
  }
}

// A table that may be empty.
template <class T>
const T* tableOf(Context& context, const std::vector<T>& values) {
  return values.empty() ? nullptr : context.constant(values.data(), static_cast<int64_t>(values.size()));
}

}  // namespace

template <class Real>
void runProgram(Context& context, const ProgramCall<Real>& call, int64_t begin, int64_t count) {
  constexpr int64_t kPack = sizeof(WidePack<Real>), kRoom = 48 * 1024;
  const Program& program = *call.program;
  if (program.empty() || count <= 0) return;
  check(count % kLanes == 0 && begin % kLanes == 0, ErrorCode::internal,
        "a program runs over whole groups of " + std::to_string(kLanes) + " samples, not over " + std::to_string(count) +
            " from " + std::to_string(begin));
  int columns = 0;
  const std::vector<Step> steps = stepsOf(call, columns);
  if (steps.empty()) return;

  const auto aligned = [](const Real* plane) {
    check(reinterpret_cast<uintptr_t>(plane) % 16 == 0, ErrorCode::internal, "a plane of a program is not aligned to 16 bytes");
  };
  ProgramArguments<Real> run{};
  std::vector<const Real*> inputs;
  for (const InputPlane<Real>& input : call.inputs) {
    if (input.scope != InputPlane<Real>::broadcast) aligned(input.data);
    inputs.push_back(input.data);
  }
  std::vector<Real*> stores;
  std::vector<int> storesOfSet;
  for (const OutputPlane<Real>& store : call.stores) {
    aligned(store.data);
    stores.push_back(store.data);
    storesOfSet.push_back(store.scope == InputPlane<Real>::set);
  }
  std::vector<int> sumSlots;
  if (!call.sums.empty()) {
    check(static_cast<int>(call.sums.size()) >= program.sums, ErrorCode::internal, "a program has more sums than slots for them");
    sumSlots.assign(call.sums.begin(), call.sums.begin() + program.sums);
  }
  if (call.squares >= 0) sumSlots.push_back(call.squares);
  std::vector<int> sorted(sumSlots);
  std::sort(sorted.begin(), sorted.end());  // the last block adds to all slots at once
  check(std::adjacent_find(sorted.begin(), sorted.end()) == sorted.end(), ErrorCode::internal, "two sums of a program share a slot");
  std::vector<Real> constants(program.constants.size());
  std::transform(program.constants.begin(), program.constants.end(), constants.begin(),
                 [](double x) { return static_cast<Real>(x); });
  run.steps = tableOf(context, steps);
  run.constants = tableOf(context, constants);
  run.inputs = tableOf(context, inputs);
  run.stores = tableOf(context, stores);
  run.storesOfSet = tableOf(context, storesOfSet);
  run.sumSlots = tableOf(context, sumSlots);
  run.stepCount = static_cast<int>(steps.size());
  run.sums = static_cast<int>(sumSlots.size());
  run.squares = call.squares >= 0;
  run.fresh = call.fresh;
  run.slots = context.slots();
  run.arrivals = context.arrivals();
  run.begin = begin;
  run.packs = count / kPackWidth<Real>;

  // The most threads whose columns fit beside as many other blocks as a multiprocessor takes; one warp may take all it has.
  const int64_t limit = static_cast<int64_t>(dynamicRoom(reinterpret_cast<const void*>(&programKernel<Real>)));
  const auto bytes = [&](int64_t held, int64_t threads) {
    return held * threads * kPack + run.sums * (threads / 32) * int64_t{sizeof(double)};
  };
  int threads = kMaxThreads;
  while (threads > 32 && bytes(columns, threads) > kRoom) threads /= 2;
  const int64_t held = std::min<int64_t>(columns, (limit - bytes(0, threads)) / (threads * kPack));
  check(held >= 0, ErrorCode::expressionTooLarge,
        "a program of " + std::to_string(program.sums) + " sums does not fit the device's shared memory");
  run.sharedColumns = static_cast<int>(held);
  // Blocks beyond these walk on: the order of the sums follows from the count and the program alone.
  const int64_t most = held < columns ? 256 : 131072 / threads;
  const auto blocks = static_cast<unsigned>(std::min<int64_t>((run.packs + threads - 1) / threads, most));
  const int64_t partialBytes = (int64_t{run.sums} * blocks * sizeof(double) + 15) / 16 * 16;
  const int64_t spilledBytes = (columns - held) * threads * blocks * kPack;
  auto* room = static_cast<unsigned char*>(context.scratchBytes(static_cast<size_t>(partialBytes + spilledBytes)));
  run.partial = reinterpret_cast<double*>(room);
  run.spilled = reinterpret_cast<WidePack<Real>*>(room + partialBytes);
  launch(programKernel<Real>, blocks, threads, static_cast<size_t>(bytes(held, threads)), context.stream(), run);
}

template void runProgram<float>(Context&, const ProgramCall<float>&, int64_t, int64_t);
template void runProgram<double>(Context&, const ProgramCall<double>&, int64_t, int64_t);

}  // namespace dinf::cuda
