// Vector ops and the arithmetic on slots, against the CPU backend.
#include "cuda/log.h"
#include "op_tests.h"

namespace dinf::op_tests {
namespace {

constexpr int64_t kCounts[] = {0, 1, 31, 32, 33, 255, 257, 100003};
constexpr int kGuard = 8;  // values after the end that nothing may touch

// A vector at an offset, with a guard before and after, for both backends.
template <class Real>
struct Operands {
  std::vector<std::vector<Real>> all;
  int64_t count;
  Operands(Random& random, int number, int64_t count) : count(count) {
    for (int i = 0; i < number; ++i) all.push_back(randomVector<Real>(random, count + 2 * kGuard));
  }
};
// `offset[i]` from a 16-byte boundary.
struct Offsets {
  int at[4];
};
constexpr Offsets kOffsets[] = {{{0, 0, 0, 0}}, {{1, 1, 1, 1}}, {{0, 3, 0, 0}}, {{2, 1, 3, 0}}};

// A log that a test reads.
class PinnedLog {
 public:
  PinnedLog(Context& context, int width, int length) : count_(context, {0}) {
    cuda::checkCuda(cudaMallocHost(reinterpret_cast<void**>(&lines_), width * length * sizeof(double)), "pinned memory");
    cuda::checkCuda(cudaMallocHost(reinterpret_cast<void**>(&published_), sizeof(int64_t)), "pinned memory");
    *published_ = 0;
    place_ = {lines_, published_, count_.data(), width, length};
  }
  ~PinnedLog() { cudaFreeHost(lines_), cudaFreeHost(published_); }
  PinnedLog(const PinnedLog&) = delete;
  PinnedLog& operator=(const PinnedLog&) = delete;
  const cuda::Log& place() const { return place_; }
  int64_t published() const { return *published_; }
  const double* line(int64_t number) const { return lines_ + number % place_.length * place_.width; }

