"""`deploy/ocaml.sh setup`: never in the way, whatever the machine lacks; and what the image gets of it."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
TOOLS = ("bash", "cat", "cksum", "dirname")


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """Return a project of its own whose PATH has no compiler and no way to get one."""
    (tmp_path / "deploy").mkdir()
    (tmp_path / ".venv").mkdir()
    shutil.copy(PROJECT / "deploy" / "ocaml.sh", tmp_path / "deploy")
    shutil.copytree(
        PROJECT / "ocaml-indicators", tmp_path / "ocaml-indicators", ignore=shutil.ignore_patterns("_build")
    )
    (tmp_path / "bin").mkdir()
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found is not None, tool
        (tmp_path / "bin" / tool).symlink_to(found)
    return tmp_path


def setup(project: Path, *extra: Path) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join(str(folder) for folder in (project / "bin", *extra))
    bash = project / "bin" / "bash"
    return subprocess.run(
        [bash, project / "deploy" / "ocaml.sh", "setup"],
        env={"PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


def program(folder: Path, name: str, text: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(0o755)


def test_without_a_compiler_it_says_so_in_a_line_and_goes_on(bare: Path) -> None:
    for _ in range(2):
        found = setup(bare)
        assert found.returncode == 0, found.stderr
        assert found.stdout.count("\n") == 1
        assert "ocaml-indicators is not built" in found.stdout


def test_a_build_that_fails_is_said_and_goes_on(bare: Path) -> None:
    program(bare / "failing", "dune", "exit 1")
    program(bare / "failing", "ocamlopt", "exit 1")
    found = setup(bare, bare / "failing")
    assert found.returncode == 0
    assert "could not be built" in found.stdout


def test_a_second_start_builds_nothing(bare: Path) -> None:
    built = bare / "ocaml-indicators" / "_build" / "default" / "bin"
    built.mkdir(parents=True)
    program(built, "main.exe", "exit 0")
    program(bare / "counting", "dune", f"echo built >> {bare}/times")
    program(bare / "counting", "ocamlopt", "exit 0")
    for _ in range(2):
        assert setup(bare, bare / "counting").returncode == 0
    assert (bare / "times").read_text() == "built\n"
    with (bare / "ocaml-indicators" / "lib" / "series.ml").open("a") as source:
        source.write("(* another *)\n")
    assert setup(bare, bare / "counting").returncode == 0
    assert (bare / "times").read_text() == "built\n" * 2


def test_the_image_has_the_program_and_nothing_it_was_made_with() -> None:
    stages = re.split(r"^FROM ", (PROJECT / "deploy" / "Dockerfile").read_text(), flags=re.MULTILINE)
    runtime = stages[-1]
    assert "COPY --from=ocaml /ocaml-indicators/program /usr/local/bin/ocaml-indicators" in runtime
    assert [line for line in runtime.split("\n") if "apt-get" in line or "COPY ocaml-indicators" in line] == []
    bases = re.findall(r"^FROM (\S+)", "FROM ".join(stages), flags=re.MULTILINE)
    assert len(set(bases)) == 1, "one base, so that the program finds the C library it was made with"
    ignored = (PROJECT / ".dockerignore").read_text().split("\n")
    assert "ocaml-indicators/_build" in ignored, "what this machine built is not what the image builds"
