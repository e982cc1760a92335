"""Strategy files under a running service are read when they stay as they are: half a file may be a whole one."""

from pathlib import Path
from typing import Any

from common.config.models import Config, StrategySection
from services.signal.prospects import Prospects
from services.signal.reloading import Reloader


def test_a_file_that_is_being_written_is_not_new_yet(tmp_path: Path) -> None:
    script = tmp_path / "demo.lua"
    nothing: Any = None
    reloader = Reloader(nothing, nothing, Config(), lambda: None, Prospects(Config(), []))
    section = StrategySection(name="demo", script=str(script))
    looks = []
    for text in ("", "function", "function f() end", "function f() end", None, "function f() end"):
        if text is not None and (not script.exists() or script.read_text() != text):
            script.write_text(text)
        elif text is None:
            script.unlink()
        looks.append(reloader._look(section))
    assert looks == [False, False, False, True, False, False]
    assert reloader._look(section), "another file of that name"
