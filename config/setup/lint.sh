#!/usr/bin/env bash
# What `./dev lint`, the pre-commit hook and CI run: format, static checks, layers, generated files.
# --fix formats in place; --all runs clang-tidy over the tests too, as the nightly run does.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.."

failed=0
check() {
  local name=$1
  shift
  if "$@"; then printf 'ok      %s\n' "$name"; else printf 'FAILED  %s\n' "$name"; failed=1; fi
}

# Golden files are what the generator writes, not what people write.
sources() { git ls-files --cached --others --exclude-standard -- '*.cpp' '*.hpp' | grep -v '/golden/' | while read -r f; do [ -e "$f" ] && printf '%s\n' "$f"; done; }

format() {
  if [ "${1:-}" = --fix ]; then
    sources | xargs clang-format-19 -i
  else
    sources | xargs -P2 -n 40 clang-format-19 --dry-run --Werror
  fi
}

tidy() {
  export CCACHE_NOHASHDIR=1
  cmake --preset tidy >/dev/null
  # Generated tables must exist before the parse.
  cmake --build build/tidy --target generated >/dev/null
  # One translation unit per module (unity build): each header is parsed once, not once per source file.
  if [ "${1:-}" = --all ]; then
    python3 config/setup/run_tidy.py build/tidy --tests
  else
    python3 config/setup/run_tidy.py build/tidy
  fi
}

scripts() {
  local f ok=0
  for f in dev .ci/run .ci/nightly config/setup/*.sh config/deploy/debian/* config/deploy/backup config/deploy/restore config/deploy/rolling_upgrade tests/e2e/*.sh; do bash -n "$f" || ok=1; done
  git ls-files '*.py' | xargs -r python3 -m py_compile || ok=1
  return $ok
}

check format format "${1:-}"
check scripts scripts
check layers python3 tests/tidy/layers.py
check words python3 tests/tidy/words.py
check doc-names python3 tests/tidy/doc_names.py
check clang-tidy tidy "${1:-}"
exit $failed
