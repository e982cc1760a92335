"""Short slices are asked for where the system knows them, and nothing else changes."""

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from common.scheduling import SLICE_NS

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = """
import os, sys
from pathlib import Path
from common.scheduling import ask_for_short_slices
os.nice(3)
scheduled = ask_for_short_slices()
state = Path("/proc/self/sched")
slices = [line.split()[-1] for line in state.read_text().splitlines() if "se.slice" in line] if state.exists() else []
print(scheduled.is_taken, os.getpriority(os.PRIO_PROCESS, 0), os.sched_getscheduler(0), *slices)
"""


def _asked() -> list[str]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()


@pytest.mark.skipif(not hasattr(os, "sched_getscheduler"), reason="the system has no such call")
def test_niceness_and_policy_stay() -> None:
    _, nice, policy, *_ = _asked()
    assert int(nice) == os.getpriority(os.PRIO_PROCESS, 0) + 3
    assert int(policy) == os.SCHED_OTHER


@pytest.mark.skipif(platform.system() != "Linux", reason="slices are Linux's")
def test_the_system_takes_the_slice() -> None:
    is_taken, _, _, *slices = _asked()
    if is_taken != "True" or not slices:
        pytest.skip("the kernel refuses slices, or does not tell of them")
    assert int(slices[0]) == SLICE_NS
