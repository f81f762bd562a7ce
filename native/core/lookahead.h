// How many iterations a device is kept ahead of what the host has seen: as many as cover the time until the host looks again, and no more,
// for those that were under way when a solve ends run to their end for nobody.
#pragma once
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>

namespace dinf {

class Lookahead {
 public:
  using Clock = std::chrono::steady_clock;

  // `most`: plays that the queue and the log hold.
  explicit Lookahead(int most) : most_(most) {}

  // A loop begins, `lines` plays of others are done: nothing is known of how long its iterations take.
  void begin(int64_t lines, Clock::time_point now) {
    seen_ = lines;
    at_ = now;
    seconds_ = 0;
  }
  // The host has seen that `lines` plays are done.
  void saw(int64_t lines, Clock::time_point now) {
    if (lines <= seen_) return;
    const double each = std::chrono::duration<double>(now - at_).count() / static_cast<double>(lines - seen_);
    seconds_ = seconds_ == 0 ? each : 0.75 * seconds_ + 0.25 * each;
    seen_ = lines;
    at_ = now;
  }

  int plays() const {
    if (seconds_ == 0) return kFirst;
    return std::clamp(1 + static_cast<int>(std::min(1e6, std::ceil(kLook / seconds_))), 2, most_);
  }

 private:
  // Until a sleeping thread of a busy machine has seen a line and queued the next play.
  static constexpr double kLook = 200e-6;
  static constexpr int kFirst = 4;

  const int most_;
  int64_t seen_ = 0;
  Clock::time_point at_;
  double seconds_ = 0;
};

}  // namespace dinf
