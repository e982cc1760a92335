"""The live table of `orrery up`: health, flow, P&L, markets, runners and the latest events, drawn four times a second."""

from rich.console import Console, RenderableType
from rich.live import Live

from common.clock import monotonic_ns
from orrery.stack.tape import Tape
from orrery.stack.view import Picture
from orrery.view.rates import Rates
from orrery.view.screen import Scene, draw


class TableView:
    """Draws on the whole terminal and leaves it as it was; `title` names the run."""

    def __init__(self, title: str, tape: Tape, console: Console | None = None) -> None:
        self._title, self._tape = title, tape
        self._rates = Rates()
        self._began_ns = monotonic_ns()
        self._console = console or Console()
        self._live = Live(
            console=self._console, auto_refresh=False, screen=True, redirect_stdout=False, redirect_stderr=False
        )
        self._live.start()

    def show(self, picture: Picture) -> None:
        """Draw."""
        if self._live.is_started:
            self._live.update(self._drawn(picture), refresh=True)

    def line(self, service: str, text: str) -> None:
        """Let it be: what matters of it comes as an event when the service ends."""

    def close(self) -> None:
        """Give the terminal back."""
        self._live.stop()

    def _drawn(self, picture: Picture) -> RenderableType:
        now_ns, summary = monotonic_ns(), picture.summary
        rates = self._rates.take(now_ns, {"ticks": summary.ticks})
        elapsed_s = (now_ns - self._began_ns) / 1_000_000_000
        scene = Scene(self._title, summary, rates, list(self._tape.entries), list(picture.events), elapsed_s)
        return draw(scene, self._console.width, self._console.height)
