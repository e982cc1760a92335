#!/usr/bin/env bash
# Build ocaml-indicators where a compiler is there; `install` fetches one first where that is possible (Debian, root).
#
#   deploy/ocaml.sh build     build, or say why not and go on: the stack runs without it
#   deploy/ocaml.sh install   install the compiler and the libraries where we may, then build
#   deploy/ocaml.sh test      run the unit, property and command-line tests; fails where there is no compiler
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../ocaml-indicators"

BUILD=(ocaml-nox ocaml-dune libyojson-ocaml-dev)
TEST=(libqcheck-ocaml-dev libalcotest-ocaml-dev)

has_compiler() { command -v dune >/dev/null && command -v ocamlopt >/dev/null; }

install() {
  if ((EUID == 0)) && command -v apt-get >/dev/null; then
    echo "ocaml: installing $*"
    apt-get update -qq >/dev/null
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
  fi
}

build() {
  if ! has_compiler; then
    echo "ocaml: no dune or ocamlopt: ocaml-indicators is not built, Python's own indicators are used" \
      "(on Debian: packages ${BUILD[*]})"
    return
  fi
  dune build --profile release bin/main.exe
}

case ${1:-} in
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
    echo "usage: deploy/ocaml.sh build|install|test" >&2
    exit 2
    ;;
esac
