// A compiled problem bound to a backend: fields, sample sets and terms, and the four things solvers ask of them:
// loss, gradient, the products with the Jacobian and its transpose, and exact column norms. Runs tile by tile, so that jets
// fit the memory limit whatever the number of samples.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>
#include "core/backend.h"
#include "core/field.h"
#include "core/program.h"
#include "core/samples.h"

namespace dinf {

struct JetRef {
  int field, output, plane;  // plane of the term's jet set for the field
};
struct JacobianEntry {
  int residual, jet, slot;  // jet: index into TermSpec::jets; slot: store of the `squares` program
};

// lib/expression/term-programs.ts writes the programs and says what their stores mean.
struct TermSpec {
  std::string name;
  int samples = 0, residuals = 1, coefficients = 0;
  bool hasRows = true;  // least-squares rows; false: an energy, which only has a value and a gradient
  bool linear = false;  // rows affine in the unknowns, or an affine energy
  std::vector<std::vector<double>> channels;  // user order
  std::vector<JetSet> jetSets;                // one a field
  std::vector<JetRef> jets;                   // of the adjoint stores of `gradient` and `adjoint`
  std::vector<int> scalars;                   // of their scalar sums
  std::vector<JacobianEntry> pattern;  // of the rows; of an energy: one entry a jet along which it curves
  Program value, gradient, linearise, tangent, adjoint, squares;
};

struct ProblemSpec {
  int dims = 0;
  double lower[kMaxDims] = {0, 0, 0}, upper[kMaxDims] = {1, 1, 1};
  std::vector<FieldSpec> fields;
  std::vector<SampleSetSpec> samples;
  std::vector<TermSpec> terms;
  std::vector<double> uniforms, scalars;
  uint64_t seed = 0;
  int64_t tileBytes = int64_t{256} << 20;
};

// Expressions evaluated at points: a program whose stores are the values.
struct EvaluationSpec {
  SampleSetSpec samples;
  std::vector<JetSet> jetSets;
  std::vector<std::vector<double>> channels;
  Program program;
};

template <class Real>
class Problem {
 public:
  // `sets`: those of an earlier problem of the same spec, which need not be laid out again.
  Problem(const ProblemSpec& spec, Backend<Real>& backend, bool folded, const std::vector<std::shared_ptr<SampleSet>>& sets = {});
  ~Problem();
  std::vector<std::shared_ptr<SampleSet>> sampleSets() const;

  const ProblemSpec& spec() const { return spec_; }
  const std::vector<Field>& fields() const { return fields_; }
  Backend<Real>& backend() { return backend_; }
  int64_t parameterCount() const { return scalarOffset_ + static_cast<int64_t>(spec_.scalars.size()); }
  int64_t rowCount() const { return rowCount_; }
  bool linear() const;      // one Gauss-Newton step is the answer
  bool hasEnergy() const;   // some term is an energy
  std::vector<double> initial() const;

  void setUniforms(const std::vector<double>& values);
  // A term's per-sample data, user order: as many channels as it has, of as many values.
  void setChannels(int term, const std::vector<std::vector<double>>& values);
  void draw(uint32_t iteration);
  // The same as an op, the iteration in a slot; sets that are drawn but once stay.
  void redraw(int iterationSlot);
  // Weights of a term's samples in user order, after `draw`.
  std::vector<double> sampleWeights(int term) const;

  double loss(const Real* parameters);
  double gradient(const Real* parameters, Real* out);
  // The same as ops. They leave the loss in lossSlot() and each term's share of it in the slots behind.
  void computeLoss(const Real* parameters);
  void computeGradient(const Real* parameters, Real* out);
  int lossSlot() const { return kStageSlots; }
  int termSlots() const { return static_cast<int>(spec_.terms.size()); }
  // The first slot that neither the stage nor the problem uses.
  int freeSlot() const { return scalarSlot() + static_cast<int>(spec_.scalars.size()); }
  // Rows (scaled residuals) and what tangent and adjoint need of this point. The energies' gradient goes to
  // `energyGradient` where one is wanted. `parameters` must live as long as the three below are called.
  void linearise(const Real* parameters, Real* rows, Real* energyGradient);
  void forgetLinearisation() { linearised_ = false; }
  void tangent(const Real* direction, Real* rows);
  void adjoint(const Real* rows, Real* out);
  // Squared norms of the Jacobian's columns at the linearisation; with `energies`, plus the curvature of energies along each unknown,
  // their mixed derivatives left out.
  void columnSquares(Real* out, bool energies = false);

