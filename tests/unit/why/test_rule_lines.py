"""The table of risk's rules for people: its columns stay apart, however long a limit is."""

import pytest

from orrery.why.story_text import rule_lines
from services.risk_manager.core.comparing import Compared
from services.risk_manager.core.explain import Explanation, RuleFigures


def table(limit: str) -> list[str]:
    rules = [RuleFigures(rule="order_terms", passed=True, compared=[Compared(limit, "stop gtc")])]
    found = Explanation(
        rules=rules,
        quantity="1",
        currency="USDT",
        equity="1",
        exposure="0",
        open_positions=0,
        working_orders=0,
        breaker="",
        market="",
    )
    return list(rule_lines(found))


@pytest.mark.parametrize(("limit", "width"), [("a combination in docs/orders.md", 33), ("5", 24)])
def test_the_column_of_limits_is_as_wide_as_the_longest(limit: str, width: int) -> None:
    head, row, *_ = table(limit)
    assert head.index("found") - head.index("limit") == width
    assert row.index("stop gtc") == head.index("found")
    assert row[head.index("limit") :].startswith(limit)
