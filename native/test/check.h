// A test case is a function; a check that fails is printed and fails its case. No framework: the sanitizers and valgrind should
// see our code and nothing else.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <exception>
#include <string>
#include <vector>

namespace dinf::test {

struct Report {
  int passed = 0, failed = 0, checks = 0;
  bool quick = false;            // the reduced set, for valgrind
  const char* filter = nullptr;  // only cases whose name contains it
  int cases = 0;                 // met so far
  int share = 0, shares = 1;     // only cases whose number is `share` modulo `shares`
  bool caseOk = true;
};
inline Report& report() {
  static Report instance;
  return instance;
}

__attribute__((format(printf, 4, 5))) inline void expect(bool ok, const char* file, int line, const char* format, ...) {
  ++report().checks;
  if (ok) return;
  report().caseOk = false;
  std::printf("  %s:%d: ", file, line);
  va_list arguments;
  va_start(arguments, format);
  std::vprintf(format, arguments);
  va_end(arguments);
  std::printf("\n");
}
#define DINF_EXPECT(ok, ...) ::dinf::test::expect(ok, __FILE__, __LINE__, __VA_ARGS__)

template <class F>
void testCase(const std::string& name, F body) {
  Report& all = report();
  if (all.filter && name.find(all.filter) == std::string::npos) return;
  if (all.cases++ % all.shares != all.share) return;
  all.caseOk = true;
  try {
    body();
  } catch (const std::exception& error) {
    expect(false, __FILE__, __LINE__, "threw %s", error.what());
  }
  std::printf("%s %s\n", all.caseOk ? "ok  " : "FAIL", name.c_str());
  std::fflush(stdout);  // what a crash would otherwise swallow
  ++(all.caseOk ? all.passed : all.failed);
}

// Uniform in [-1, 1), the same on every run and machine.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed * 2862933555777941757u + 3037000493u) {}
  double next() {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return static_cast<double>(state_ >> 11) * 0x1p-52 - 1;
  }
  std::vector<double> vector(int64_t count, double scale = 1) {
    std::vector<double> values(count);
    for (double& value : values) value = static_cast<float>(next() * scale);  // both precisions get the same numbers
    return values;
  }

 private:
  uint64_t state_;
};

inline double dot(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}
inline double norm(const std::vector<double>& a) { return std::sqrt(dot(a, a)); }
// |a - b| relative to |a| + |b|.
inline double distance(const std::vector<double>& a, const std::vector<double>& b) {
  if (a.size() != b.size()) return INFINITY;
  double difference = 0;
  for (size_t i = 0; i < a.size(); ++i) difference += (a[i] - b[i]) * (a[i] - b[i]);
  const double scale = norm(a) + norm(b);
  return scale > 0 ? std::sqrt(difference) / scale : std::sqrt(difference);
}
inline std::vector<double> combine(const std::vector<double>& a, double factor, const std::vector<double>& b) {
  std::vector<double> sum(a);
  for (size_t i = 0; i < a.size(); ++i) sum[i] += factor * b[i];
  return sum;
}
inline bool sameBits(const std::vector<double>& a, const std::vector<double>& b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(double)) == 0);
}
inline bool allFinite(const std::vector<double>& a) {
  return std::all_of(a.begin(), a.end(), [](double x) { return std::isfinite(x); });
}

}  // namespace dinf::test
