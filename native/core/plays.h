// Plays a recorded iteration a number of times and hands out what each play published, in order. A device is kept a few plays
// ahead of what the host has seen.
#pragma once
#include <algorithm>
#include <cstdint>
#include "core/backend.h"

namespace dinf {

template <class Real>
class Plays {
 public:
  // Each play publishes one line.
  Plays(Backend<Real>& backend, Recording& iteration, int64_t count)
      : backend_(backend), iteration_(iteration), left_(count), before_(backend.waitFor(0)), seen_(before_), played_(before_), done_(before_) {}
  ~Plays() {
    try {
      backend_.waitFor(played_);  // nothing may still use what the body refers to
    } catch (...) {  // a lost device, whose failure is on its way already
    }
  }

  // The next line; null after the last. `cancel`: no play begins any more, those under way are still seen.
  const double* next(bool cancel) {
    cancelled_ = cancelled_ || (cancel && left_ > 0);
    for (; left_ > 0 && !cancelled_ && played_ - seen_ < backend_.playsAhead(); --left_, ++played_) iteration_.play();
    if (seen_ == played_) return nullptr;
    if (seen_ == done_) done_ = backend_.waitFor(seen_ + 1);
    return backend_.line(seen_++);
  }
  void cancel() { left_ = 0; }  // no play begins any more, and that is no abort
  // Waits for the plays under way, unseen.
  void finish() { seen_ = backend_.waitFor(played_); }
  bool cancelled() const { return cancelled_; }

 private:
  Backend<Real>& backend_;
  Recording& iteration_;
  int64_t left_;
  const int64_t before_;
  int64_t seen_, played_, done_;
  bool cancelled_ = false;
};

}  // namespace dinf
