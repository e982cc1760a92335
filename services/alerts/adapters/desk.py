"""All channels: their addresses, their carriers, and what became of letters."""

from collections import OrderedDict, deque
from collections.abc import Iterable, Mapping
from typing import Any, Final

from common.config.alerts import AlertsSection
from services.alerts.adapters.addresses import AddressError, address_of
from services.alerts.adapters.carrier import Carrier, Outcome, sender
from services.alerts.core.letters import Letter

OUTCOMES_KEPT: Final = 1_000
END_WAIT_S: Final = 2.0


class Desk:
    """Gives letters to the carriers of their channels. problems: channel to why nothing can be sent there."""

    def __init__(self, section: AlertsSection, environ: Mapping[str, str]) -> None:
        self._outcomes: deque[Outcome] = deque()
        self.problems: dict[str, str] = {}
        self.carriers: dict[str, Carrier] = {}
        self.known: OrderedDict[int, str | None] = OrderedDict()
        for channel in section.channels:
            try:
                send = sender(address_of(channel, environ), section.timeout_ms)
            except AddressError as error:
                self.problems[channel.name] = str(error)
                continue
            if isinstance(send, str):
                self.problems[channel.name] = f"channel {channel.name}: {send}"
                continue
            self.carriers[channel.name] = Carrier(channel.name, send, section, self._outcomes)
        for carrier in self.carriers.values():
            carrier.start()

    def send(self, letters: list[Letter]) -> None:
        """Hand letters over; never waits."""
        for letter in letters:
            self._know(letter.number, None)
            carrier = self.carriers.get(letter.channel)
            if carrier is None:
                problem = self.problems.get(letter.channel, "no such channel")
                self._outcomes.append(Outcome(letter.number, problem))
            else:
                carrier.take(letter)

    def collect(self) -> list[Outcome]:
        """Return what became of letters since the last call."""
        found = []
        while self._outcomes:
            outcome = self._outcomes.popleft()
            self._know(outcome.number, outcome.problem)
            found.append(outcome)
        return found

    def outcomes(self, numbers: Iterable[Any]) -> dict[str, str | None]:
        """Return what became of letters: None while one is on its way, else what went wrong, empty when delivered."""
        return {str(number): self.known.get(int(number)) for number in numbers}

    def close(self) -> None:
        """End the carriers; a letter under way gets a bounded time, the others are kept by whoever sent them."""
        for carrier in self.carriers.values():
            carrier.end(END_WAIT_S)

    def _know(self, number: int, problem: str | None) -> None:
        self.known[number] = problem
        if len(self.known) > OUTCOMES_KEPT:
            self.known.popitem(last=False)
