"""What is printed at the end of a run, and what `orrery status` prints: plain lines, also in a pipe."""

from collections.abc import Iterator

from orrery.health import StackHealth
from orrery.summary import ServiceLine, Summary
from orrery.view.text import NOTHING, age, count, duration, money, quantity

_NAME_WIDTH = 14


def report_lines(summary: Summary) -> Iterator[str]:
    """Yield the lines that tell what a run came to."""
    if summary.startup_s is not None:
        yield f"ran {duration(summary.duration_s)} after {summary.startup_s:.1f} s of startup"
    yield (
        f"ticks {count(summary.ticks)} · bars {count(summary.bars)} · intents {count(summary.intents)} · "
        f"orders {count(summary.orders)} · refusals {count(summary.refusals)} · fills {count(summary.fills)}"
    )
    yield (
        f"equity {money(summary.equity)} · realised {money(summary.realised_pnl, signed=True)} · "
        f"unrealised {money(summary.unrealised_pnl, signed=True)}"
    )
    for reason, refused in summary.refusals_by_reason.items():
        yield f"refused by {reason}: {count(refused)}"
    for position in summary.positions:
        if position.quantity:
            side = "long" if position.quantity > 0 else "short"
            yield f"{position.runner}: {side} {quantity(abs(position.quantity))} {position.symbol}"
    for service, line in summary.services.items():
        if line.restarts:
            yield f"{service}: {count(line.restarts)} restart{'s' if line.restarts > 1 else ''}"


def health_lines(health: StackHealth) -> Iterator[str]:
    """Yield the lines of `orrery status`."""
    yield f"stack {health.stack}"
    yield f"  {'service':<{_NAME_WIDTH}}{'state':<13}{'uptime':>10}{'last message':>15}  detail"
    for service, line in health.services.items():
        yield _service_line(service, line)
    totals = health.totals
    yield (
        f"  ticks {count(totals.ticks)} · bars {count(totals.bars)} · intents {count(totals.intents)} · "
        f"orders {count(totals.orders)} · refusals {count(totals.refusals)} · fills {count(totals.fills)}"
    )
    yield (
        f"  equity {money(totals.equity)} · realised {money(totals.realised_pnl, signed=True)} · "
        f"unrealised {money(totals.unrealised_pnl, signed=True)}"
    )
    for reason, detail in totals.in_the_way.items():
        yield f"  trading {totals.trading}, entries are refused: {reason}: {detail}"


def _service_line(service: str, line: ServiceLine) -> str:
    uptime = NOTHING if line.uptime_ms is None else duration(line.uptime_ms / 1_000)
    name = service.replace("_", " ")
    text = f"  {name:<{_NAME_WIDTH}}{line.state:<13}{uptime:>10}{age(line.last_message_age_ms):>15}  {line.detail}"
    return text.rstrip()
