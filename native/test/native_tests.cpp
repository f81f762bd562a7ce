// Tests of the native core without Node: what the sanitizers and valgrind run (scripts/sanitize.sh).
//
//   dinf_native_tests [--quick] [--share K/N] [part of a case's name]
//
// --share runs every N-th case from the K-th (0 .. N - 1) on, so that N processes run them all side by side.
#include "cpu/kernels.h"
#include "test/check.h"
#include "test/derivative_cases.h"
#include "test/direct_cases.h"
#include "test/solve_cases.h"
#include "test/unit_cases.h"

int main(int argc, char** argv) {
  dinf::test::Report& report = dinf::test::report();
  for (int i = 1; i < argc; ++i) {
    if (std::string(argv[i]) == "--quick") {
      report.quick = true;
    } else if (std::string(argv[i]) == "--share") {
      if (i + 1 == argc || std::sscanf(argv[++i], "%d/%d", &report.share, &report.shares) != 2 || report.share < 0 ||
          report.share >= report.shares) {
        std::fprintf(stderr, "--share takes K/N with 0 <= K < N\n");
        return 2;
      }
    } else {
      report.filter = argv[i];
    }
  }
  std::printf("instruction set %s\n", dinf::cpuInstructionSet());
  dinf::test::unitCases();
  dinf::test::derivativeCases();
  dinf::test::solveCases();
  dinf::test::directCases();
  std::printf("%d passed, %d failed\n", report.passed, report.failed);
  return report.failed == 0 && report.passed > 0 ? 0 : 1;
}
