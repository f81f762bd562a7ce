// A compiled problem bound to a backend: fields, sample sets and terms, and the four things solvers ask of them:
// loss, gradient, the products with the Jacobian and with its adjoint, and exact column norms. Runs tile by tile, so that jets
// fit the memory limit whatever the number of samples.
#pragma once
#include <memory>
#include <string>
#include <vector>
#include "core/passes.h"
#include "core/problem_spec.h"

namespace dinf {

// An evaluation bound to a problem's backend.
template <class Real>
struct BoundEvaluation {
  Program program;
  TermSpec spec;
  BoundSamples<Real> samples;
  std::unique_ptr<BoundTerm<Real>> term;
};

template <class Real>
class Problem {
 public:
  // `spec` must live as long as the problem does; the values of its channels are read here and never again.
  Problem(const ProblemSpec& spec, Backend<Real>& backend, bool folded);
  // Linear decoders are multiplied into their grids from now on: what the parameters become. All else stays as it is laid out; and
  // everything stays where there is no room for them.
  DeviceVector<Real> fold(const Real* parameters);

  const ProblemSpec& spec() const { return spec_; }
  const std::vector<BoundField<Real>>& fields() const { return work_.fields; }
  Backend<Real>& backend() { return backend_; }
  int64_t parameterCount() const { return work_.scalarOffset + static_cast<int64_t>(spec_.scalars.size()); }
  int64_t rowCount() const { return rowCount_; }
  bool linear() const;      // one Gauss-Newton step is the answer
  bool hasEnergy() const;   // some term is an energy
  std::vector<double> initial() const;

  void setUniforms(const std::vector<double>& values);
  // A term's per-sample data, user order: as many channels as it has, of as many values. The spec's own are not read again.
  void setChannels(int term, const std::vector<std::vector<double>>& values);
  // One of them, or of a lane behind them.
  void setChannel(int term, int number, const double* values);
  // Those of a term of `other`, which is this problem with one lane, into every lane.
  void copyChannels(int term, const Problem& other);
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
  // An iteration of Adam as ops: the gradient at the parameters, a step along it, and a line of the log with the loss and the first
  // `published` terms' shares of it.
  void iterateAdam(const AdamVectors<Real>& vectors, const AdamSettings& settings, int published);
  int lossSlot() const { return work_.slots.loss(); }
  int termSlots() const { return work_.slots.terms; }
  // The first slot that neither the stage nor the problem uses.
  int freeSlot() const { return work_.slots.free(); }
  // Rows (scaled residuals) and what tangent and adjoint need of this point. The energies' gradient goes to
  // `energyGradient` where one is wanted. `parameters` must live as long as the three below are called.
  void linearise(const Real* parameters, Real* rows, Real* energyGradient);
  // The same of a linear problem where all parameters are 0.
  void lineariseAtZero(const Real* zeros, Real* rows);
  void forgetLinearisation() { linearised_ = false; }
  // `squaresSlot`: the sum of the rows' squares goes there, unless it is negative.
  void tangent(const Real* direction, Real* rows, int squaresSlot = -1);
  void adjoint(const Real* rows, Real* out);
  // Squared norms of the Jacobian's columns at the linearisation; with `energies`, plus the curvature of energies along each unknown,
  // their mixed derivatives left out.
  void columnSquares(Real* out, bool energies = false);
  // The derivatives of a term's rows by the jets that they read, at the linearisation: a plane of the sample set for each slot of the
  // term's pattern, internal order.
  std::vector<Real> jacobianEntries(int term);
  const SampleSet& sampleSet(int term) const { return terms_[term]->samples().set(); }

  // (stores, points) row-major, user order.
  std::vector<Real> evaluate(const Real* parameters, const EvaluationSpec& evaluation);
  // The same in two steps, for an evaluation that comes often; the values of a lane after those of another.
  std::unique_ptr<BoundEvaluation<Real>> bindEvaluation(const EvaluationSpec& evaluation);
  std::vector<Real> evaluate(const Real* parameters, BoundEvaluation<Real>& evaluation);
  // Where a residual is not finite, as text: term, coordinates. Empty: nowhere.
  std::string findNonFinite(const Real* parameters);

 private:
  void drawSets(int iterationSlot, bool all);
  void accumulateGradient(const Real* parameters);
  void addTermLosses();
  void needLinearisation() const;
  void probeWeights(Real* out);

  const ProblemSpec& spec_;
  Backend<Real>& backend_;
  Workspace<Real> work_;
  int orderCells_[kMaxDims] = {1, 1, 1};  // cells an axis of the finest grids
  int64_t rowCount_ = 0;
  std::vector<std::unique_ptr<BoundSamples<Real>>> samples_;
  std::vector<std::unique_ptr<BoundTerm<Real>>> terms_;
  bool linearised_ = false;
};

}  // namespace dinf
