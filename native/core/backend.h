// The contract between the solver and a device: every op is declared here once. core/ calls nothing else; cpu/ and cuda/
// implement it. Buffers live where the backend allocates them; `double` scalars (dot products, sums, what changes from one
// iteration to the next) live in slots of a state block, so that a recorded iteration needs nothing of the host. Ops may return
// before they are done; download, slot and waitFor wait.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include "core/grid.h"
#include "core/program.h"
#include "core/samples.h"
#include "math/activation.h"
#include "math/iteration.h"

namespace dinf {

class ThreadPool;

struct MlpShape {
  int inputs = 0, outputs = 0;
  std::vector<int> hidden;
  std::vector<LayerActivation> activations;  // one a hidden layer
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

// What a network reads of a sample: along each axis 2 s - 1, s the unit coordinate, or, where the field is periodic, sin and cos
// of 2 pi s.
struct CoordinateInputs {
  int dims = 0;
  bool periodic[kMaxDims] = {false, false, false};
  int count() const {
    int n = 0;
    for (int k = 0; k < dims; ++k) n += periodic[k] ? 2 : 1;
    return n;
  }
};

// How a linear decoder's factors make the packed planes the encoder reads.
struct FoldShape {
  GridShape grid;
  int features = 1, outputs = 1;
  bool folded = false;     // parameters are the planes themselves (least squares); no decoder
  bool clampedGhosts = false;  // ghosts of clamped axes hold the node at the border, as those of periodic axes do theirs
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

inline constexpr int kOne = -1;  // in place of a slot: the number 1

// Each of the same length.
template <class Real>
struct AdamVectors {
  Real* parameters;
  Real* gradient;
  Real *first, *second;  // moments
  Real* best;
  AdamVectors from(int64_t offset) const {
    return {parameters + offset, gradient + offset, first + offset, second + offset, best + offset};
  }
};
template <class Real>
struct CglsVectors {
  Real *y, *p, *d, *best;
  const Real *s, *scale;
};

// Ops that are played many times: a device turns them into one launch. One that outlives its backend may only be destroyed.
class Recording {
 public:
  virtual ~Recording() = default;
  virtual void play() = 0;
};

template <class Real>
class Backend {
 public:
  virtual ~Backend() = default;

  // Gives back what is held for the time of computing alone, such as threads: nothing is asked for a while. Any op may follow.
  virtual void rest() {}
  // The host's threads, for what a device leaves to it.
  virtual ThreadPool& hostThreads() = 0;

  virtual Real* allocate(int64_t count) = 0;  // zeroed
  virtual void release(Real* buffer) = 0;
  virtual void upload(Real* to, const Real* from, int64_t count) = 0;
  virtual void download(Real* to, const Real* from, int64_t count) = 0;
  virtual void fill(Real* to, Real value, int64_t count) = 0;
  virtual void copy(Real* to, const Real* from, int64_t count) = 0;

  // Sums that outlive a tile, in double whatever Real is.
  virtual double* allocateSums(int64_t count) = 0;  // zeroed
  virtual void releaseSums(double* sums) = 0;
  virtual void clearSums(double* sums, int64_t count) = 0;
  // out[i] = sum over parts of sums[part][i], in their order.
  virtual void collectSums(Real* out, const double* sums, int64_t parts, int64_t count) = 0;

  // --- iterations
  // `body` calls ops alone and reads nothing back; it may be called several times, or not again after the first.
  virtual std::unique_ptr<Recording> record(std::function<void()> body) = 0;
  // How many plays the host should keep under way before it looks at the log.
  virtual int playsAhead() const = 0;
  // Appends a line of `count` <= kLogWidth slots from `first` on to the log of what happened.
  static constexpr int kLogWidth = 64, kLogLines = 256;
  virtual void publish(int first, int count) = 0;
  // Waits until `lines` lines were published since the backend was made, returns how many were. The last kLogLines can be read.
  virtual int64_t waitFor(int64_t lines) = 0;
  virtual const double* line(int64_t number) const = 0;

  // --- samples
  // In which order this backend walks samples.
  virtual SampleOrder sampleOrder() const = 0;
  // Moves a set to the draw of the iteration whose number is in a slot: stratified positions, or how often each sample was drawn
  // (as weights). `weights`, where not null: those of the set then, as below; left alone where the draw does not change them.
  virtual void draw(SampleSet& samples, uint64_t seed, uint32_t term, int iterationSlot, Real* weights) = 0;
  // Brings the present draw into the set's own memory, where the host reads it.
  virtual void fetchDraw(SampleSet& samples) = 0;
  virtual std::unique_ptr<Binding> bind(const GridShape&, const SampleSet&, const JetSet&, int channels, ChannelMap) = 0;
  // Domain coordinates along one axis, tile-local.
  virtual void coordinates(const SampleSet&, const Tile&, int axis, Real* out) = 0;
  // Jets of a network's inputs, [input][plane][tile.size].
  virtual void coordinateJets(const SampleSet&, const Tile&, const JetSet&, const CoordinateInputs&, Real* jets) = 0;
  // The weights of the set in its internal order.
  virtual void weights(const SampleSet&, Real* out) = 0;

