// The pieces below a solver: random numbers, the thread pool, vector kernels, every opcode of a program.
#pragma once
#include <atomic>
#include <limits>
#include <stdexcept>
#include <thread>
#include <utility>
#include "cpu/kernels.h"
#include "cpu/thread_pool.h"
#include "core/lookahead.h"
#include "cpu/worker_reserve.h"
#include "math/philox.h"
#include "test/specs.h"

namespace dinf::test {

inline void lookaheadCases() {
  testCase("as many plays ahead as cover a look", [] {
    using std::chrono::microseconds;
    const auto after = [](int64_t each) {
      Lookahead ahead(32);
      Lookahead::Clock::time_point now{};
      ahead.begin(7, now);
      for (int64_t line = 8; line < 40; ++line) ahead.saw(line, now += microseconds(each));
      return ahead.plays();
    };
    DINF_EXPECT(after(10) == 21, "iterations of 10 us: %d", after(10));
    DINF_EXPECT(after(400) == 2, "iterations of 400 us: %d", after(400));
    DINF_EXPECT(after(50'000) == 2, "iterations of 50 ms: %d", after(50'000));
    DINF_EXPECT(after(1) == 32, "iterations of 1 us: %d", after(1));
    Lookahead ahead(32);
    Lookahead::Clock::time_point now{};
    ahead.begin(0, now);
    const int unknown = ahead.plays();
    DINF_EXPECT(unknown >= 2 && unknown <= 4, "nothing is known: %d", unknown);
    // What lay between two loops says nothing of the second.
    ahead.saw(1, now += microseconds(10));
    ahead.begin(1, now += microseconds(10'000'000));
    DINF_EXPECT(ahead.plays() == unknown, "a new loop: %d", ahead.plays());
    ahead.saw(2, now += microseconds(10));
    DINF_EXPECT(ahead.plays() == 21, "and its own pace: %d", ahead.plays());
    ahead.saw(2, now += microseconds(1000));
    DINF_EXPECT(ahead.plays() == 21, "nothing new was seen: %d", ahead.plays());
  });
}

inline void randomNumberCases() {
  // Known answers of the Random123 distribution (kat_vectors, philox4x32 10).
  testCase("philox known answers", [] {
    struct Known {
      uint32_t counter[4], key[2], answer[4];
    };
    const Known known[] = {
        {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{~0u, ~0u, ~0u, ~0u}, {~0u, ~0u}, {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {0xa4093822, 0x299f31d0},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (const Known& k : known) {
      const uint64_t seed = k.key[0] | uint64_t{k.key[1]} << 32;
      const generic::Philox4 random = generic::philox(seed, k.counter[0], k.counter[1], k.counter[2], k.counter[3]);
      for (int i = 0; i < 4; ++i)
        DINF_EXPECT(random.v[i] == k.answer[i], "word %d is %08x, not %08x", i, random.v[i], k.answer[i]);
      uint32_t words[4];
      cpuKernels<float>().randomBits(seed, k.counter[0], k.counter[1], k.counter[2], k.counter[3], 1, words);
      for (int i = 0; i < 4; ++i)
        DINF_EXPECT(words[i] == k.answer[i], "vector word %d is %08x, not %08x", i, words[i], k.answer[i]);
    }
  });
  testCase("philox in bulk is philox one by one", [] {
    for (const int groups : {0, 1, 3, 15, 16, 17, 65}) {
      std::vector<uint32_t> words(4 * groups);
      const uint32_t first = 0xfffffff0u;  // the counter wraps inside
      cpuKernels<double>().randomBits(42, first, 7, 3, 1, groups, words.data());
      for (int g = 0; g < groups; ++g) {
        const generic::Philox4 one = generic::philox(42, first + static_cast<uint32_t>(g), 7, 3, 1);
        for (int k = 0; k < 4; ++k) DINF_EXPECT(words[4 * g + k] == one.v[k], "group %d word %d of %d groups", g, k, groups);
      }
    }
    DINF_EXPECT(generic::philoxUniform(0) > 0 && generic::philoxUniform(~0u) < 1, "a uniform number is 0 or 1");
  });
}

inline void threadPoolCases() {
  const int rounds = report().quick ? 60 : 4000;
  for (const int threads : {1, 2, 3, 4, 9})
    testCase("thread pool: many tiny loops, " + std::to_string(threads) + " threads", [&] {
      ThreadPool pool(threads);
      DINF_EXPECT(pool.threads() == threads, "%d threads", pool.threads());
      std::vector<int> hits(40);
      int64_t wrong = 0;
      for (int round = 0; round < rounds / threads; ++round) {
        const int count = round % 40;
        std::fill(hits.begin(), hits.end(), 0);
        std::atomic<int> outside{0};
        pool.parallelFor(count, [&](int64_t i, int thread) {
          ++hits[i];  // no atomic: every index belongs to one call
          if (thread < 0 || thread >= threads) ++outside;
        });
        for (int i = 0; i < 40; ++i) wrong += hits[i] != (i < count ? 1 : 0);
        wrong += outside;
      }
      DINF_EXPECT(wrong == 0, "%lld wrong visits", static_cast<long long>(wrong));
    });
  testCase("thread pool: born and gone", [] {
    for (int i = 0; i < (report().quick ? 5 : 100); ++i) {
      ThreadPool pool(1 + i % 5);
      if (i % 2) continue;  // never used
      std::atomic<int> sum{0};
      pool.parallelFor(i, [&](int64_t k, int) { sum += static_cast<int>(k); });
      DINF_EXPECT(sum == i * (i - 1) / 2, "sum %d", sum.load());
    }
    ThreadPool none(0), negative(-3);
    DINF_EXPECT(none.threads() == 1 && negative.threads() == 1, "a pool of nobody");
    none.parallelFor(-1, [](int64_t, int) { DINF_EXPECT(false, "called for a negative count"); });
  });
  testCase("thread pool: rests and works on, its workers another's meanwhile", [] {
    ThreadPool first(3), second(4);
    for (int round = 0; round < (report().quick ? 10 : 300); ++round)
      for (ThreadPool* pool : {&first, &second}) {
        std::atomic<int> count{0};
        pool->parallelFor(20, [&](int64_t, int) { ++count; });
        pool->parallelFor(7, [&](int64_t, int) { ++count; });
        DINF_EXPECT(count == 27, "%d of 27 after %d rests", count.load(), round);
        if (round % 3) pool->rest();
        pool->rest();
      }
  });
  testCase("worker reserve: lends what it has, keeps no more than the machine can run", [] {
    WorkerReserve reserve;
    const int most = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
    for (int round = 0; round < 3; ++round) {
      auto workers = reserve.borrow(most + 5);
      DINF_EXPECT(static_cast<int>(workers.size()) == most + 5, "%zu workers", workers.size());
      std::atomic<int> count{0};
      for (auto& worker : workers) worker->start([&count] { ++count; });
      for (auto& worker : workers) worker->wait();
      DINF_EXPECT(count == most + 5, "%d tasks ended", count.load());
      reserve.giveBack(std::move(workers));
    }
    DINF_EXPECT(reserve.borrow(0).empty() && reserve.borrow(-2).empty(), "nobody was asked for");
    reserve.clear();
    reserve.giveBack(reserve.borrow(1));
  });
  testCase("thread pool: an exception reaches the caller, and the pool works on", [] {
    ThreadPool pool(3);
    for (int round = 0; round < 20; ++round) {
      bool caught = false;
      try {
        pool.parallelFor(50, [&](int64_t i, int) {
          if (i % 7 == round % 7) throw std::runtime_error("on purpose");
        });
      } catch (const std::runtime_error&) {
        caught = true;
      }
      DINF_EXPECT(caught, "the exception was lost");
      std::atomic<int> count{0};
      pool.parallelFor(30, [&](int64_t, int) { ++count; });
      DINF_EXPECT(count == 30, "%d of 30 after an exception", count.load());
    }
  });
}

template <class Real>
void vectorCases(const char* type) {
  const CpuKernels<Real>& kernels = cpuKernels<Real>();
  const double tolerance = sizeof(Real) == 4 ? 1e-6 : 1e-14;
  testCase(std::string("vector kernels, ") + type, [&] {
    for (const int count : {0, 1, 7, 8, 9, 15, 16, 17, 33, 100}) {
      Random random(count + 1);
      // Exactly as long as they say: one value too far is the sanitizer's to find.
      std::vector<Real> x(count), y(count), z(count);
      for (int i = 0; i < count; ++i) {
        x[i] = static_cast<Real>(random.next());
        y[i] = static_cast<Real>(random.next());
      }
      double exact = 0;
      for (int i = 0; i < count; ++i) exact += static_cast<double>(x[i]) * static_cast<double>(y[i]);
      const double dot = kernels.dot(x.data(), y.data(), count);
      DINF_EXPECT(std::abs(dot - exact) < 1e-14 * (count + 1), "dot %g, not %g", dot, exact);
      std::vector<Real> sum = y, mixed = y, added = y;
      kernels.axpy(sum.data(), Real(3), x.data(), count);
      kernels.xpby(mixed.data(), x.data(), Real(-2), count);
      kernels.add(added.data(), x.data(), count);
      kernels.multiply(z.data(), x.data(), y.data(), count);
      for (int i = 0; i < count; ++i) {
        DINF_EXPECT(std::abs(sum[i] - (y[i] + 3 * x[i])) < 10 * tolerance, "axpy at %d of %d", i, count);
        DINF_EXPECT(std::abs(mixed[i] - (x[i] - 2 * y[i])) < 10 * tolerance, "xpby at %d of %d", i, count);
        DINF_EXPECT(added[i] == y[i] + x[i] && z[i] == x[i] * y[i], "add or multiply at %d of %d", i, count);
      }
      if (count == 0) continue;
      const Real weight[3] = {Real(0.5), Real(-2), Real(3)};
      std::vector<Real> planes(3 * count), combined(count), spread(3 * count);
      for (Real& value : planes) value = static_cast<Real>(random.next());
      kernels.combine(combined.data(), planes.data(), weight, 3, count, Real(7), count);
      double dots[3] = {};
      kernels.spread(spread.data(), x.data(), planes.data(), weight, 3, count, false, count, dots);
      kernels.spread(spread.data(), x.data(), planes.data(), weight, 3, count, true, count, dots);
      for (int i = 0; i < count; ++i) {
        double expected = 7;
        for (int f = 0; f < 3; ++f) {
          expected += static_cast<double>(weight[f]) * static_cast<double>(planes[f * count + i]);
          DINF_EXPECT(std::abs(spread[f * count + i] - 2 * weight[f] * x[i]) < 10 * tolerance, "spread at %d of %d", i, count);
        }
        DINF_EXPECT(std::abs(combined[i] - expected) < 20 * tolerance, "combine at %d of %d", i, count);
      }
    }
  });
}

// The reference of one opcode.
inline double applyOp(Op op, double a, double b, double c) {
  switch (op) {
    case Op::add:
      return a + b;
    case Op::sub:
      return a - b;
    case Op::mul:
      return a * b;
    case Op::div:
      return a / b;
    case Op::neg:
      return -a;
    case Op::abs:
      return std::abs(a);
    case Op::sign:
      return a > 0 ? 1 : a < 0 ? -1 : a;
    case Op::sqrt:
      return std::sqrt(a);
    case Op::exp:
      return std::exp(a);
    case Op::log:
      return std::log(a);
    case Op::sin:
      return std::sin(a);
    case Op::cos:
      return std::cos(a);
    case Op::tan:
      return std::tan(a);
    case Op::asin:
      return std::asin(a);
    case Op::acos:
      return std::acos(a);
    case Op::atan:
      return std::atan(a);
    case Op::sinh:
      return std::sinh(a);
    case Op::cosh:
      return std::cosh(a);
    case Op::tanh:
      return std::tanh(a);
    case Op::pow:
      return std::pow(a, b);
    case Op::atan2:
      return std::atan2(a, b);
    case Op::min:
      return b < a ? b : a;
    case Op::max:
      return b > a ? b : a;
    case Op::lt:
      return a < b;
    case Op::le:
      return a <= b;
    case Op::eq:
      return a == b;
    case Op::where:
      return a != 0 ? b : c;
    case Op::mul0:
      return a == 0 ? 0 : a * b;
    case Op::hypot:
      return std::hypot(a, b);
    case Op::div0:
      return b == 0 ? 0 : a / b;
    default:
      return 0;
  }
}

// Every opcode over values that include zeros, signs, infinities and numbers outside the domain of the function.
template <class Real>
void opcodeCases(const char* type) {
  testCase(std::string("every opcode, ") + type, [] {
    const int operations = static_cast<int>(Op::store);
    for (const int count : {1, 17, 65, 200}) {
      ProblemSpec problem = makeProblem(1, {makeField(1, {4}, 1, bspline(1), Edge::extend, 1, 1)}, {pointSet(1, 3)}, {});
      EvaluationSpec evaluation;
      evaluation.samples = pointSet(1, count);
      evaluation.jetSets.emplace_back();
      const double special[] = {0, -0.0, 1, -1, INFINITY, -INFINITY, 0.5, 2, -3, 1e30, 1e-30};
      Random random(count);
      for (int channel = 0; channel < 3; ++channel) {
        std::vector<double> values(count);
        for (int i = 0; i < count; ++i)
          values[i] = i % 2 ? static_cast<float>(3 * random.next()) : special[(i / 2 * (channel + 1) + channel) % 11];
        evaluation.channels.push_back(values);
      }
      Assembler at;
      for (int o = 0; o < operations; ++o)
        at.store(o, at.op(static_cast<Op>(o), at.input(InputKind::channel, 0), at.input(InputKind::channel, 1),
                          at.input(InputKind::channel, 2)));
      evaluation.program = at.finish();
      const auto solver = makeSolver(problem, sizeof(Real) == 4 ? Precision::float32 : Precision::float64, 2);
      const std::vector<double> values = solver->evaluate(evaluation);
      DINF_EXPECT(static_cast<int>(values.size()) == operations * count, "%zu values", values.size());
      for (int o = 0; o < operations; ++o)
        for (int i = 0; i < count; ++i) {
          const double a = static_cast<Real>(evaluation.channels[0][i]), b = static_cast<Real>(evaluation.channels[1][i]),
                       c = static_cast<Real>(evaluation.channels[2][i]);
          const double expected = static_cast<Real>(applyOp(static_cast<Op>(o), a, b, c)), got = values[o * count + i];
          // tan and sin of 1e30 in float differ in their last bits; everything else is the library's own function.
          const double error = std::abs(got - expected) / (1 + std::abs(expected));
          const bool same =
              got == expected || (std::isnan(got) && std::isnan(expected)) || error < (sizeof(Real) == 4 ? 1e-5 : 1e-13);
          DINF_EXPECT(same, "opcode %d of (%g, %g, %g) is %g, not %g", o, a, b, c, got, expected);
        }
    }
  });
}

inline void unitCases() {
  randomNumberCases();
  lookaheadCases();
  threadPoolCases();
  vectorCases<float>("float");
  vectorCases<double>("double");
  opcodeCases<float>("float");
  opcodeCases<double>("double");
}

}  // namespace dinf::test
