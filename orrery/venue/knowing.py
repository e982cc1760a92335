"""Which runners there are, for an order that is asked about as if one of them sent it."""

from collections.abc import Iterable
from difflib import get_close_matches

from common.config.models import Config
from common.routes import RISK_MANAGER
from orrery.errors import CommandLineError
from orrery.runners.asking import ask
from services.risk_manager.core.previewing import OPERATOR


def check_runner(config: Config, runner: str, symbol: str) -> None:
    """Refuse a runner that the running stack does not have; who was removed and still holds something counts.

    Raises:
        CommandLineError: there is no such runner, or it trades another symbol; or a service does not answer.
    """
    listed = [str(each["id"]) for each in ask(config, "runner.list").result["runners"]]
    if runner in listed or runner.startswith(f"{OPERATOR}:"):
        known = [*listed, f"{OPERATOR}:{symbol}"]
    else:
        held = ask(config, "status", service=RISK_MANAGER).result["core"]["positions"]
        known = [*listed, *(str(each["runner"]) for each in held)]
    refuse_unknown(runner, symbol, known)


def refuse_unknown(runner: str, symbol: str, known: Iterable[str]) -> None:
    """Raise CommandLineError unless a runner is known and trades the symbol."""
    names = sorted(set(known))
    fitting = [name for name in names if name.rpartition(":")[2] == symbol]
    if runner in fitting:
        return
    if runner in names:
        raise CommandLineError(f"--runner {runner}: it does not trade {symbol}; {_listed(fitting, symbol)}")
    close = get_close_matches(runner, fitting or names, n=1)
    hint = f"; did you mean {close[0]}?" if close else ""
    raise CommandLineError(f"--runner: no runner {runner!r}; {_listed(fitting, symbol)}{hint}")


def _listed(fitting: list[str], symbol: str) -> str:
    return f"expected {', '.join(fitting)}" if fitting else f"no runner trades {symbol}"
