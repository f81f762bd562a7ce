// A case is an op in a setting, made when it is first asked for: what a call costs by the op's own budget, and the call.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>
#include "calibration.h"
#include "core/device.h"
#include "core/device_vector.h"
#include "test/check.h"

namespace dinf::bench {

using test::Random;

// Of one call. A fused multiply-add is two flops; every operand counts once, as if caches held all that is read again: no more
// than what any implementation must do and move, so that work that is done twice is seen as time lost.
struct Cost {
  double flops = 0, bytes = 0;
};

struct Prepared {
  Cost cost;
  std::function<void()> call;
  std::function<void()> restore = {};  // before each call, not timed: for ops that overwrite what they read
  double footprint = 0;                // bytes; 0: those of the cost
  int threads = 0;                     // that it has, whatever the machine gives; 0: all
  int64_t calls = 0;                   // of a batch, once they are known
};

// Both precisions' backends, made once.
class Machine {
 public:
  explicit Machine(int threads)
      : threads(threads), calibration(threads), single_(makeBackend<float>(device())), full_(makeBackend<double>(device())) {}
  template <class Real>
  Backend<Real>& backend() {
    if constexpr (sizeof(Real) == 4) return *single_;
    else return *full_;
  }
  void rest() {
    single_->rest();
    full_->rest();
    calibration.rest();
  }

  const int threads;
  Calibration calibration;

 private:
  DeviceSpec device() const {
    DeviceSpec spec;
    spec.threads = threads;
    return spec;
  }
  std::unique_ptr<Backend<float>> single_;
  std::unique_ptr<Backend<double>> full_;
};

struct Case {
  std::string op, setting;
  bool isDouble;
  std::function<Prepared(Machine&)> make;
  std::string name() const { return op + ", " + setting; }
};
using Cases = std::vector<Case>;

template <class Real>
const char* typeName() {
  return sizeof(Real) == 4 ? "float32" : "float64";
}

template <class Real>
void addCase(Cases& cases, const std::string& op, const std::string& setting, std::function<Prepared(Backend<Real>&)> make) {
  cases.push_back({op, (setting.empty() ? "" : setting + ", ") + typeName<Real>(), sizeof(Real) == 8,
                   [make](Machine& machine) { return make(machine.backend<Real>()); }});
}

// `count` values of uniform noise in [-scale, scale).
template <class Real>
DeviceVector<Real> noise(Backend<Real>& backend, int64_t count, double scale = 1) {
  DeviceVector<Real> vector(backend, count);
  std::vector<Real> host(count);
  Random random(static_cast<uint64_t>(count) + 17);
  for (Real& value : host) value = static_cast<Real>(scale * random.next());
  backend.upload(vector, host.data(), count);
  return vector;
}

struct Timing {
  double seconds = 0;  // of a call
  int64_t calls = 0;   // of a batch
};

// Batches of as many calls as take 2 ms, the fastest of 8 ms of them: what a neighbour on the machine takes is no property of an
// op. The first call warms up, unless one fills a batch.
inline Timing timed(Prepared& op) {
  constexpr double kBatch = 2e-3, kLong = 8e-3;
  const auto run = [&](int64_t calls) {
    double seconds = 0;
    for (int64_t i = 0; i < calls && op.restore; ++i) {
      op.restore();
      const double began = now();
      op.call();
      seconds += now() - began;
    }
    if (op.restore) return seconds;
    const double began = now();
    for (int64_t i = 0; i < calls; ++i) op.call();
    return now() - began;
  };
  if (op.calls != 1) run(1);
  double best = 0, total = 0;
  for (op.calls = std::max<int64_t>(op.calls, 1); total < kLong;) {
    const double seconds = run(op.calls);
    if (seconds < kBatch / 2) {
      op.calls = std::max(op.calls + 1, static_cast<int64_t>(kBatch / std::max(seconds, 1e-9) * static_cast<double>(op.calls)));
      continue;
    }
    total += seconds;
    const double each = seconds / static_cast<double>(op.calls);
    best = best > 0 ? std::min(best, each) : each;
  }
  return {best, op.calls};
}

}  // namespace dinf::bench
