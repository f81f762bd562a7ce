// The linear problem inside a Gauss-Newton step, and what solves it.
#pragma once
#include <cstdint>

namespace dinf {

// Why an inner solve ended.
enum class InnerEnd {
  iterations,  // all iterations are done, or the direction has no image: there is nothing more to gain
  converged,   // at the tolerance, or where rounding decides
  aborted,     // it was asked to stop
  notFinite    // the Jacobian has an entry that is not finite
};

// Finds the step d that minimises, at a linearisation r + A d of the rows,
//
//   |r + A d|^2 + g^T d + damping |D^-1 d|^2,
//
// where g is the gradient of the energies, which enter as if they were affine, and D the column scale 1 / |A e_i|.
template <class Real>
class InnerSolver {
 public:
  virtual ~InnerSolver() = default;
  // Linearises at `parameters`. `moved`: they are others than at the last call.
  virtual void linearise(const Real* parameters, bool moved) = 0;
  // `loss`: at the linearisation. `begun`: iterations that an earlier run of the solve has done.
  virtual InnerEnd solve(double loss, double damping, int64_t begun) = 0;
  // The step that `solve` found, until the next `linearise`.
  virtual const Real* step() const = 0;
  // The loss that the linearisation has after it, damping counted.
  virtual double predicted() const = 0;
  // The norm of the scaled gradient after it, relative to that before, or to what that may be at least: how far an inner solve came that ended
  // for want of progress.
  virtual double attained() const = 0;
};

}  // namespace dinf
