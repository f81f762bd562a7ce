#!/usr/bin/env bash
# Runs the native tests under the address and undefined-behaviour sanitizers, or under valgrind.
#
#   scripts/sanitize.sh             addresses, undefined behaviour, leaks: all cases, and the reduced set on the narrowest instruction set
#   scripts/sanitize.sh --quick     the reduced set on the narrowest instruction set: what continuous integration has time for
#   scripts/sanitize.sh --valgrind  what the sanitizers cannot see, uninitialised values above all: the reduced set
#
# Exits with a code that is not 0 on any finding. Builds into build/asan and build/native-tests, offline.
set -euo pipefail
cd "$(dirname "$0")/.."

mode=${1:-}
if [[ $# -gt 1 || (-n $mode && $mode != --valgrind && $mode != --quick) ]]; then
  sed -n '2,/^set /{/^#/s/^# \{0,1\}//p}' "$0" >&2
  exit 2
fi

build() { # directory, CMake options
  local directory=$1
  shift
  cmake -S . -B "$directory" --log-level=WARNING -DDINF_ADDON=OFF -DDINF_NATIVE_TESTS=ON "$@" >/dev/null
  cmake --build "$directory" --parallel "$(getconf _NPROCESSORS_ONLN)" >"$directory/build.log" 2>&1 || {
    cat "$directory/build.log" >&2
    return 1
  }
}

# Cases that pass are no news; a failure shows everything.
run() {
  local log status=0
  log=$(mktemp)
  "$@" >"$log" 2>&1 || status=$?
  if [[ $status -ne 0 ]]; then cat "$log"; else grep -E '^instruction set|passed,|ERROR SUMMARY' "$log" || true; fi
  rm -f "$log"
  return $status
}

if [[ $mode == --valgrind ]]; then
  build build/native-tests
  # valgrind knows no AVX-512: the kernels of x86-64-v3 run.
  DINF_CPU_ISA=v3 run valgrind --error-exitcode=1 --leak-check=full --errors-for-leak-kinds=definite,possible \
    build/native-tests/dinf_native_tests --quick
else
  isas='v2;v4'
  if [[ $mode == --quick ]]; then isas=v2; fi
  # Casts of numbers out of range and container indices are not in `undefined`.
  build build/asan -DDINF_SANITIZE=ON "-DDINF_SANITIZE_ISAS=$isas" -DCMAKE_CXX_FLAGS='-fsanitize=float-cast-overflow -D_GLIBCXX_ASSERTIONS'
  export ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=1:strict_init_order=1:check_initialization_order=1
  export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
  # Side by side: each runs on one core for most of its time.
  runs=()
  if [[ $mode == --quick ]]; then
    for share in 0/2 1/2; do run build/asan/dinf_native_tests --quick --share $share & runs+=($!); done
  else
    for share in 0/2 1/2; do run build/asan/dinf_native_tests --share $share & runs+=($!); done
    # v2 has the narrowest vectors, v4 above the widest.
    DINF_CPU_ISA=v2 run build/asan/dinf_native_tests --quick & runs+=($!)
  fi
  for pid in "${runs[@]}"; do wait "$pid"; done
fi
