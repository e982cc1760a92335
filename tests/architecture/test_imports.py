"""Importing a module does nothing to the world: no socket, no thread, no process, no file written."""

import json
import subprocess
import sys

from tests.architecture.sources import PACKAGES, ROOT, python_files

PROBE = """
import importlib, json, sys, threading

acts = []
WRITING = ("socket.bind", "socket.connect", "socket.listen", "subprocess.Popen", "os.mkdir", "os.remove", "os.rename")

def watch(event, arguments):
    if event in WRITING or (event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+")):
        acts.append(f"{current}: {event} {arguments[:2]}")

sys.addaudithook(watch)
sys.dont_write_bytecode = True
for current in json.loads(sys.argv[1]):
    before = threading.active_count()
    importlib.import_module(current)
    if threading.active_count() > before:
        acts.append(f"{current}: starts a thread")
import zmq
if zmq.Context._instance is not None:
    acts.append("zmq.Context.instance() at import")
print(json.dumps(acts))
"""


def test_importing_every_module_opens_nothing() -> None:
    paths = [path.relative_to(ROOT).with_suffix("") for path in python_files(*PACKAGES)]
    modules = [".".join(path.parts).removesuffix(".__init__") for path in paths]
    result = subprocess.run(
        [sys.executable, "-c", PROBE, json.dumps(modules)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout.splitlines()[-1]) == []
    assert result.stdout.count("\n") == 1, "an import printed something"
