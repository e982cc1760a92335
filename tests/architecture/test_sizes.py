"""Files, functions, argument lists and classes stay small enough to be read."""

import ast

from tests.architecture.sources import functions, named, parsed, python_files, tracked_files

LINES_PER_FILE = 300
LINES_PER_TEST_FILE = 500
LINES_PER_FUNCTION = 50
ARGUMENTS = 6
METHODS = 15

SOURCES = [path for path in tracked_files() if path.suffix in (".py", ".lua", ".sh")]


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return a function's lines without its docstring and decorators."""
    first = node.body[0]
    documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    docstring = (first.end_lineno or 0) - first.lineno + 1 if documented else 0
    return (node.end_lineno or 0) - node.lineno + 1 - docstring


def arguments(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return how many arguments a caller may have to give."""
    names = [entry.arg for entry in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
    return len([name for name in names if name not in ("self", "cls")])


def test_files_are_short() -> None:
    found = {named(path): len(path.read_text().splitlines()) for path in SOURCES}
    most = {name: LINES_PER_TEST_FILE if name.startswith("tests/") else LINES_PER_FILE for name in found}
    assert {name: lines for name, lines in found.items() if lines > most[name]} == {}


def test_functions_are_short() -> None:
    found = {
        f"{named(path)}:{node.lineno} {node.name}": length(node)
        for path in python_files()
        for node in functions(parsed(path))
    }
    assert {name: lines for name, lines in found.items() if lines > LINES_PER_FUNCTION} == {}


def test_functions_take_few_arguments() -> None:
    # A test's arguments are its fixtures, a command's its options: nobody calls either by position.
    paths = [path for path in python_files() if not named(path).startswith(("tests/", "orrery/commands/"))]
    found = {
        f"{named(path)}:{node.lineno} {node.name}": arguments(node)
        for path in paths
        for node in functions(parsed(path))
    }
    assert {name: count for name, count in found.items() if count > ARGUMENTS} == {}


def test_classes_have_few_methods() -> None:
    found: dict[str, int] = {}
    for path in python_files():
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.ClassDef):
                methods = [item.name for item in node.body if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef)]
                found[f"{named(path)}:{node.lineno} {node.name}"] = len([name for name in methods if name[:2] != "__"])
    assert {name: count for name, count in found.items() if count > METHODS} == {}
