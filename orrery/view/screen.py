"""What the live table looks like: panels from the sums of a run."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from rich import box
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from orrery.stack.tape import TapeEntry
from orrery.summary import READY, PositionLine, Summary
from orrery.view import text as t
from orrery.view.recent import recent_lines
from orrery.view.styles import BORDER, DIM, LABEL, signed_style, state_style

MOST_MARKETS = 6
MOST_RUNNERS = 12
MOST_RECENT = 12
FEWEST_RECENT = 3
SIDE_BY_SIDE = 96
"""Columns from which services and flow stand beside each other."""
_FRAME = 2
_FRAME_AND_HEADER = 3
_SERVICE_ROWS = 5
_FLOW_ROWS = 5


class Scene(NamedTuple):
    """All that is drawn. rates: per second, by the name of the total. elapsed_s: since the view began."""

    title: str
    summary: Summary
    rates: Mapping[str, float]
    tape: Sequence[TapeEntry]
    events: Sequence[str]
    elapsed_s: float = 0.0


class Room(NamedTuple):
    """How many lines each list gets."""

    markets: int
    runners: int
    recent: int


def draw(scene: Scene, width: int, height: int) -> RenderableType:
    """Return the screen for a terminal of so many columns and lines."""
    summary = scene.summary
    is_wide = width >= SIDE_BY_SIDE
    room = _room(summary, height, is_wide=is_wide)
    lists = (_markets(summary, room.markets), _runners(summary, room.runners), _recent(scene, room.recent))
    if not is_wide:
        return Group(_head(scene), _services(summary), _flow(scene), *lists)
    top = Table.grid(expand=True, padding=0)
    top.add_column(ratio=58)
    top.add_column(ratio=42)
    top.add_row(_services(summary), _flow(scene))
    return Group(_head(scene), top, *lists)


def _room(summary: Summary, height: int, *, is_wide: bool) -> Room:
    """Share the lines out: markets first, then runners, what is left for the latest, which always gets a few."""
    left = height - 1 - (_SERVICE_ROWS + _FRAME) - (0 if is_wide else _FLOW_ROWS + _FRAME)
    markets = min(len(summary.market), MOST_MARKETS)
    left -= markets + _FRAME_AND_HEADER + _FRAME_AND_HEADER + FEWEST_RECENT + _FRAME
    runners = max(1, min(len(summary.runners), MOST_RUNNERS, left))
    return Room(markets, runners, max(FEWEST_RECENT, min(MOST_RECENT, FEWEST_RECENT + left - runners)))


def _head(scene: Scene) -> RenderableType:
    services = scene.summary.services
    ready = sum(line.state == READY for line in services.values())
    state = Text(f"{ready}/{len(services)} ready", style="bold green" if ready == len(services) else "bold yellow")
    head = Table.grid(expand=True, padding=(0, 1))
    head.add_column()
    head.add_column(justify="right")
    is_starting = scene.summary.startup_s is None
    clock = f"   {'starting ' if is_starting else ''}{t.duration(scene.elapsed_s if is_starting else scene.summary.duration_s)}"
    head.add_row(Text.assemble(("ORRERY", "bold cyan"), ("  " + scene.title, DIM)), Text.assemble(state, clock))
    return head


def _services(summary: Summary) -> RenderableType:
    table = _table("service", "state", ">restarts", ">uptime", ">last input")
    # Widths that stay: a table that moves with its contents cannot be read.
    for column, width in zip(table.columns, (12, 10, 8, 6, 10), strict=True):
        column.min_width = width
    for name, line in summary.services.items():
        restarts = Text(str(line.restarts), style="bold yellow" if line.restarts else DIM)
        uptime = t.NOTHING if line.uptime_ms is None else t.duration(line.uptime_ms / 1_000)
        state = Text(line.state, style=state_style(line.state))
        table.add_row(
            Text(name.replace("_", " "), style="bold"), state, restarts, uptime, t.age(line.last_message_age_ms)
        )
    return _panel("services", table)


def _flow(scene: Scene) -> RenderableType:
    summary = scene.summary
    table = Table.grid(expand=True, padding=(0, 1))
    for justify in ("left", "right", "left", "right"):
        table.add_column(justify=justify)
    table.add_row(
        *_pair("ticks", t.short_count(summary.ticks)), *_pair("ticks/s", f"{scene.rates.get('ticks', 0.0):,.0f}")
    )
    table.add_row(*_pair("bars", t.short_count(summary.bars)), *_money("equity", summary.equity, signed=False))
    table.add_row(*_pair("intents", t.short_count(summary.intents)), *_money("realised", summary.realised_pnl))
    table.add_row(*_pair("orders", t.short_count(summary.orders)), *_money("unrealised", summary.unrealised_pnl))
    refused = Text(t.short_count(summary.refusals), style="yellow" if summary.refusals else "bold")
    table.add_row(Text("refusals", style=LABEL), refused, *_pair("fills", t.short_count(summary.fills)))
    return _panel("flow and P&L", table)


def _markets(summary: Summary, most: int) -> RenderableType:
    table = _table("symbol", "state", ">bid", ">ask", ">spread bp", ">gaps", ">position", ">unrealised")
    for symbol, line in list(summary.market.items())[:most]:
        held = [position for position in summary.positions if position.symbol == symbol]
        quantity = sum(position.quantity for position in held)
        unrealised = sum(position.unrealised_pnl for position in held)
        table.add_row(
            Text(symbol, style="bold"),
            Text(line.state, style=state_style(line.state)),
            t.price(line.bid),
            t.price(line.ask),
            t.spread_bps(line.bid, line.ask),
            str(line.gaps),
            t.quantity(quantity) if quantity else Text("flat", style=DIM),
            Text(t.money(unrealised, signed=True), style=signed_style(unrealised)),
        )
    return _panel(_shown("markets", len(summary.market), most), table)


def _runners(summary: Summary, most: int) -> RenderableType:
    table = _table("runner", "state", ">position", ">entry", ">realised", ">unrealised")
    positions = {position.runner: position for position in summary.positions}
    for name, line in list(summary.runners.items())[:most]:
        label = Text(line.state.replace("_", " "), style=state_style(line.state))
        table.add_row(name, label, *_holding(positions.get(name)))
    return _panel(_shown("runners", len(summary.runners), most), table)


def _holding(position: PositionLine | None) -> tuple[RenderableType, ...]:
    if position is None:
        return (Text("flat", style=DIM), t.NOTHING, t.NOTHING, t.NOTHING)
    realised, unrealised = position.realised_pnl, position.unrealised_pnl
    return (
        t.quantity(position.quantity) if position.quantity else Text("flat", style=DIM),
        t.price(position.average_price) if position.quantity else t.NOTHING,
        Text(t.money(realised, signed=True), style=signed_style(realised)),
        Text(t.money(unrealised, signed=True), style=signed_style(unrealised)),
    )


def _recent(scene: Scene, most: int) -> RenderableType:
    troubles = [
        f"{name} is {line.trouble}" for name, line in scene.summary.services.items() if line.detail and line.trouble
    ]
    lines = recent_lines(scene.tape, scene.events, troubles, most)
    panel = _panel("latest", Group(*lines) if lines else Text("nothing yet", style=DIM))
    panel.subtitle, panel.subtitle_align = Text("Ctrl-C stops", style=DIM), "right"
    return panel


def _table(*columns: str) -> Table:
    table = Table(box=None, expand=True, pad_edge=False, header_style=DIM)
    for column in columns:
        table.add_column(column.lstrip(">"), justify="right" if column.startswith(">") else "left", no_wrap=True)
    return table


def _panel(title: str, body: RenderableType) -> Panel:
    return Panel(body, title=Text(title, style=LABEL), title_align="left", border_style=BORDER, box=box.ROUNDED)


def _shown(title: str, there: int, most: int) -> str:
    return title if there <= most else f"{title} ({most} of {there})"


def _pair(label: str, value: str) -> tuple[Text, Text]:
    return Text(label, style=LABEL), Text(value, style="bold")


def _money(label: str, value: float | None, *, signed: bool = True) -> tuple[Text, Text]:
    style = signed_style(value) if signed else "bold"
    return Text(label, style=LABEL), Text(t.money(value, signed=signed), style=style)
