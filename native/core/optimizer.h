// What a stage of a solve works with, and the optimizers. An optimizer moves `parameters` from where they stand, reports each
// iteration, stops when asked, and leaves the best parameters it knows.
#pragma once
#include <atomic>
#include <cmath>
#include <functional>
#include <memory>
#include <string>
#include "core/problem.h"
#include "core/solver.h"

namespace dinf {

// Device vectors that are released however their owner leaves.
template <class Real>
class DeviceVector {
 public:
  DeviceVector(Backend<Real>& backend, int64_t count) : backend_(backend), data_(backend.allocate(count)) {}
  ~DeviceVector() { backend_.release(data_); }
  DeviceVector(const DeviceVector&) = delete;
  DeviceVector& operator=(const DeviceVector&) = delete;
  operator Real*() { return data_; }

 private:
  Backend<Real>& backend_;
  Real* data_;
};

template <class Real>
struct StageRun {
  Problem<Real>& problem;
  Real* parameters;
  SolveResult& result;
  const std::function<void(double)>& report;  // the loss after result.iterations iterations
  const std::atomic<bool>& cancelled;

  Backend<Real>& backend() const { return problem.backend(); }
  bool isCancelled() const { return cancelled.load(std::memory_order_relaxed); }
  // Says where `at` breaks the loss; `fallback` names the culprit when no residual does.
  void diverged(const Real* at, const std::string& fallback) const {
    const std::string place = problem.findNonFinite(at);
    result.stopReason = "diverged";
    result.message = "the loss is not finite at iteration " + std::to_string(result.iterations) + ", " + (place.empty() ? fallback : place);
  }
};

// OptimizerState on the device.
template <class Real>
struct AdamState {
  AdamState(Backend<Real>& backend, int64_t count) : first(backend, count), second(backend, count), best(backend, count) {}
  int64_t iteration = 0;
  double bestMean = INFINITY, windowSum = 0;
  int64_t windowCount = 0;
  DeviceVector<Real> first, second, best;
  std::unique_ptr<DeviceVector<Real>> current;
};

// Goes on from `state`, which a new stage is given with zeros.
template <class Real>
void runAdam(const StageSpec& stage, const StageRun<Real>& run, AdamState<Real>& state);
// Needs a folded problem.
template <class Real>
void runGaussNewton(const StageSpec& stage, const StageRun<Real>& run);
// Draws samples at its start and every `resample` iterations.
template <class Real>
void runLbfgs(const StageSpec& stage, const StageRun<Real>& run);

}  // namespace dinf
