"""What `orrery risk` prints."""

from typing import Any

from orrery.risk.text import change_lines, show_lines, usage_lines
from services.risk_manager.core.parameters import flat, text_of
from tests.unit.risk_manager.builders import section


def answer(**changes: Any) -> dict[str, Any]:
    in_force = flat(text_of(section(max_open_positions=3)))
    base = {
        "in_force": in_force,
        "not_as_in_file": [{"key": "max_open_positions", "file": "5", "in_force": "3"}],
        "fixed": ["initial_cash"],
        "file": "system.toml",
        "reloaded": 2,
        "failed": 1,
        "failure": "system.toml:3: risk.max_orders: expected an integer, found nothing",
    }
    return base | changes


def test_what_is_in_force_beside_the_file() -> None:
    lines = show_lines(answer(), with_defaults=False)
    assert lines == [
        "max_position_size                   1000",
        "max_notional_exposure               1000000000",
        "max_open_positions                  3   the file says 5",
        "initial_cash                        1000000000   holds as long as the state does",
        "file: system.toml",
        "changed while running: 2 times, refused: 1 times",
        "the last change was refused, the limits before it hold:",
        "system.toml:3: risk.max_orders: expected an integer, found nothing",
    ]
    assert any(line.startswith("max_orders ") for line in show_lines(answer(), with_defaults=True))


def test_defaults_alone() -> None:
    plain = answer(in_force=flat(text_of(type(section())())), not_as_in_file=[], failure="", file="")
    lines = show_lines(plain, with_defaults=False)
    assert lines[:2] == ["all keys stand at their defaults", "file: none, the built-in defaults"]


def test_changes() -> None:
    assert change_lines([]) == ["nothing changed"]
    assert change_lines([{"key": "groups[0].name", "before": "", "after": "majors"}]) == [
        "groups[0].name: none -> majors"
    ]


def test_the_table_of_limits() -> None:
    row = {
        "reason": "notional",
        "of": "account",
        "limit": "100",
        "used": "25",
        "free": "75",
        "unit": "USDT",
        "used_percent": "25",
    }
    assert usage_lines([row]) == [
        "rule      of       limit     used  free  used %",
        "notional  account  100 USDT  25    75    25",
    ]