 private:
  Device<int64_t> count_;
  double* lines_ = nullptr;
  int64_t* published_ = nullptr;
  cuda::Log place_{};
};

// Runs an op on both backends on the same operands and compares all of them afterwards. The terms are those of the same op on
// absolute values or, where that means nothing, 1.
template <class Real, class Cpu, class Gpu>
void compare(const char* what, int operands, double tolerance, Cpu onCpu, Gpu onGpu) {
  for (const int64_t count : kCounts)
    for (const Offsets& offsets : kOffsets) {
      Random random(static_cast<uint64_t>(count + 7));
      const Operands<Real> start(random, operands, count);
      auto expected = start.all;
      auto cpu = makeCpuBackend<Real>(1);
      std::vector<Real*> at;
      for (int i = 0; i < operands; ++i) at.push_back(expected[i].data() + offsets.at[i]);
      onCpu(*cpu, at, count);
      std::vector<Real> flat, scale;
      for (int i = 0; i < operands; ++i)
        for (size_t k = 0; k < expected[i].size(); ++k) {
          flat.push_back(expected[i][k]);
          scale.push_back(std::abs(expected[i][k]) + std::abs(start.all[i][k]) + 1);
        }
      flat.push_back(static_cast<Real>(cpu->slot(3)));
      scale.push_back(static_cast<Real>(count + 1));
      const auto actual = inEveryOrder<Real>([&](Context& context) {
        std::vector<Device<Real>> devices;
        std::vector<Real*> places;
        for (int i = 0; i < operands; ++i) {
          devices.emplace_back(context, start.all[i]);
          places.push_back(devices[i].data() + offsets.at[i]);
        }
        onGpu(context, places, count);
        std::vector<Real> out;
        for (const Device<Real>& device : devices)
          for (const Real value : device.read()) out.push_back(value);
        out.push_back(static_cast<Real>(readSlot(context, 3)));
        return out;
      });
      char name[96];
      std::snprintf(name, sizeof name, "%s<%s>, %lld values at %d %d", what, kName<Real>, static_cast<long long>(count),
                    offsets.at[0], offsets.at[1]);
      expectClose(name, actual, flat, scale, tolerance);
    }
}

template <class Real>
void vectorCases() {
  const double tolerance = sizeof(Real) == 4 ? 1e-6 : 1e-15;  // a rounding or two, relative to |terms| + 1
  const std::string type = std::string(" ") + kName<Real>;
  using At = const std::vector<Real*>&;
  testCase("fill" + type, [&] {
    compare<Real>(
        "fill", 1, 0, [](auto& b, At x, int64_t n) { b.fill(x[0], Real(2.5), n); },
        [](Context& c, At x, int64_t n) { cuda::fill(c, x[0], Real(2.5), n); });
  });
  for (const double value : {0.0, 0.75})
    for (const int slot : {kOne, 5}) {
      testCase("axpy" + type + std::to_string(value) + std::to_string(slot), [&] {
        compare<Real>(
            "axpy", 2, tolerance,
            [&](auto& b, At x, int64_t n) { b.setSlot(5, value), b.axpy(x[0], slot == kOne ? value : -2, slot, x[1], n); },
            [&](Context& c, At x, int64_t n) { setSlot(c, 5, value), axpy(c, x[0], slot == kOne ? value : -2, slot, x[1], n); });
      });
      testCase("xpby" + type + std::to_string(value) + std::to_string(slot), [&] {
        compare<Real>(
            "xpby", 2, tolerance, [&](auto& b, At x, int64_t n) { b.setSlot(5, value), b.xpby(x[0], x[1], slot, n); },
            [&](Context& c, At x, int64_t n) { setSlot(c, 5, value), xpby(c, x[0], x[1], slot, n); });
      });
    }
  testCase("multiply" + type, [&] {
    compare<Real>(
        "multiply", 3, tolerance, [](auto& b, At x, int64_t n) { b.multiply(x[0], x[1], x[2], n); },
        [](Context& c, At x, int64_t n) { multiply<Real>(c, x[0], x[1], x[2], n); });
    compare<Real>(
        "multiply in place", 2, tolerance, [](auto& b, At x, int64_t n) { b.multiply(x[0], x[0], x[1], n); },
        [](Context& c, At x, int64_t n) { multiply<Real>(c, x[0], x[0], x[1], n); });
  });
  testCase("dot" + type, [&] {
    // The sum is in double, whatever the terms are.
    compare<Real>(
        "dot", 2, sizeof(Real) == 4 ? 1e-7 : 1e-13, [](auto& b, At x, int64_t n) { b.dot(x[0], x[1], n, 3); },
        [](Context& c, At x, int64_t n) { dot<Real>(c, x[0], x[1], n, 3); });
  });
  for (const auto& [stopped, keep] : {std::pair{0.0, 0.0}, {1.0, 0.0}, {0.0, 1.0}, {1.0, 1.0}})
    testCase("adam" + type + std::to_string(stopped) + std::to_string(keep), [&, stopped = stopped, keep = keep] {
      const AdamSettings settings{0.02, 0, 0.9, 0.999, 1e-8, 10};
      // The second moment is a square.
      const auto squared = [](auto& b, At x, int64_t n) { b.multiply(x[3], x[3], x[3], n); };
      compare<Real>(
          "adam", 5, tolerance * 10,
          [&](auto& b, At x, int64_t n) {
            squared(b, x, n);
            b.setSlot(AdamSlots::rate, 0.03), b.setSlot(AdamSlots::rootCorrection, 1.7), b.setSlot(AdamSlots::stopped, stopped);
            b.setSlot(AdamSlots::keep, keep), b.setSlot(3, 0), b.adam({x[0], x[1], x[2], x[3], x[4]}, n, settings);
          },
          [&](Context& c, At x, int64_t n) {
            multiply<Real>(c, x[3], x[3], x[3], n);
            setSlot(c, AdamSlots::rate, 0.03), setSlot(c, AdamSlots::rootCorrection, 1.7),
                setSlot(c, AdamSlots::stopped, stopped);
            setSlot(c, AdamSlots::keep, keep), setSlot(c, 3, 0);
            adam<Real>(c, {x[0], x[1], x[2], x[3], x[4]}, n, settings);
          });
    });
  for (const double length : {0.0, 0.75})
    testCase("cglsStep" + type + std::to_string(length), [&] {
      const auto slots = [&](auto set) {
        set(CglsSlots::gamma, 1.5), set(CglsSlots::rowNorm, 2), set(CglsSlots::stopped, length == 0 ? kConverged : kRunning);
      };
      compare<Real>(
          "cglsStep", 2, tolerance,
          [&](auto& b, At x, int64_t n) {
            slots([&](int slot, double value) { b.setSlot(slot, value); });
            b.cglsStep(x[0], x[1], n), b.setSlot(3, b.slot(CglsSlots::alpha) - length);
          },
          [&](Context& c, At x, int64_t n) {
            slots([&](int slot, double value) { setSlot(c, slot, value); });
            cuda::cglsStep(c, x[0], x[1], n), setSlot(c, 3, readSlot(c, CglsSlots::alpha) - length);
          });
    });
  for (const double damping : {0.0, 0.3})
    testCase("cglsAdvance" + type + std::to_string(damping), [&] {
      const CglsSettings settings{1e-9, 1e-4, 5};
      const auto slots = [&](auto set) {
        for (const int slot : {CglsSlots::gamma, CglsSlots::firstGamma, CglsSlots::bestGamma}) set(slot, 1e9);
        set(CglsSlots::damping, damping), set(CglsSlots::alpha, 0.4);
      };
      compare<Real>(
          "cglsAdvance", 4, tolerance * 4,
          [&](auto& b, At x, int64_t n) {
            slots([&](int slot, double value) { b.setSlot(slot, value); });
            b.cglsAdvance(x[0], x[1], damping > 0 ? x[2] : nullptr, x[3], n, settings);
            b.setSlot(3, b.slot(CglsSlots::gamma));
          },
          [&](Context& c, At x, int64_t n) {
            slots([&](int slot, double value) { setSlot(c, slot, value); });
            const PinnedLog log(c, 64, 8);
            cuda::cglsAdvance(c, x[0], x[1], damping > 0 ? x[2] : nullptr, x[3], n, settings, log.place());
            const double gamma = readSlot(c, CglsSlots::gamma);
            DINF_EXPECT(log.published() == 1 && log.line(0)[CglsSlots::gamma] == gamma, "the line that is published");
            setSlot(c, 3, gamma);
          });
    });
  for (const int fate : {0, int{CglsSlots::keep}, int{CglsSlots::restore}})
    for (const bool damped : {false, true})
      testCase("cglsTurn" + type + std::to_string(fate) + (damped ? " damped" : ""), [&] {
        const auto slots = [&](auto set) {
          set(CglsSlots::alpha, fate == CglsSlots::restore ? 0 : 0.4), set(CglsSlots::beta, 0.6);
          if (fate > 0) set(fate, 1);
        };
        compare<Real>(
            "cglsTurn", 6, tolerance * 4,
            [&](auto& b, At x, int64_t n) {
              slots([&](int slot, double value) { b.setSlot(slot, value); });
              b.cglsTurn({x[0], x[1], x[2], x[3], x[4], x[5]}, n, damped);
              b.setSlot(3, damped ? b.slot(CglsSlots::stepNorm) : 0);
            },
            [&](Context& c, At x, int64_t n) {
              slots([&](int slot, double value) { setSlot(c, slot, value); });
              cuda::cglsTurn<Real>(c, {x[0], x[1], x[2], x[3], x[4], x[5]}, n, damped);
              setSlot(c, 3, damped ? readSlot(c, CglsSlots::stepNorm) : 0);
            });
      });
  testCase("inverseRoots" + type, [&] {
    compare<Real>(
        "inverseRoots", 2, tolerance * 100, [](auto& b, At x, int64_t n) { b.inverseRoots(x[0], x[1], 0.01, n); },
        [](Context& c, At x, int64_t n) { inverseRoots<Real>(c, x[0], x[1], 0.01, n); });
  });
  testCase("what is not finite" + type, [&] {
    const Real nan = std::numeric_limits<Real>::quiet_NaN();
    const std::vector<Real> bad(40, nan), good(40, Real(3));
    const auto result = inEveryOrder<Real>([&](Context& c) {
      const Device<Real> x(c, bad), y(c, good), z(c, good);
      setSlot(c, 5, 0);
      axpy(c, y.data(), 2, 5, x.data(), 40);  // factor 0: y as it is
      axpy(c, z.data(), 1, kOne, x.data(), 40);
      auto out = y.read();
      for (const Real v : z.read()) out.push_back(v);
      return out;
    });
    for (int i = 0; i < 40; ++i)
      DINF_EXPECT(result[i] == 3 && std::isnan(result[40 + i]), "value %d: %g %g", i, double(result[i]), double(result[40 + i]));
  });
  testCase("collectSums" + type, [&] {
    for (const int64_t count : kCounts)
      for (const int64_t parts : {int64_t{1}, int64_t{7}, int64_t{64}}) {
        if (count * parts > 2000000) continue;
        Random random(static_cast<uint64_t>(count * 100 + parts));
        const auto sums = randomVector<double>(random, count * parts);
        std::vector<Real> expected(static_cast<size_t>(count)), scale(static_cast<size_t>(count), static_cast<Real>(parts));
        makeCpuBackend<Real>(1)->collectSums(expected.data(), sums.data(), parts, count);
        const auto actual = inEveryOrder<Real>([&](Context& c) {
          const Device<double> in(c, sums);
          const Device<Real> out(c, std::vector<Real>(static_cast<size_t>(count), Real(9)));
          collectSums(c, out.data(), in.data(), parts, count);
          return out.read();
        });
        expectClose("collectSums", actual, expected, scale, sizeof(Real) == 4 ? 1e-7 : 1e-15);
      }
  });
  testCase("dot of unaligned vectors has the bits of aligned ones" + type, [&] {
    Random random(5);
    const auto x = randomVector<Real>(random, 100003);
    const auto shifted = [&](int by) {
      std::vector<Real> moved(static_cast<size_t>(by), Real(0));
      moved.insert(moved.end(), x.begin(), x.end());
      return inEveryOrder<double>([&](Context& c) {
        const Device<Real> a(c, moved);
        dot<Real>(c, a.data() + by, a.data() + by, 100003, 9);
        return std::vector<double>{readSlot(c, 9)};
      })[0];
    };
    DINF_EXPECT(shifted(0) == shifted(1), "%.17g %.17g", shifted(0), shifted(1));
  });
}

void slotCases() {
  testCase("slots: set, clear, add, copy", [] {
    auto cpu = makeCpuBackend<double>(1);
    cpu->reserveSlots(400);
    std::vector<double> expected(400);
    for (int i = 0; i < 400; ++i) cpu->setSlot(i, 0.1 * i - 3);
    cpu->clearSlots(30, 200), cpu->addSlots(399, 250, 100), cpu->copySlots(expected.data(), 0, 400);
    std::vector<float> rounded(expected.begin(), expected.end());
    const auto actual = inEveryOrder<double>([&](Context& c) {
      for (int i = 0; i < 400; ++i) cuda::setSlot(c, i, 0.1 * i - 3);
      cuda::clearSlots(c, 30, 200), cuda::addSlots(c, 399, 250, 100);
      const Device<double> out(c, std::vector<double>(400, 0.0));
      const Device<float> outFloat(c, std::vector<float>(400, 0.0f));
      cuda::copySlots(c, out.data(), 0, 400), cuda::copySlots(c, outFloat.data(), 0, 400),
          cuda::copySlots(c, outFloat.data(), 7, 0);
      DINF_EXPECT(outFloat.read() == rounded, "slots as float");
      return out.read();
    });
    expectClose("slots", actual, expected, std::vector<double>(400, 0.0), 0);
  });
  testCase("adamAdvance: decay, window, a loss that is not finite", [] {
    const AdamSettings settings{0.02, 40, 0.9, 0.999, 1e-8, 10};
    auto cpu = makeCpuBackend<double>(1);
    cpu->reserveSlots(40);
    Random random(3);
    std::vector<double> losses, expected;
    for (int i = 0; i < 120; ++i) losses.push_back(i == 110 ? NAN : 2 + random.next());
    cpu->setSlot(AdamSlots::bestMean, INFINITY);
    for (const double loss : losses) {
      cpu->setSlot(31, loss - 0.5), cpu->setSlot(32, 0.5), cpu->adamAdvance(settings, 30, 2, 2);
      expected.push_back(cpu->slot(30));
      for (int s = 0; s < kStageSlots; ++s) expected.push_back(cpu->slot(s));
    }
    const auto actual = inEveryOrder<double>([&](Context& c) {
      std::vector<double> out;
      cuda::setSlot(c, AdamSlots::bestMean, INFINITY);
      const PinnedLog log(c, 64, 200);
      int64_t number = 0;
      for (const double loss : losses) {
        cuda::setSlot(c, 31, loss - 0.5), cuda::setSlot(c, 32, 0.5), cuda::adamAdvance(c, settings, 30, 2, 2, log.place());
        c.synchronize();
        const double* const line = log.line(number++);
        DINF_EXPECT(log.published() == number && (line[0] == loss || (std::isnan(line[0]) && std::isnan(loss)) || std::abs(line[0] - loss) < 1e-15 * loss),
                    "a line without its loss");
        out.push_back(line[0]);
        for (int s = 0; s < kStageSlots; ++s) out.push_back(readSlot(c, s));
      }
      return out;
    });
    expectClose("adamAdvance", actual, expected, expected, 1e-13);
    DINF_EXPECT(
        expected[119 * (kStageSlots + 1) + 1 + AdamSlots::stopped] == 1 && expected[119 * (kStageSlots + 1) + 1 + AdamSlots::iteration] == 110,
        "stops");
  });
  testCase("the slots of conjugate gradients: on, and stopped in every way", [] {
    const CglsSettings settings{1e-9, 1e-4, 5};
    for (const int scenario : {0, 1, 2, 3}) {  // converges, no image, not finite, rounding decides
      const auto play = [&](auto set, auto step, auto advance, auto get) {
        std::vector<double> out;
        for (const int s : {CglsSlots::gamma, CglsSlots::firstGamma, CglsSlots::bestGamma}) set(s, 1.0);
        set(CglsSlots::predicted, 5.0), set(CglsSlots::damping, 0.01);
        for (int i = 0; i < 60; ++i) {
          set(CglsSlots::rowNorm, scenario == 1 && i == 4 ? -1.0 : scenario == 2 && i == 4 ? NAN : 2.0 + i);
          set(CglsSlots::stepNorm, scenario == 1 && i == 4 ? 0.0 : 1.0);
          step();
          set(CglsSlots::nextGamma, scenario == 3 ? (i < 20 ? std::pow(0.3, i) : 1e-9 * (1 + 0.1 * (i % 3))) : std::pow(0.3, i));
          // The squared norm of a vector of one entry, scaled by 1.
          advance(std::sqrt(get(CglsSlots::nextGamma)));
          for (int s = 0; s < kStageSlots; ++s) out.push_back(get(s));
        }
        return out;
      };
      auto cpu = makeCpuBackend<double>(1);
      double row = 0, one = 1;
      const auto expected = play([&](int s, double v) { cpu->setSlot(s, v); }, [&] { cpu->cglsStep(&row, &row, 1); },
                                 [&](double s) { cpu->cglsAdvance(&s, &one, nullptr, nullptr, 1, settings); }, [&](int s) { return cpu->slot(s); });
      const auto actual = inEveryOrder<double>([&](Context& c) {
        const Device<double> rows(c, {0, 0}), ones(c, {1});
        const PinnedLog log(c, 64, 8);
        return play([&](int s, double v) { cuda::setSlot(c, s, v); }, [&] { cuda::cglsStep(c, rows.data(), rows.data() + 1, 1); },
                    [&](double s) {
                      const Device<double> vector(c, {s});
                      cuda::cglsAdvance<double>(c, vector.data(), ones.data(), nullptr, nullptr, 1, settings, log.place());
                      c.synchronize();
                    },
                    [&](int s) { return readSlot(c, s); });
      });
      expectClose("cgls", actual, expected, expected, 1e-13);
      const double stop = expected[59 * kStageSlots + CglsSlots::stopped];
      DINF_EXPECT(stop == (scenario == 1   ? kNoImage
                           : scenario == 2 ? kNotFinite
                                           : kConverged),
                  "scenario %d ends with %g", scenario, stop);
    }
  });
  testCase("publish: a ring of lines in pinned memory", [] {
    constexpr int kWidth = 64, kLines = 8;
    const auto last = inEveryOrder<double>([&](Context& c) {
      const PinnedLog log(c, kWidth, kLines);
      std::vector<double> out;
      for (int i = 0; i < 21; ++i) {
        for (int k = 0; k < 5; ++k) cuda::setSlot(c, 20 + k, 100 * i + k);
        cuda::publish(c, 20, 5, log.place());
        c.synchronize();
        DINF_EXPECT(log.published() == i + 1, "%lld lines", static_cast<long long>(log.published()));
        for (int k = 0; k < 5; ++k) out.push_back(log.line(i)[k]);
      }
      return out;
    });
    for (int i = 0; i < 21; ++i)
      for (int k = 0; k < 5; ++k) DINF_EXPECT(last[i * 5 + k] == 100 * i + k, "line %d", i);
  });
}

void cases() {
  slotCases();
  vectorCases<float>();
  vectorCases<double>();
}

}  // namespace
}  // namespace dinf::op_tests

int main(int argc, char** argv) { return dinf::op_tests::finish(argc, argv, dinf::op_tests::cases); }
