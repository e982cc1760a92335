#!/usr/bin/env bash
# Build ocaml-indicators where a compiler is there; `install` fetches one first where that is possible (Debian, root).
#
#   deploy/ocaml.sh setup     install what is missing where we may, then build; never fails, and does nothing twice
#   deploy/ocaml.sh build     build, or say why not and go on: the stack runs without it
#   deploy/ocaml.sh install   install the compiler and the libraries where we may, then build
#   deploy/ocaml.sh test      run the unit, property and command-line tests; fails where there is no compiler
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../ocaml-indicators"

PROGRAM=_build/default/bin/main.exe
BUILD=(ocaml-nox ocaml-dune libyojson-ocaml-dev)
TEST=(libqcheck-ocaml-dev libalcotest-ocaml-dev)

has_compiler() { command -v dune >/dev/null && command -v ocamlopt >/dev/null; }

install() {
  if ((EUID == 0)) && command -v apt-get >/dev/null; then
    echo "ocaml: installing $*"
    apt-get -o Acquire::http::Timeout=20 -o Acquire::Retries=1 update -qq >/dev/null
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
  fi
}

say_missing() {
  echo "ocaml: no dune or ocamlopt: ocaml-indicators is not built, Python's own indicators are used unchecked" \
    "(on Debian: packages ${BUILD[*]})"
}

build() {
  if ! has_compiler; then
    say_missing
    return
  fi
  dune build --profile release bin/main.exe
}

# What was built, or could not be, for these sources; a second start looks no further.
setup() {
  local stamp=../.venv/.ocaml wanted
  [[ -d ../.venv ]] || stamp=/dev/null
  wanted=$(cat dune-project bin/* lib/* ../deploy/ocaml.sh | cksum)
  if [[ $(cat "$stamp" 2>/dev/null) == "$wanted" ]] && { [[ -x $PROGRAM ]] || ! has_compiler; }; then
    [[ -x $PROGRAM ]] || say_missing
    return
  fi
  has_compiler || install "${BUILD[@]}" || echo "ocaml: the packages could not be installed"
  build || echo "ocaml: the program could not be built; Python's own indicators are used"
  printf '%s\n' "$wanted" >"$stamp"
}

case ${1:-} in
  setup) setup ;;
  build) build ;;
  install)
    has_compiler || install "${BUILD[@]}"
    build
    ;;
  test)
    has_compiler && [[ -d /usr/lib/ocaml/qcheck-core ]] || install "${BUILD[@]}" "${TEST[@]}"
    dune build @all
    dune test --force
    ;;
  *)
    echo "usage: deploy/ocaml.sh setup|build|install|test" >&2
    exit 2
    ;;
esac
