// The scalar arithmetic between the vector ops of one iteration, on slots of the backend's state block: one function for the host
// and for one thread of a device, so that a whole iteration runs without the host.
#pragma once
#include <cmath>
#include <cstdint>
#include "math/config.h"

namespace dinf {

// Slots from 0 on belong to the stage that runs, those from kStageSlots on to the problem.
constexpr int kStageSlots = 24;
constexpr int kDrawSlot = kStageSlots - 1;  // the number of a draw that the host asks for

struct AdamSlots {
  enum : int {
    iteration = 0,  // iterations done
    stopped,        // 1: the loss was not finite, nothing moves any more
    windowSum,      // of losses since the window began
    windowCount,
    bestMean,       // the lowest mean of a whole window
    keep,           // 1: the iterate is the best yet
    rate,           // learning rate with the bias correction of the first moment
    rootCorrection  // 1 / sqrt of that of the second
  };
};
struct AdamSettings {
  double learningRate, decaySteps, beta1, beta2, epsilon;  // rate 0.1^(iteration / decaySteps); 0: constant
  int64_t window;                                          // losses are noisy: iterates are compared by the mean over this many
};

struct CglsSlots {
  enum : int {
    gamma = 0,    // squared norm of the scaled gradient
    nextGamma,
    rowNorm,      // squared norm of the image of the direction, damping included
    stepNorm,     // squared norm of the direction
    alpha,
    beta,
    predicted,    // the loss by the recurrence
    firstGamma,
    bestGamma,
    sinceBest,    // iterations
    count,        // iterations done
    stopped,      // why, kRunning: it goes on
    damping,
    keep,         // 1: y is the best yet
    restore       // 1: y shall go back to the best
  };
};
constexpr int kRunning = 0, kConverged = 1, kNoImage = 2, kNotFinite = 3;  // why CGLS stopped
struct CglsSettings {
  double tolerance;      // relative norm of the scaled gradient; 0: none
  double roundingFloor;  // relative norm below which rounding may decide
  int64_t stall;         // iterations without a better gradient there that say that it does, and at least a quarter of those done
};

}  // namespace dinf

DINF_MATH_BEGIN

// After the gradient at `iteration`, before the step (Kingma & Ba 2015, Algorithm 1).
DINF_HD inline void adamAdvance(double* slots, double loss, const AdamSettings& settings) {
  slots[AdamSlots::keep] = 0;
  if (!(loss - loss == 0)) slots[AdamSlots::stopped] = 1;
  if (slots[AdamSlots::stopped] != 0) return;
  slots[AdamSlots::windowSum] += loss;
  slots[AdamSlots::windowCount] += 1;
  if (slots[AdamSlots::windowCount] == static_cast<double>(settings.window)) {
    const double mean = slots[AdamSlots::windowSum] / static_cast<double>(settings.window);
    if (mean < slots[AdamSlots::bestMean]) {
      slots[AdamSlots::bestMean] = mean;
      slots[AdamSlots::keep] = 1;
    }
    slots[AdamSlots::windowSum] = 0;
    slots[AdamSlots::windowCount] = 0;
  }
  const double i = slots[AdamSlots::iteration];
  const double decay = settings.decaySteps > 0 ? ::pow(0.1, i / settings.decaySteps) : 1;
  slots[AdamSlots::rate] = settings.learningRate * decay / (1 - ::pow(settings.beta1, i + 1));
  slots[AdamSlots::rootCorrection] = 1 / ::sqrt(1 - ::pow(settings.beta2, i + 1));
  slots[AdamSlots::iteration] = i + 1;
}

DINF_HD inline bool cglsRuns(const double* slots) { return slots[CglsSlots::stopped] == static_cast<double>(kRunning); }

// The step length along the direction, from the norms of its image and its own.
DINF_HD inline void cglsStep(double* slots) {
  slots[CglsSlots::alpha] = 0;
  if (!cglsRuns(slots)) return;
  const double norm = slots[CglsSlots::rowNorm] += slots[CglsSlots::damping] * slots[CglsSlots::stepNorm];
  if (!(norm - norm == 0)) slots[CglsSlots::stopped] = kNotFinite;
  else if (!(norm > 0)) slots[CglsSlots::stopped] = kNoImage;
  if (!cglsRuns(slots)) return;
  slots[CglsSlots::alpha] = slots[CglsSlots::gamma] / norm;
  slots[CglsSlots::predicted] -= slots[CglsSlots::gamma] * slots[CglsSlots::alpha];
}

// After the new gradient: goes on, or stops at the tolerance or where rounding decides the gradient, so that further iterations
// only add noise: the best y is kept for that.
DINF_HD inline void cglsAdvance(double* slots, const CglsSettings& settings) {
  slots[CglsSlots::keep] = slots[CglsSlots::restore] = 0;
  if (!cglsRuns(slots)) return;
  const double next = slots[CglsSlots::nextGamma], first = slots[CglsSlots::firstGamma], done = slots[CglsSlots::count];
  const double floor = settings.roundingFloor * settings.roundingFloor * first;
  if (settings.tolerance > 0 && next <= settings.tolerance * settings.tolerance * first) slots[CglsSlots::stopped] = kConverged;
  if (next < slots[CglsSlots::bestGamma]) {
    slots[CglsSlots::bestGamma] = next;
    slots[CglsSlots::sinceBest] = 0;
    if (next < floor) slots[CglsSlots::keep] = 1;
  } else if (slots[CglsSlots::bestGamma] < floor) {
    slots[CglsSlots::sinceBest] += 1;
    const double patience = static_cast<double>(static_cast<int64_t>(done) / 4);
    if (slots[CglsSlots::sinceBest] >= (patience > static_cast<double>(settings.stall) ? patience : static_cast<double>(settings.stall))) {
      slots[CglsSlots::restore] = 1;
      slots[CglsSlots::stopped] = kConverged;
    }
  }
  slots[CglsSlots::count] = done + 1;
  slots[CglsSlots::beta] = next / slots[CglsSlots::gamma];
  slots[CglsSlots::gamma] = next;
}

DINF_MATH_END
