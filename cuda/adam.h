// One step of Adam on one parameter, for the kernels that end in it.
#pragma once
#include <cuda_runtime.h>
#include "core/backend.h"
#include "math/iteration.h"

namespace dinf::cuda {

template <class Real>
struct AdamStep {
  AdamVectors<Real> vectors;
  const double* slots;
  Real beta1, beta2, epsilon;

  static AdamStep of(const AdamVectors<Real>& vectors, const double* slots, const AdamSettings& settings) {
    return {vectors, slots, static_cast<Real>(settings.beta1), static_cast<Real>(settings.beta2), static_cast<Real>(settings.epsilon)};
  }
};

// What a thread knows of the step for all of its parameters. Kingma & Ba, Algorithm 1, with the bias corrections folded into the rate and
// the factor of the root.
template <class Real>
struct AdamRates {
  Real beta1, beta2, epsilon, step, rootCorrection;
  bool keep, stopped;
  __device__ __forceinline__ explicit AdamRates(const AdamStep<Real>& adam)
      : beta1(adam.beta1),
        beta2(adam.beta2),
        epsilon(adam.epsilon),
        step(static_cast<Real>(adam.slots[AdamSlots::rate])),
        rootCorrection(static_cast<Real>(adam.slots[AdamSlots::rootCorrection])),
        keep(adam.slots[AdamSlots::keep] != 0),
        stopped(adam.slots[AdamSlots::stopped] != 0) {}
  __device__ __forceinline__ void apply(Real g, Real& m, Real& v, Real& p) const {
    m = beta1 * m + (1 - beta1) * g;
    v = beta2 * v + (1 - beta2) * g * g;
    p -= step * m / (::sqrt(v) * rootCorrection + epsilon);
  }
  // The same in memory, parameter `i`.
  __device__ __forceinline__ void apply(const AdamVectors<Real>& vectors, int64_t i, Real g) const {
    Real p = vectors.parameters[i];
    if (keep) vectors.best[i] = p;
    if (stopped) return;
    Real m = vectors.first[i], v = vectors.second[i];
    apply(g, m, v, p);
    vectors.first[i] = m;
    vectors.second[i] = v;
    vectors.parameters[i] = p;
  }
};

}  // namespace dinf::cuda
