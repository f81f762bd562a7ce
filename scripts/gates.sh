#!/usr/bin/env bash
# What reads the sources and runs nothing of them: lint, formatting, types, unused code, the order of the folders, the report of the
# public API, the documentation. Two lanes side by side, since lint takes as long as all the others; each says how long it took, and
# shows what it found only when it fails. Needs dist/ (npm run build:lib).
set -uo pipefail
cd "$(dirname "$0")/.."

gate() { # name, command
  local name=$1 log start=$SECONDS
  shift
  log=$(mktemp)
  if "$@" >"$log" 2>&1; then
    echo "$name: passed in $((SECONDS - start)) s"
  else
    cat "$log"
    echo "$name: FAILED after $((SECONDS - start)) s"
    rm -f "$log"
    return 1
  fi
  rm -f "$log"
}

others() {
  local status=0
  gate formatting npx prettier --check . || status=1
  for name in typecheck knip layers api docs; do
    gate "$name" npm run --silent --if-present "$name" || status=1
  done
  return $status
}

others &
lane=$!
status=0
gate lint npx eslint . || status=1
wait $lane || status=1
exit $status
