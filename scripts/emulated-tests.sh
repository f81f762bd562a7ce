#!/usr/bin/env bash
# Runs the native tests of the CUDA backend on the emulated device: each op against a slow reference, under several thread orders, and
# once more with the race detector. Offline; shares build/cmake with the addon.
set -euo pipefail
cd "$(dirname "$0")/.."
jobs=$(getconf _NPROCESSORS_ONLN)
cmake -S . -B build/cmake -DCMAKE_BUILD_TYPE=Release -DDINF_CUDA_EMULATED=ON --log-level=WARNING >/dev/null
cmake --build build/cmake --parallel "$jobs" --target dinf_emulated_tests >build/emulated-tests.log 2>&1 || {
  cat build/emulated-tests.log >&2
  exit 1
}
ctest --test-dir build/cmake --parallel "$jobs" --output-on-failure --label-exclude ptx
