// The contract between the solver and a device: every op is declared here once. core/ calls nothing else; cpu/ and cuda/
// implement it. Real-valued buffers live where the backend allocates them; `double` scalars (dot products, sums) live in
// slots of a state block, so that no iteration needs the host.
#pragma once
#include <cstdint>
#include <memory>
#include "core/grid.h"
#include "core/program.h"
#include "core/samples.h"

namespace dinf {

enum class Activation : int { tanh = 0 };

struct MlpShape {
  int inputs = 0, outputs = 0;
  std::vector<int> hidden;
  Activation activation = Activation::tanh;
  // Layer by layer: weight (out, in) row-major, then bias (out).
  int layers() const { return static_cast<int>(hidden.size()) + 1; }
  int fanIn(int layer) const { return layer == 0 ? inputs : hidden[layer - 1]; }
  int fanOut(int layer) const { return layer + 1 == layers() ? outputs : hidden[layer]; }
  int64_t offset(int layer) const {
    int64_t at = 0;
    for (int i = 0; i < layer; ++i) at += int64_t{fanOut(i)} * (fanIn(i) + 1);
    return at;
  }
  int64_t parameterCount() const { return offset(layers()); }
};

// How a linear decoder's factors make the packed planes the encoder reads.
struct FoldShape {
  GridShape grid;
  int features = 1, outputs = 1;
  bool folded = false;     // parameters are the planes themselves (least squares); no decoder
  bool biasActive = true;  // some term reads the undifferentiated field
};

// grid x sample set x jet set: whatever a backend tabulates to encode them.
class Binding {
 public:
  Binding(const GridShape& grid, const SampleSet& samples, const JetSet& jets, int channels, ChannelMap map)
      : grid(grid), samples(samples), jets(jets), channels(channels), map(map) {}
  virtual ~Binding() = default;
  // Channels of the output jets: packed channels, or packed channels x levels.
  int outputChannels() const { return map == ChannelMap::sumLevels ? channels : channels * grid.levels; }

  const GridShape grid;
  const SampleSet& samples;
  const JetSet jets;
  const int channels;  // packed channels
  const ChannelMap map;
};

// One structurally non-zero derivative of a residual by a jet plane: its plane of values, for exact column norms.
template <class Real>
struct JacobianPlane {
  int plane;  // of the jet set
  const Real* values;
  typename InputPlane<Real>::Scope scope;
};

inline constexpr int kOne = -1;

template <class Real>
class Backend {
 public:
  virtual ~Backend() = default;

  virtual Real* allocate(int64_t count) = 0;  // zeroed
  virtual void release(Real* buffer) = 0;
  virtual void upload(Real* to, const Real* from, int64_t count) = 0;
  virtual void download(Real* to, const Real* from, int64_t count) = 0;
  virtual void fill(Real* to, Real value, int64_t count) = 0;
  virtual void copy(Real* to, const Real* from, int64_t count) = 0;

  // --- samples
  // Moves a set to its draw of this iteration: stratified positions, or how often each sample was drawn (as weights).
  virtual void draw(SampleSet& samples, uint64_t seed, uint32_t term, uint32_t iteration) = 0;
  virtual std::unique_ptr<Binding> bind(const GridShape&, const SampleSet&, const JetSet&, int channels, ChannelMap) = 0;
  // Domain coordinates along one axis, tile-local.
  virtual void coordinates(const SampleSet&, const Tile&, int axis, Real* out) = 0;
  // The weights of the set in its internal order.
  virtual void weights(const SampleSet&, Real* out) = 0;

  // --- encoder. Jets are [channel][plane][tile.size]. A radial kernel (kernel1d.h) has no weights of one axis: the ops mean the
  // same for it, and a backend takes math/radial.h's path on every kind of sample set.
  virtual void encode(const Binding&, const Tile&, const Real* packed, Real* jets) = 0;
  virtual void encodeAdjointBegin(Binding&) = 0;
  virtual void encodeAdjoint(Binding&, const Tile&, const Real* jetAdjoints) = 0;
  // Adds to a band's own accumulators the squares of the rows' entries, sum over planes of J_plane w^(plane).
  virtual void encodeSquares(Binding&, const Tile&, int channel, const std::vector<JacobianPlane<Real>>&) = 0;
  // Sums the bands in their order and adds to `packed`.
  virtual void encodeAdjointEnd(Binding&, Real* packed) = 0;

  // --- decoder
  // Overwrites every packed node that stands for a parameter, the ghosts of periodic axes included.
  virtual void fold(const FoldShape&, const Real* parameters, Real* packed) = 0;
  // Parameter gradients from packed ones; overwrites. First adds the ghosts of periodic axes to the nodes they stand for, in
  // `packed` itself, whose ghosts are then meaningless.
  virtual void unfold(const FoldShape&, const Real* parameters, Real* packed, Real* gradient) = 0;
  virtual void mlp(const MlpShape&, const JetSet&, const Real* weights, const Tile&, const Real* in, Real* out) = 0;
  virtual void mlpTangent(const MlpShape&, const JetSet&, const Real* weights, const Real* weightTangents, const Tile&,
                          const Real* in, const Real* inTangent, Real* outTangent) = 0;
  // `weightAdjoints` is [band][parameterCount], added to.
  virtual void mlpAdjoint(const MlpShape&, const JetSet&, const Real* weights, const Tile&, const Real* in, const Real* outAdjoint,
                          Real* inAdjoint, double* weightAdjoints) = 0;

  // --- programs
  virtual void run(const ProgramCall<Real>&, const Tile&) = 0;

  // --- vectors; scalars are slots of a state block of doubles, kOne the number 1
  virtual double* slots() = 0;
  virtual void dot(const Real* x, const Real* y, int64_t count, int slot) = 0;  // fixed order, double
  virtual void axpy(Real* y, double sign, int numerator, int denominator, const Real* x, int64_t count) = 0;  // y += sign n/d x
  virtual void xpby(Real* y, const Real* x, int numerator, int denominator, int64_t count) = 0;               // y = x + n/d y
  virtual void multiply(Real* out, const Real* x, const Real* y, int64_t count) = 0;
  // Column scale 1 / sqrt(squares), 0 where nothing reaches the parameter.
  virtual void inverseRoots(Real* out, const Real* squares, double floor, int64_t count) = 0;
  virtual void adam(Real* parameters, const Real* gradient, Real* first, Real* second, int64_t count, double rate, double beta1,
                    double beta2, double epsilon, int64_t step) = 0;
};

template <class Real>
std::unique_ptr<Backend<Real>> makeCpuBackend(int threads);

}  // namespace dinf
