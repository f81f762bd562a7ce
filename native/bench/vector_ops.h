// Vectors, reductions, steps of Adam and of conjugate gradients. Sizes: one that second-level caches hold, one that no cache
// does.
#pragma once
#include "measure.h"

namespace dinf::bench {

template <class Real>
void vectorCases(Cases& cases, int64_t count) {
  using B = Backend<Real>;
  struct State {
    DeviceVector<Real> v[6];
    DeviceVector<Real> ones;
  };
  const double n = static_cast<double>(count);
  const std::string size = "2^" + std::to_string(static_cast<int>(std::log2(n)));
  // `operands`: vectors that are read, and vectors that are written: one that is both counts twice.
  const auto add = [&](const std::string& op, double flops, double operands, int vectors, auto call) {
    addCase<Real>(cases, op, size, [=](B& backend) {
      const auto s = std::make_shared<State>();
      for (int i = 0; i < vectors; ++i) s->v[i] = noise(backend, count);
      if (op == "cglsAdvance" || op == "cglsTurn") {
        s->ones = DeviceVector<Real>(backend, count);
        backend.fill(s->ones, Real(1), count);
      }
      backend.reserveSlots(kStageSlots + 8);
      Prepared prepared{{flops * n, operands * n * sizeof(Real)}, [s, call, &backend] { call(backend, *s); }};
      return prepared;
    });
  };
  constexpr int slot = kStageSlots;
  add("fill", 0, 1, 1, [=](B& b, State& s) { b.fill(s.v[0], Real(1), count); });
  add("copy", 0, 2, 2, [=](B& b, State& s) { b.copy(s.v[0], s.v[1], count); });
  add("dot", 2, 2, 2, [=](B& b, State& s) { b.dot(s.v[0], s.v[1], count, slot); });
  add("axpy", 2, 3, 2, [=](B& b, State& s) { b.axpy(s.v[0], 1e-9, kOne, s.v[1], count); });
  add("xpby", 2, 3, 2, [=](B& b, State& s) {
    b.setSlot(slot, 0.5);
    b.xpby(s.v[0], s.v[1], slot, count);
  });
  add("multiply", 1, 3, 3, [=](B& b, State& s) { b.multiply(s.v[0], s.v[1], s.v[2], count); });
  add("inverseRoots", 2, 2, 2, [=](B& b, State& s) { b.inverseRoots(s.v[0], s.v[1], 1e-30, count); });
  // Kingma & Ba: three flops for the first moment, four for the second, six for the step.
  add("adam", 13, 7, 5, [=](B& b, State& s) {
    b.setSlot(AdamSlots::keep, 0);
    b.setSlot(AdamSlots::stopped, 0);
    b.setSlot(AdamSlots::rate, 1e-9);
    b.setSlot(AdamSlots::rootCorrection, 1);
    b.adam({s.v[0], s.v[1], s.v[2], s.v[3], s.v[4]}, count, {1e-9, 0, 0.9, 0.999, 1e-8, int64_t{1} << 40});
  });
  const auto cgls = [](B& b) {
    for (int i = 0; i < kStageSlots; ++i) b.setSlot(i, 0);
    for (const int i : {CglsSlots::gamma, CglsSlots::rowNorm, CglsSlots::firstGamma, CglsSlots::bestGamma}) b.setSlot(i, 1);
    b.setSlot(CglsSlots::alpha, 1e-9);
    b.setSlot(CglsSlots::beta, 0.5);
    b.setSlot(CglsSlots::damping, 1e-3);
  };
  add("cglsStep", 2, 3, 2, [=](B& b, State& s) {
    cgls(b);
    b.cglsStep(s.v[0], s.v[1], count);
  });
  // s = scale s + damping (y - alpha p) and its square, in one pass.
  add("cglsAdvance", 6, 5, 3, [=](B& b, State& s) {
    cgls(b);
    b.cglsAdvance(s.v[0], s.ones, s.v[1], s.v[2], count, {0, 0, int64_t{1} << 40});
  });
  // y -= alpha p, p = s + beta p, d = scale p and p^T p, in one pass.
  add("cglsTurn", 7, 7, 5, [=](B& b, State& s) {
    cgls(b);
    b.cglsTurn({s.v[0], s.v[1], s.v[2], s.v[3], s.v[4], s.ones}, count, true);
  });
}

inline void vectorCases(Cases& cases) {
  vectorCases<float>(cases, int64_t{1} << 16);
  vectorCases<float>(cases, int64_t{1} << 24);
  vectorCases<double>(cases, int64_t{1} << 23);
  // The weight gradients of an MLP, a part a band: sums in double, and what becomes of them.
  struct Sums {
    DeviceSums<float> sums;
    DeviceVector<float> out;
  };
  constexpr int64_t kParts = 64, kCount = 1 << 15;
  const auto make = [](Backend<float>& backend) {
    return std::make_shared<Sums>(Sums{DeviceSums<float>(backend, kParts, kCount), DeviceVector<float>(backend, kCount)});
  };
  addCase<float>(cases, "collectSums", "64 parts of 2^15", [make](Backend<float>& backend) {
    const auto s = make(backend);
    return Prepared{{double(kParts * kCount), 8.0 * kParts * kCount + 4.0 * kCount}, [s] { s->sums.collect(s->out); }};
  });
  addCase<float>(cases, "clearSums", "64 parts of 2^15", [make](Backend<float>& backend) {
    const auto s = make(backend);
    return Prepared{{0, 8.0 * kParts * kCount}, [s] { s->sums.clear(); }};
  });
  // Without flops or bytes to speak of: how long the arithmetic between vectors takes, and a loop over threads that has nothing
  // to do.
  addCase<float>(cases, "adamAdvance", "3 terms", [](Backend<float>& backend) {
    backend.reserveSlots(kStageSlots + 8);
    return Prepared{{}, [&backend] { backend.adamAdvance({1e-3, 5000, 0.9, 0.999, 1e-8, 100}, kStageSlots, 3, 4); }};
  });
  addCase<float>(cases, "parallelFor", "64 items of nothing", [](Backend<float>& backend) {
    return Prepared{{}, [&backend] { backend.hostThreads().parallelFor(64, [](int64_t, int) {}); }};
  });
}

}  // namespace dinf::bench
