"""Files tried in a child process: a plug-in that hangs, dies or wants too much on made-up bars takes nobody along.

How it works: the child loads the plug-ins and tries one file after the other. If it is lost, that is the fault of the plug-in that
it was loading, which is left out from then on, or of the file that it was trying; another child does the rest.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple, assert_never

import msgspec

from common.config.models import SignalSection
from services.signal.adapters.bounded import LOAD, Bounds, Child, Lost, run
from services.signal.core.backend import MAKER
from services.signal.core.indicator import IndicatorKey
from services.signal.hosts.plugin_files import PluginError, install
from services.signal.hosts.trial_notes import NOTES, Notes

type Attempt = Callable[[], bytes]
"""Tries a file and returns what is to be told of it."""


class Outcome(NamedTuple):
    """What an attempt told; nothing where it was lost, and then how. indicators: those that were seen to be used."""

    told: bytes
    lost: str
    indicators: list[IndicatorKey]


class Tried(NamedTuple):
    """One outcome for each attempt. unloadable: the plug-ins that could not be loaded in bounds, and why."""

    outcomes: list[Outcome]
    unloadable: dict[str, str]


class _Installed(msgspec.Struct, frozen=True, tag=True):
    error: str


class _Found(msgspec.Struct, frozen=True, tag=True):
    indicators: list[IndicatorKey]


class _Done(msgspec.Struct, frozen=True, tag=True):
    told: bytes


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Installed | _Found | _Done).decode


def bounds_of(section: SignalSection) -> Bounds:
    """Return what a trial may take: a call no more than the watchdog lets it have later."""
    return Bounds(section.worker_timeout_ms / 1_000)


def try_all(attempts: Sequence[Attempt], plugins: Sequence[str | Path], bounds: Bounds) -> Tried:
    """Try files in a child of this process, with these plug-in files and those of installed packages.

    Raises:
        PluginError: a plug-in is none.
    """
    trials = _Trials(attempts, [Path(name) for name in plugins], bounds)
    while not trials.is_installed or len(trials.outcomes) < len(attempts):
        trials.go_on()
    return Tried(trials.outcomes, trials.unloadable)


class _Trials:
    def __init__(self, attempts: Sequence[Attempt], plugins: Sequence[Path], bounds: Bounds) -> None:
        self._attempts, self._plugins, self._bounds = attempts, plugins, bounds
        self.outcomes: list[Outcome] = []
        self.unloadable: dict[str, str] = {}
        self.is_installed = False
        self._indicators: list[IndicatorKey] = []

    def go_on(self) -> None:
        """Do in a child what is still to be done."""
        self.is_installed = False
        try:
            lost = run(self._work, self._bounds, self._take)
        except OSError as error:
            raise PluginError(f"no process to try files in: {error.strerror}") from error
        if lost is not None:
            self._blame(lost)

    def _work(self, child: Child) -> None:
        notes = Notes(
            child.note,
            lambda place: child.note(LOAD + place),
            lambda keys: child.tell(_encode(_Found(list(keys)))),
        )
        NOTES.set(notes)
        MAKER.set(None)  # a program beside this process talks to the parent alone
        try:
            install(self._plugins, self.unloadable, notes)
        except PluginError as error:
            child.tell(_encode(_Installed(str(error))))
            return
        child.tell(_encode(_Installed("")))
        for attempt in self._attempts[len(self.outcomes) :]:
            notes.step("")
            notes.load("the file")
            child.tell(_encode(_Done(attempt())))

    def _take(self, data: bytes) -> None:
        told: _Installed | _Found | _Done = _decode(data)
        match told:
            case _Installed(error=error):
                if error:
                    raise PluginError(error)
                self.is_installed = True
            case _Found(indicators=indicators):
                self._indicators = indicators
            case _Done(told=shown):
                self._note(shown, "")
            case _:
                assert_never(told)

    def _note(self, told: bytes, lost: str) -> None:
        self.outcomes.append(Outcome(told, lost, self._indicators))
        self._indicators = []

    def _blame(self, lost: Lost) -> None:
        place, is_loading = lost.at.removeprefix(LOAD), lost.at.startswith(LOAD)
        text = f"{place}{' being loaded' * is_loading}: {lost.text}"
        if self.is_installed:
            self._note(b"", text)
        elif is_loading and place not in self.unloadable:
            self.unloadable[place] = f"plug-in {text}"
        else:
            raise PluginError(text)