  // (stores, points) row-major, user order.
  std::vector<Real> evaluate(const Real* parameters, const EvaluationSpec& evaluation);
  // Where a residual is not finite, as text: term, coordinates. Empty: nowhere.
  std::string findNonFinite(const Real* parameters);

 private:
  struct Term;
  struct Samples;
  using Plane = InputPlane<Real>;
  enum class Purpose { jets, jetTangents, jetAdjoints, features, featureTangents, featureAdjoints, squares, mixedFactors, mixedPlanes, states, levels };
  struct TileBuffer {
    Purpose purpose;
    size_t field;
    int64_t count;
    Real* data;
  };

  Real* own(int64_t count);
  void drawSets(int iterationSlot, bool all);
  void locate(Samples& samples);
  std::unique_ptr<Samples> makeSamples(std::shared_ptr<SampleSet> set);
  std::unique_ptr<Term> makeTerm(const TermSpec& spec, Samples& samples);
  void uploadChannels(Term& term, const std::vector<std::vector<double>>& values);
  Real* tileBuffer(Purpose purpose, size_t field, int64_t count);
  void reserveTile(Term& term, const Tile& tile);
  bool refines(size_t field, const JetSet& jets) const;
  GridShape encodedGrid(size_t field, bool refined) const;
  int64_t packedSize(size_t field) const;
  FoldShape foldShape(size_t field) const;
  const Real* planesOf(const Term& term, size_t field);
  void foldAll(const Real* parameters);
  void foldInto(size_t field, const Real* parameters, Real* packed);
  Real* levelPlanes(size_t field);
  void foldTangent(size_t field, const Real* direction);
  void encodeFeatures(Term& term, const Tile& tile, size_t field);
  void encodeFields(Term& term, const Tile& tile, bool keep = false);
  void encodeTangents(Term& term, const Tile& tile, const Real* direction);
  void adjointFields(Term& term, const Tile& tile, bool encoded);
  void clearUntouched(const Term& term, const Tile& tile);
  void clearAdjoints();
  void beginPass(Term& term);
  void endPass(Term& term);
  void needLinearisation() const;
  void collectAdjoints(Real* out);
  void unfoldAll(const std::function<Real*(size_t)>& levels, Real* out);
  ProgramCall<Real> bindInputs(Term& term, const Program& program, const Tile& tile, const Real* rows);
  void storeAdjoints(const Term& term, const Tile& tile, ProgramCall<Real>& call);
  void gradientPass(size_t number);
  int scalarSlot() const { return lossSlot() + 1 + termSlots(); }
  std::vector<int> sumSlots(const TermSpec& spec, int lossSlot) const;
  void squaresOfField(Term& term, Binding& binding, const Tile& tile, int residual, size_t field, const Real* planes);
  void probeSquares(Real* out);

  ProblemSpec spec_;
  Backend<Real>& backend_;
  std::vector<Field> fields_;
  int64_t scalarOffset_ = 0, rowCount_ = 0;
  std::vector<std::unique_ptr<Samples>> samples_;
  std::vector<std::unique_ptr<Term>> terms_;
  std::vector<Real*> owned_;
  std::vector<TileBuffer> tileBuffers_;
  // One entry a field: packed grids, and the tile-local jets of the pass under way.
  std::vector<Real*> packed_, packedTangent_, packedAdjoint_;
  std::vector<Real*> features_, featureTangents_, featureAdjoints_, jets_, jetTangents_, jetAdjoints_;
  std::vector<Real*> states_;  // what MLPs keep for their adjoints; null: nothing
  std::vector<bool> biasActive_;  // some term reads the undifferentiated field
  std::vector<bool> refined_;     // terms read the levels as one grid
  Real* uniforms_ = nullptr;
  const Real* parameters_ = nullptr;  // where the pass under way, or the linearisation, stands
  const Real* direction_ = nullptr;
  bool linearised_ = false;
  struct WeightSums {
    double* data = nullptr;  // [part][parameter]
    int64_t parts = 0;
  };
  std::vector<WeightSums> mlpAdjoints_;  // a field
  // Gives back what the members above hold, also where the constructor fails halfway.
  struct Releaser {
    Problem& problem;
    ~Releaser();
  };
  const Releaser releaser_{*this};
};

}  // namespace dinf
