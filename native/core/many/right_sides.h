// Linear least-squares problems with one Jacobian and other right sides, solved together: conjugate gradients on the normal equations as
// DirectSolver has them, with a factor that serves them all. Lanes of one widened problem carry the rows of several, so that every op works
// on all of them; the factor is applied to all groups of lanes at once, so that it is read from memory once.
#pragma once
#include <memory>
#include <vector>
#include "core/direct/kept_factor.h"
#include "core/many/variations.h"

namespace dinf {

template <class Real>
class RightSides {
 public:
  // `problem` is linear and has been factorised into `kept`, whose grid is its own; both must live as long as this.
  // `evaluations`: of each solution, none or one. `bytes`: that it may hold, as much as one group needs at least.
  RightSides(Problem<Real>& problem, KeptFactor<Real>& kept, const std::vector<EvaluationSpec>& evaluations, int64_t bytes);
  // What the vectors of one group hold.
  static int64_t groupBytes(const Problem<Real>& problem, const KeptFactor<Real>& kept);
  // Does a problem with this factor qualify?
  static bool serves(const Problem<Real>& problem, const KeptFactor<Real>& kept);
  // The most variations at once.
  int capacity() const { return groups_ * lanes_; }
  // Of the evaluation, a variation.
  int64_t valuesEach() const { return evaluation_ ? int64_t{evaluation_->program.stores} * evaluation_->samples.set().userCount() : 0; }
  // Solves variations [begin, begin + count), and writes what they leave where `results` has room for them. Returns the numbers of those that
  // the factor did not serve: they are as they were.
  std::vector<int> solve(const Variations& variations, int begin, int count, const StageCommon& stage, const std::atomic<bool>& cancelled,
                         VariationResults& results);

 private:
  // As many groups of lanes as hide the way of the factor from memory, and no more than caches hold.
  static constexpr int kMostGroups = 4;

  struct Lane {
    double first = 0, least = 0, gamma = 0, loss = 0;
    int64_t iterations = 0;
    bool idle = false, failed = false;
    bool last = false;  // the next step is the last one
  };

  static ProblemSpec widened(const ProblemSpec& spec, int lanes);
  void bindData(const Variations& variations, int first, int count);
  double* gradients(int group) { return s_.data() + group * vectorSize(); }
  int64_t vectorSize() const { return places_ * lanes_; }
  Real* rows(int group) { return r_ + int64_t{group} * lanes_ * rowCount_; }
  void gatherGradient(int group);
  void scatterDirection(const double* p);
  void advance(int group, Lane* lanes);
  void correct(int group, Lane* lanes);
  void judge(int group, Lane* lanes, int64_t done);
  void bindUniforms(const Variations& variations, int first, int count);
  void finish(int group, Lane* lanes, int first, int count, VariationResults& results);
  void evaluate(int group, int first, int count, VariationResults& results);

  Problem<Real>& single_;
  KeptFactor<Real>& kept_;
  Backend<Real>& be_;
  const int lanes_, groups_;
  const int64_t places_;    // unknowns of the grid, in the order of elimination
  const int64_t rowCount_;  // of one variation
  ProblemSpec spec_;
  std::unique_ptr<Problem<Real>> wide_;
  std::vector<int64_t> from_, stride_;  // of each place: the first lane's parameter among the wide problem's (-1: none), and the way to the next lane's
  std::vector<int64_t> alone_;          // the same among the single problem's
  std::vector<double> scale_;           // D
  DeviceVector<Real> r_, q_, zero_, vector_;
  std::vector<Real> host_;
  std::vector<double> s_, z_, p_, y_;   // [group][place][lane]
  std::unique_ptr<BoundEvaluation<Real>> evaluation_;
};

}  // namespace dinf
