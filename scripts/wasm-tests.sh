#!/usr/bin/env bash
# Builds the WebAssembly module and tests it, in Node and in Chromium. Where there is no Emscripten it says so and ends; so it does where
# nothing that decides the outcome has changed since it last passed, unless --always is given: what it passed on is committed
# (test/wasm/passed). Offline.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! command -v emcc >/dev/null; then
  echo "wasm: skipped, there is no Emscripten (Debian: apt install emscripten)"
  exit 0
fi

# The addon's sources, the library that is bundled with it, how both are built, and the tests.
passed=test/wasm/passed
state=$({
  emcc --version | head -1
  find native lib wasm test/wasm docs/demo cmake scripts/build-wasm.mjs CMakeLists.txt -type f ! -path $passed ! -path 'native/test/*' ! -path 'native/bench/*' ! -path 'docs/demo/dinf-grid/*' -print0 |
    LC_ALL=C sort -z | xargs -0 sha256sum
} | sha256sum | cut -d ' ' -f 1)
if [ "${1:-}" != --always ] && [ "$(cat $passed 2>/dev/null)" = "$state" ]; then
  echo "wasm: skipped, it passed on these sources with this Emscripten (bash scripts/wasm-tests.sh --always runs it)"
  exit 0
fi
npm run --silent build:wasm
npx jest --selectProjects dinf-grid --testPathPatterns test/wasm
echo "$state" >$passed
