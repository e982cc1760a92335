"""Plug-in indicators that do what none should, and strategies that use one."""

from pathlib import Path

STREAMING = """
class Indicator:
    INPUTS, OUTPUTS, PARAMETERS = ("close",), ("bad",), ()

    def __init__(self):
        self.count, self.value = 0, None

    def update(self, close):
        self.count += 1
        {body}

    def state(self):
        return (self.count,)

    def restore(self, state):
        (self.count,) = state
"""
SPIN = STREAMING.format(body="while self.count > 30: pass")
SLEEP = "import time\ndef compute(columns, params):\n    time.sleep(1e6)\n"
EXIT = "import os\ndef compute(columns, params):\n    os._exit(3)\n"
CRASH = "import ctypes\ndef compute(columns, params):\n    ctypes.string_at(0)\n"
BALLOON = "import numpy\ndef compute(columns, params):\n    numpy.ones(1 << 40)\n"
RAISE = STREAMING.format(body='raise ValueError("none today")')
SYSTEM_EXIT = "import sys\ndef compute(columns, params):\n    sys.exit(3)\n"
QUIET_EXIT = "import os\ndef compute(columns, params):\n    os._exit(0)\n"
GOOD = STREAMING.format(body="self.value = close\n        return close")
LUA_SPIN = "function update(bar, context)\n  while true do end\nend\n"
LOADING_SPIN = "while True:\n    pass\n"
LOADING_EXIT = "import os\nos._exit(3)\n"
LOADING_BALLOON = "hoard = bytearray(1 << 44)\n"

USER = """
function detect_opportunity(market_data, context, indicators)
  return indicators.NAME() and { signal = "always" }
end
function filter_commitment(market_data, context, indicators) return { action = "enter_long", quantity = 0.1 } end
function manage_position(market_data, context, indicators)
  context.held = (context.held or 0) + 1
  if context.held % 2 == 0 then return { action = "exit" } end
end
"""
PLAIN = USER.replace("indicators.NAME()", "true")


def put(folder: Path, text: str, name: str = "bad.py") -> Path:
    """Write a plug-in or a strategy; return where it lies."""
    path = folder / name
    path.write_text(text)
    return path


def user_of(name: str = "bad") -> str:
    """Return a strategy that uses an indicator."""
    return USER.replace("NAME", name)
