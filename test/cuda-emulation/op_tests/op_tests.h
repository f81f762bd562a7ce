// What tests of single CUDA ops share: device memory, every order of threads, comparison relative to the sum of the terms.
//
//   dinf_<name>_tests_normal | dinf_<name>_tests_races  [part of a case's name]
#pragma once
#include <functional>
#include "cpu/backend_cpu.h"
#include "cuda/backend_cuda.h"
#include "cuda/ops.h"
#include "emulation.h"
#include "test/check.h"

namespace dinf::op_tests {
using cuda::Context;
using test::Random;
using test::testCase;

template <class Real>
constexpr double kTolerance = sizeof(Real) == 4 ? 1e-5 : 1e-12;
template <class Real>
constexpr const char* kName = sizeof(Real) == 4 ? "float" : "double";

template <class Real>
std::vector<Real> randomVector(Random& random, int64_t count, double scale = 1) {
  std::vector<Real> values(static_cast<size_t>(count));
  for (Real& value : values) value = static_cast<Real>(static_cast<float>(random.next() * scale));
  return values;
}

// A device's copy of a vector.
template <class Real>
class Device {
 public:
  Device(Context& context, const std::vector<Real>& values)
      : buffer_(context, static_cast<int64_t>(values.size())), context_(&context) {
    if (!values.empty()) buffer_.upload(values);
  }
  Real* data() const { return buffer_.data(); }
  std::vector<Real> read() const {
    context_->synchronize();
    std::vector<Real> values(static_cast<size_t>(buffer_.count()));
    cuda::checkCuda(cudaMemcpy(values.data(), buffer_.data(), values.size() * sizeof(Real), cudaMemcpyDeviceToHost), "download");
    return values;
  }

 private:
  cuda::Buffer<Real> buffer_;
  Context* context_;
};
inline double readSlot(Context& context, int slot) {
  context.synchronize();
  double value = 0;
  cuda::checkCuda(cudaMemcpy(&value, context.slots() + slot, sizeof value, cudaMemcpyDeviceToHost), "download");
  return value;
}

// Runs `body` in every order of threads and blocks: the same bits each time, no race, no atomic of floating-point numbers.
template <class Real>
std::vector<Real> inEveryOrder(const std::function<std::vector<Real>(Context&)>& body) {
  using cuda_emulation::Order;
  std::vector<Real> first;
  const auto before = cuda_emulation::statistics();
  for (const Order order : {Order::ascending, Order::descending, Order::shuffled}) {
    cuda_emulation::options().order = order;
    Context context(0, 0);
    const std::vector<Real> result = body(context);
    context.synchronize();
    if (order == Order::ascending) first = result;
    else
      DINF_EXPECT(result.size() == first.size() &&
                      (first.empty() || std::memcmp(result.data(), first.data(), first.size() * sizeof(Real)) == 0),
                  "another order of threads gives other bits");
  }
  cuda_emulation::options().order = Order::ascending;
  const auto& after = cuda_emulation::statistics();
  DINF_EXPECT(after.failures == before.failures, "the device reports %s",
              cuda_emulation::reports().empty() ? "?" : cuda_emulation::reports().back().c_str());
  DINF_EXPECT(after.floatAtomics == before.floatAtomics, "atomics of floating-point numbers");
  return first;
}

// |actual - expected| <= tolerance * scale for each; what is not finite must be the same.
template <class Real>
void expectClose(const char* what, const std::vector<Real>& actual, const std::vector<Real>& expected,
                 const std::vector<Real>& scale, double tolerance) {
  DINF_EXPECT(actual.size() == expected.size(), "%s: %zu values for %zu", what, actual.size(), expected.size());
  if (actual.size() != expected.size()) return;
  for (size_t i = 0; i < actual.size(); ++i) {
    const double a = static_cast<double>(actual[i]), e = static_cast<double>(expected[i]),
                 s = std::abs(static_cast<double>(scale[i]));
    const bool same = std::isnan(e) ? std::isnan(a) : std::isinf(e) ? a == e : std::abs(a - e) <= tolerance * s;
    if (same) continue;
    DINF_EXPECT(false, "%s: value %zu is %.17g, not %.17g (terms %.3g)", what, i, a, e, s);
    return;
  }
}

inline int finish(int argc, char** argv, void (*cases)()) {
  if (argc > 1) test::report().filter = argv[1];
  cuda_emulation::options().quiet = true;
  cases();
  std::printf("%d passed, %d failed, %d checks\n", test::report().passed, test::report().failed, test::report().checks);
  return test::report().failed > 0 || test::report().passed == 0 ? 1 : 0;
}

}  // namespace dinf::op_tests
