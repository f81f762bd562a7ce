// A factor that outlives the stage that made it: the next window of a march differs little from the last, and one of the same length of a
// linear problem with constant coefficients not at all.
#pragma once
#include <vector>
#include "core/direct/normal_factor.h"

namespace dinf {

template <class Real>
struct KeptFactor {
  KeptFactor(Problem<Real>& problem, const ProblemGrid& of, int heldAxis, std::vector<int> held)
      : grid(of), factor(problem, grid), scale(problem.backend(), problem.parameterCount()), heldAxis(heldAxis), held(std::move(held)) {}

  const ProblemGrid grid;
  NormalFactor<Real> factor;
  DeviceVector<Real> scale;  // D of the columns that it was made with
  const int heldAxis;        // unknowns that stay: of another choice it is none to keep
  const std::vector<int> held;
  bool factored = false;
  double damping = 0;
  double seconds = 0;  // that it took to make
  double served = 0;  // how far the last solve came: its gradient's norm, relative to the first
};

}  // namespace dinf