  // --- encoder. Jets are [channel][plane][tile.size]. A radial kernel (kernel1d.h) has no weights of one axis: the ops mean the
  // same for it, and a backend takes math/radial.h's path on every kind of sample set.
  virtual void encode(const Binding&, const Tile&, const Real* packed, Real* jets) = 0;
  // What it adds up to goes into `packed` until it ends: `add` to what is there, or in its place, at every packed node.
  virtual void encodeAdjointBegin(Binding&, Real* packed, bool add) = 0;
  // `absent`: a bit for each plane of the jets that is zero in every channel, whatever lies there; it may be overwritten.
  virtual void encodeAdjoint(Binding&, const Tile&, Real* jetAdjoints, uint64_t absent) = 0;
  // Adds to a band's own accumulators the squares of the rows' entries, sum over planes of J_plane w^(plane).
  virtual void encodeSquares(Binding&, const Tile&, int channel, const std::vector<JacobianPlane<Real>>&) = 0;
  virtual void encodeAdjointEnd(Binding&) = 0;

  // --- decoder
  // Overwrites every packed node that stands for a parameter, the ghosts of periodic (and clampedGhosts) axes included.
  virtual void fold(const FoldShape&, const Real* parameters, Real* packed) = 0;
  // Parameter gradients from packed ones; overwrites. First adds those ghosts to the nodes they stand for, in `packed` itself, whose
  // ghosts are then meaningless.
  virtual void foldAdjoint(const FoldShape&, const Real* parameters, Real* packed, Real* gradient) = 0;
  // The same, and the gradient straight into a step of Adam (`adam` below): it may be left in `vectors.gradient`, or not.
  virtual void foldAdjointAdam(const FoldShape&, Real* packed, const AdamVectors<Real>& vectors, const AdamSettings&) = 0;
  // Nested levels, their ghosts filled, summed into one plane a channel, packed as grid.finest() is. Overwrites `finest`, and every
  // level but the first with what has come down to it.
  virtual void refine(const GridShape& grid, int channels, Real* levels, Real* finest) = 0;
  // Its adjoint: overwrites `levels`.
  virtual void refineAdjoint(const GridShape& grid, int channels, const Real* finest, Real* levels) = 0;
  // `state`, where not null, keeps mlpStateSize values a sample of the tile for the adjoint, so that it computes nothing twice.
  virtual int64_t mlpStateSize(const MlpShape&, const JetSet&) const = 0;
  virtual void mlp(const MlpShape&, const JetSet&, const Real* weights, const Tile&, const Real* in, Real* out, Real* state) = 0;
  // `inTangent` null: the input has none.
  virtual void mlpTangent(const MlpShape&, const JetSet&, const Real* weights, const Real* weightTangents, const Tile&,
                          const Real* in, const Real* inTangent, Real* outTangent) = 0;
  // `weightAdjoints` is [mlpParts][parameterCount], added to; `inAdjoint` null: not wanted. `state` null: recomputed.
  virtual int mlpParts(const SampleSet&) const = 0;
  virtual void mlpAdjoint(const MlpShape&, const JetSet&, const Real* weights, const Tile&, const Real* in, Real* state,
                          const Real* outAdjoint, Real* inAdjoint, double* weightAdjoints) = 0;

  // --- programs
  virtual void run(const ProgramCall<Real>&, const Tile&) = 0;

  // --- slots
  virtual void reserveSlots(int count) = 0;  // at least that many exist; new ones are zero
  virtual void setSlot(int slot, double value) = 0;
  virtual double slot(int slot) = 0;
  virtual void clearSlots(int first, int count) = 0;
  virtual void addSlots(int to, int first, int count) = 0;  // slots[to] = their sum, in order
  virtual void copySlots(Real* out, int first, int count) = 0;
  // The loss becomes the sum of its terms, which are in the slots behind it; then on to the next iteration (math/iteration.h), and
  // `published` slots from the loss on are published.
  virtual void adamAdvance(const AdamSettings&, int lossSlot, int terms, int published) = 0;

  // --- vectors
  virtual void dot(const Real* x, const Real* y, int64_t count, int slot) = 0;  // fixed order, double
  virtual void axpy(Real* y, double factor, int slot, const Real* x, int64_t count) = 0;  // y += factor * slot * x; 0: y as it is
  virtual void xpby(Real* y, const Real* x, int slot, int64_t count) = 0;                 // y = x + slot * y
  virtual void multiply(Real* out, const Real* x, const Real* y, int64_t count) = 0;
  // Column scale 1 / sqrt(squares), 0 where nothing reaches the parameter.
  virtual void inverseRoots(Real* out, const Real* squares, double floor, int64_t count) = 0;
  // Where AdamSlots says keep, the best becomes what the parameters are; then one step with its rate and correction, unless it says
  // stopped.
  virtual void adam(const AdamVectors<Real>& vectors, int64_t count, const AdamSettings&) = 0;

  // --- conjugate gradients, the vectors of one iteration with the arithmetic on slots between them (math/iteration.h)
  // The step's length, then r -= alpha q.
  virtual void cglsStep(Real* r, const Real* q, int64_t count) = 0;
  // s = scale s, and where y is not null + damping (y - alpha p); nextGamma = s^T s; then on to the next iteration, and the stage's slots
  // are published.
  virtual void cglsAdvance(Real* s, const Real* scale, const Real* y, const Real* p, int64_t count, const CglsSettings&) = 0;
  // y -= alpha p; best = y, or y = best, as the slots say; p = s + beta p; d = scale p; and stepNorm = p^T p where `damped`.
  virtual void cglsTurn(const CglsVectors<Real>& vectors, int64_t count, bool damped) = 0;
};

}  // namespace dinf
