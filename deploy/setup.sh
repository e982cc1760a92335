#!/usr/bin/env bash
# Make .venv with exactly the locked packages; does nothing when they are there already.
#
#   deploy/setup.sh runtime   what runs and backtests need (requirements.lock)
#   deploy/setup.sh dev       and what the tests need (requirements-dev.lock)
#   deploy/setup.sh find      print the Python that would be used
#
# PYTHON=/path/to/python chooses the interpreter; otherwise it is looked for. It must be 3.12 or 3.13.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

fail() { printf 'setup: %s\n' "$*" >&2; exit 1; }

fits() {
  "$1" -c 'import sys; sys.exit(not (3, 12) <= sys.version_info[:2] < (3, 14))' >/dev/null 2>&1
}

find_python() {
  local candidate
  if [[ -n ${PYTHON:-} ]]; then
    fits "$PYTHON" || fail "PYTHON=$PYTHON is not a Python >= 3.12, < 3.14"
    printf '%s\n' "$PYTHON"
    return
  fi
  for candidate in python3.12 python3.13 python3 python \
      "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.1[23]*/bin/python3 \
      /usr/local/bin/python3.1[23] /opt/homebrew/bin/python3.1[23]; do
    if fits "$candidate"; then
      # A shim may stand for another version elsewhere; the interpreter itself stays what it is.
      "$candidate" -c 'import sys; print(sys.executable)'
      return
    fi
  done
  if command -v uv >/dev/null; then
    uv python find '>=3.12,<3.14' 2>/dev/null && return
    uv python install 3.12 >&2 && uv python find 3.12 && return
  fi
  fail "found no Python >= 3.12, < 3.14. Install one (packages python3.12 and python3.12-venv, or \`pyenv install 3.12\`," \
    "or uv), or name it: make setup PYTHON=/path/to/python3.12"
}

make_venv() {
  local python
  python=$(find_python)
  echo "setup: making .venv with $("$python" --version)"
  rm -rf .venv
  "$python" -m venv .venv || fail "$python cannot make a virtual environment (on Debian: package python3.12-venv)"
}

write_launcher() {
  .venv/bin/python - <<'PYTHON'
"""Put the project on the path of .venv and make .venv/bin/orrery, as an editable install would, without a build."""
import pathlib
import sys
import sysconfig

root = pathlib.Path.cwd()
pathlib.Path(sysconfig.get_path("purelib"), "orrery-project.pth").write_text(f"{root}\n")
launcher = root / ".venv" / "bin" / "orrery"
# /bin/sh starts it, so that the path of the project may contain spaces and be long.
launcher.write_text(f"""#!/bin/sh
'''exec' '{sys.executable}' "$0" "$@"
' '''
import sys

from orrery.__main__ import main

sys.exit(main())
""")
launcher.chmod(0o755)
PYTHON
}

install() {
  local lock=$1 stamp=$2 wanted
  wanted=$( (cat "$lock" deploy/setup.sh; pwd) | .venv/bin/python -c \
    'import hashlib, sys; print(hashlib.sha256(sys.stdin.buffer.read()).hexdigest())')
  if [[ -f $stamp && $(<"$stamp") == "$wanted" ]]; then
    return
  fi
  echo "setup: installing $lock"
  .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement "$lock" \
    || fail "could not install $lock"
  write_launcher
  printf '%s\n' "$wanted" >"$stamp"
}

case ${1:-runtime} in
  find) find_python ;;
  runtime | dev)
    fits .venv/bin/python || make_venv
    # The dev lock holds the runtime's packages too, at the same versions; who once needed it keeps it.
    if [[ ${1:-runtime} == dev || -f .venv/.installed-dev ]]; then
      install requirements-dev.lock .venv/.installed-dev
    else
      install requirements.lock .venv/.installed-runtime
    fi
    deploy/ocaml.sh setup
    ;;
  *) fail "expected runtime, dev or find, found $1" ;;
esac
