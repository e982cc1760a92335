"""The folder of a session: which services kept journals, with what configuration, and where the strategies lie today."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import ValidationError

from common.config.models import Config
from common.config.places import search_folders
from common.core import Core
from common.routes import EXECUTION, RISK_MANAGER, SIGNAL
from common.sessions import FILE_NAME, Start, kept_source, read_starts, script_digest
from common.snapshots import Snapshot, read_snapshots
from orrery.errors import CommandLineError
from services.execution.service import make_core as make_execution
from services.risk_manager.service import make_core as make_risk
from services.risk_manager.service import make_session_core as make_session_risk
from services.signal.loading import StrategyFileError
from services.signal.service import make_core as make_signal

JOURNALED = (SIGNAL, RISK_MANAGER, EXECUTION)
"""The services with a state of their own, in the order of the flow."""
STORE = "event_store"
"""The folder of the event store's log in `engine.data_dir`."""


class Session:
    """The session whose `engine.data_dir` is `folder`; `config`, if given, stands for what the services recorded."""

    def __init__(self, folder: Path, config: Config | None = None) -> None:
        """Look into the folder; CommandLineError if no service has a journal there."""
        self.folder = folder
        self._config = config
        self.services = [name for name in JOURNALED if (folder / name / "inbox").is_dir()]
        if not self.services:
            text = "expected the data folder of a session, found no journals in it"
            raise CommandLineError(
                f"{folder}: {text}; it is engine.data_dir, or the folder of `orrery replay --data-dir`"
            )

    def inbox(self, service: str) -> Path:
        """Return the folder of what a service was told."""
        return self.folder / service / "inbox"

    def outbox(self, service: str) -> Path:
        """Return the folder of what a service answered."""
        return self.folder / service / "outbox"

    @property
    def store(self) -> Path | None:
        """Return the folder of the event store's log, None if the session has none."""
        folder = self.folder / STORE
        return folder if (folder / "events").is_dir() else None

    def snapshots(self, service: str) -> list[Snapshot]:
        """Return the snapshots that are whole, the oldest first."""
        return read_snapshots(self.folder / service / "snapshots")

    def starts(self, service: str) -> list[Start]:
        """Return what the service ran with, the first start first.

        Raises:
            CommandLineError: nobody wrote it down; --config gives it.
        """
        if self._config is not None:
            return [Start(inputs=0, base=0, began_ns=0, config=self._config.model_dump(mode="json"), scripts={})]
        starts = read_starts(self.folder / service)
        if not starts:
            path = self.folder / service / FILE_NAME
            raise CommandLineError(f"{path}: expected what the service ran with, found no file; give it with --config")
        return starts

    def core(self, service: str, start: Start) -> Core:
        """Return a fresh core as it was at that start.

        Raises:
            CommandLineError: the configuration is none of this version, or a strategy file is gone or another one.
        """
        config = config_of(service, start)
        try:
            if service == SIGNAL:
                kept = {script: kept_source(self.folder / SIGNAL, sha) for script, sha in start.scripts.items()}
                sources = {script: source for script, source in kept.items() if source is not None}
                return make_signal(_with_scripts(config, start.scripts, sources), sources)
            if service == RISK_MANAGER:
                # Its limits change by inputs; it began with those from before the first.
                folder = self.folder / RISK_MANAGER
                return make_risk(config) if self._config is not None else make_session_risk(folder, config)
            return make_execution(config)
        except StrategyFileError as error:
            raise CommandLineError(f"{service}: {error}") from error


def config_of(service: str, start: Start) -> Config:
    """Return the configuration of a start; CommandLineError if this version does not know a key of it."""
    try:
        return Config.model_validate(start.config)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise CommandLineError(f"{service}: the session's configuration: {where}: {first['msg']}") from error


def _with_scripts(config: Config, digests: dict[str, str], kept: Mapping[str, bytes]) -> Config:
    """Return the configuration with each strategy file where it lies on this machine, the one that ran; but those kept."""
    strategies = [
        section
        if section.script in kept
        else section.model_copy(update={"script": _found(section.script, digests.get(section.script, ""))})
        for section in config.strategies
    ]
    return config.model_copy(update={"strategies": strategies})


def _found(script: str, digest: str) -> str:
    places = _places(Path(script))
    there = [place for place in places if place.is_file()]
    if not there:
        raise CommandLineError(f"{script}: expected the strategy that ran, found no such file")
    # A session may have come from another folder: the same file there has the same two last names here.
    same = [place for place in there if not digest or script_digest(str(place)) == digest]
    if not same:
        raise CommandLineError(f"{there[0]}: expected the strategy that ran (SHA-256 {digest[:12]}), found another")
    return str(same[0])


def _places(script: Path) -> Sequence[Path]:
    return [script, *(folder.joinpath(*script.parts[-2:]) for folder in search_folders(None))]
