#!/usr/bin/env bash
# Runs the tests of the CUDA ops and the conformance suite on the code that nvcc makes of the kernels: its PTX, translated to C++, on the emulated device. Where there
# is no nvcc it says so and ends; so it does where nothing that decides the outcome has changed since it last passed, unless --always is
# given. What it passed on is committed (test/cuda-emulation/ptx/passed), so that continuous integration takes these minutes for changes of
# the kernels, their tests or the compiler alone. Offline; shares build/cmake with the addon.
set -euo pipefail
cd "$(dirname "$0")/.."

nvcc=$(command -v nvcc || ls "${CUDA_HOME:-/usr/local/cuda}/bin/nvcc" 2>/dev/null || true)
if [ -z "$nvcc" ]; then
  echo "cuda-ptx: skipped, there is no nvcc (looked on PATH and in CUDA_HOME)"
  exit 0
fi
if [ "$(uname -sm)" != "Linux x86_64" ]; then
  echo "cuda-ptx: skipped, the emulated device needs x86-64 Linux"
  exit 0
fi

# The sources of the kernels and of the device that runs them, the suite, and the compiler. What else the addon holds is tested elsewhere.
passed=test/cuda-emulation/ptx/passed
state=$({
  "$nvcc" --version
  find cuda native/math native/core/*.h test/cuda-emulation test/conformance scripts/ptx scripts/ptx-to-cpp.mjs -type f ! -path $passed -print0 | LC_ALL=C sort -z | xargs -0 sha256sum
} | sha256sum | cut -d ' ' -f 1)
if [ "${1:-}" != --always ] && [ "$(cat $passed 2>/dev/null)" = "$state" ]; then
  echo "cuda-ptx: skipped, it passed on these sources with this nvcc (bash scripts/ptx-tests.sh --always runs it)"
  exit 0
fi

jobs=$(getconf _NPROCESSORS_ONLN)
start=$SECONDS
cmake -S . -B build/cmake -DCMAKE_BUILD_TYPE=Release -DDINF_CUDA_EMULATED=ON --log-level=WARNING >/dev/null
cmake --build build/cmake --parallel "$jobs" --target dinf_ptx_tests >build/ptx-tests.log 2>&1 || {
  cat build/ptx-tests.log >&2
  exit 1
}
echo "cuda-ptx: built in $((SECONDS - start)) s"
ctest --test-dir build/cmake --parallel "$jobs" --output-on-failure --label-regex ptx
DINF_TEST_PTX=1 npx jest --selectProjects cuda-ptx
echo "$state" >$passed
