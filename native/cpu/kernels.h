// The CPU kernels as a table of functions. cpu/isa/*.cpp is compiled once an instruction set, each into a namespace of its
// own; dispatch.cpp picks one table at run time. Kernels are single-threaded, allocate nothing and throw nothing:
// backend_cpu.cpp spreads them over threads and owns their scratch memory.
#pragma once
#include <cstdint>
#include "core/backend.h"

namespace dinf {

// One axis of a tensor-product sample set at one level: taps[q] weights of order a start at weight + (a * count + q) * taps,
// and apply to the packed nodes start[q] ... start[q] + taps - 1. An absent axis has one sample, one tap, weight one.
template <class Real>
struct AxisTable {
  const int32_t* start;
  const Real* weight;
  int64_t count;  // samples, axis 0 padded to whole lane groups
  int taps;
};

template <class Real>
struct TensorLevel {
  AxisTable<Real> lead, mid, last;
  int64_t offset;       // of the level's packed plane (or of the band's accumulator)
  int64_t rowStride;    // packed stride of axis 0
  int64_t midStride;    // packed stride of the middle axis
  int64_t midNodes, lastNodes;
  int64_t firstRow;     // row of axis 0 that `offset` points at (0 for packed planes)
};

template <class Real>
struct TensorCall {
  int levels;
  TensorLevel<Real> level[kMaxLevels];
  int planes;
  int lead[kMaxPlanes], mid[kMaxPlanes], last[kMaxPlanes];  // derivative order of each plane on each axis
  int leadOrders, midOrders;                                // 1 + highest order asked for
};

// Scratch a slab needs, in values.
template <class Real>
int64_t tensorScratch(const TensorCall<Real>& call) {
  int64_t size = 0;
  for (int s = 0; s < call.levels; ++s) {
    const TensorLevel<Real>& level = call.level[s];
    size += call.leadOrders * (level.rowStride + 2 * kLanes) * kLanes;
    size += int64_t{call.leadOrders} * call.midOrders * (level.lastNodes + kLanes) * kLanes;
  }
  return size + kLanes;
}

// The same whatever the precision of the grid.
struct ScatteredCall {
  int dims, levels;
  int firstLevel;  // global index of level[0]
  Kernel1d kernel;
  Edge edge[kMaxDims];
  int cells[kMaxDims];            // of the finest level of the grid
  int lastCell[kMaxDims];         // of the finest level that a sample may lie in
  KnotTable knots[kMaxDims];
  int64_t offset[kMaxLevels];     // packed plane (or accumulator) of each level
  int64_t stride0[kMaxLevels], stride1[kMaxLevels];
  int64_t firstRow[kMaxLevels];
  const double* unit[kMaxDims];   // unit coordinates, internal order
  JetSet jets;
  // Packed channels that take the same weights. Output channel: the packed one (levels summed), or level * channels + it.
  int channels;
  bool separate;
  int64_t channelStride;  // between channels of the packed planes, or of the accumulator
  int64_t outputStride;   // between output channels of the jets
};

template <class Real>
struct RunCall {
  const uint16_t* code;
  int instructions, registers;
  const Real* const* constants;    // broadcast columns, kProgramColumn values each
  int constantCount, inputCount, sumCount;
  const Real* const* inputs;       // at the first sample of the run; a broadcast input has stride 0
  const int* inputStride;          // 1 or 0
  Real* const* stores;             // at the first sample; null: not wanted
  double* sums;
  Real* scratch;                   // registers * kProgramColumn
};
constexpr int kProgramColumn = 64;

template <class Real>
struct MlpCall {
  const MlpShape* shape;
  const JetSet* jets;
  const JetProduct* product;
  const Real* weights;
  const Real* weightTangents;  // tangent only
  int64_t planeStride;         // between planes of the jets in memory; channels are planes * planeStride apart
  const Real* in;
  const Real* inTangent;
  Real* out;
  const Real* outAdjoint;
  Real* inAdjoint;
  double* weightAdjoints;
  Real* scratch;
  Real* state;         // forward writes it, the adjoint reads it, at the first sample of the piece; null: neither
};

template <class Real>
struct RefineCall {
  int rings;
  const Real* mask;            // of the last axis, math/refinement.h
  const Real* const* rows;     // of the level that is read
  const Real* weight;          // of each row
  int count;                   // rows
  int64_t fine, coarse;        // packed nodes of a row
};
inline int64_t refineScratch(int64_t fine, int64_t coarse) { return fine + 2 * coarse + kMaxTaps; }

template <class Real>
struct CpuKernels {
  const char* name;
  void (*encodeTensor)(const TensorCall<Real>&, const Real* packed, int64_t slab, Real* out, int64_t planeStride, Real* scratch);
  void (*encodeTensorAdjoint)(const TensorCall<Real>&, Real* accumulator, int64_t slab, const Real* in, int64_t planeStride,
                              Real* scratch);
  // Samples [begin, end) of the set; planes are planeStride apart, `out` is the first of them at `begin`.
  void (*encodeScattered)(const ScatteredCall&, const Real* packed, int64_t begin, int64_t end, Real* out, int64_t planeStride);
  void (*encodeScatteredAdjoint)(const ScatteredCall&, Real* accumulator, int64_t begin, int64_t end, const Real* in,
                                 int64_t planeStride);
  // Squares of sum_p coefficient[p] w^(plane[p]).
  void (*encodeScatteredSquares)(const ScatteredCall&, Real* accumulator, int64_t begin, int64_t end, int terms,
                                 const int* plane, const Real* const* coefficient);
  // The same three for radial kernels.
  void (*encodeRadial)(const ScatteredCall&, const Real* packed, int64_t begin, int64_t end, Real* out, int64_t planeStride);
  void (*encodeRadialAdjoint)(const ScatteredCall&, Real* accumulator, int64_t begin, int64_t end, const Real* in,
                              int64_t planeStride);
  void (*encodeRadialSquares)(const ScatteredCall&, Real* accumulator, int64_t begin, int64_t end, int terms, const int* plane,
                              const Real* const* coefficient);
  void (*run)(const RunCall<Real>&, int64_t count);
  void (*mlp)(const MlpCall<Real>&, int64_t begin, int64_t end);
  void (*mlpTangent)(const MlpCall<Real>&, int64_t begin, int64_t end);
  void (*mlpAdjoint)(const MlpCall<Real>&, int64_t begin, int64_t end);
  int64_t (*mlpScratch)(const MlpShape&, const JetSet&);
  int64_t (*mlpState)(const MlpShape&, const JetSet&);
  // out[i] = sum_f weight[f] * in[f * stride + i] + bias
  void (*combine)(Real* out, const Real* in, const Real* weight, int terms, int64_t stride, Real bias, int64_t count);
  // out[f * stride + i] (+)= weight[f] * in[i], and dots[f] += sum_i in[i] * values[f * stride + i]
  void (*spread)(Real* out, const Real* in, const Real* values, const Real* weight, int terms, int64_t stride, bool add, int64_t count,
                 double* dots);
  // A row along the last axis of the finer of two nested levels, base + what the coarser one gives it: `rows` of that level with the
  // weights of the other axes. `base` may be `out` or null (nothing). And the adjoint, a coarse row from fine ones; overwrites.
  // Scratch: refineScratch values.
  void (*refineRow)(const RefineCall<Real>&, const Real* base, Real* out, Real* scratch);
  void (*refineRowAdjoint)(const RefineCall<Real>&, Real* out, Real* scratch);
  // Philox words of counters (first + i, iteration, term, stream), i < groups: out[4 i + k] is word k.
  void (*randomBits)(uint64_t seed, uint32_t first, uint32_t iteration, uint32_t term, uint32_t stream, int64_t groups, uint32_t* out);
  double (*dot)(const Real* x, const Real* y, int64_t count);
  void (*axpy)(Real* y, Real a, const Real* x, int64_t count);
  void (*xpby)(Real* y, const Real* x, Real b, int64_t count);
  void (*multiply)(Real* out, const Real* x, const Real* y, int64_t count);
  void (*add)(Real* y, const Real* x, int64_t count);
  void (*adam)(Real* parameters, const Real* gradient, Real* first, Real* second, int64_t count, Real step, Real beta1, Real beta2,
               Real epsilon, Real inverseRootCorrection);
};

template <class Real>
const CpuKernels<Real>& cpuKernels();
// The name of the instruction set in use: DINF_CPU_ISA=v2 or v3 in the environment lowers it (for tests).
const char* cpuInstructionSet();

}  // namespace dinf
