"""Which runners a start can have, and what becomes of those whose trial a plug-in does not survive.

How it works: a strategy that a session has not had is left out, the others start; it is remembered beside the journals, for it
comes in by an operator's command once it is good, so that the journals before it are redone without it. One that the session
has had is needed to redo its journal: it is made as it was, and stopped as soon as the state is there.
"""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from common.config.models import Config, StrategySection
from common.durable import write_whole
from common.journal import JournalError
from common.sessions import read_starts
from services.signal.checking import Job, Verdict, check_all
from services.signal.core.spec import RunnerSpec, StrategySpec
from services.signal.hosts.plugin_files import PluginError
from services.signal.loading import StrategyFileError, read_source, runners_of, use_model

LEFT_OUT = "left_out.json"
"""The strategies that a session began without, in a file beside its journals."""


class Prospects(msgspec.Struct, frozen=True):
    """What a start can have. config: with the strategies that the core begins with; specs: their runners.

    ready: verdicts on the strategies that the session began without and that can run now. left_out: those that cannot, and
    why. stopped: strategies of the core that are to be called no more, and why. unloadable: plug-ins that are not loaded.
    """

    config: Config
    specs: list[RunnerSpec]
    ready: dict[str, Verdict] = {}
    left_out: dict[str, str] = {}
    stopped: dict[str, str] = {}
    unloadable: dict[str, str] = {}


def prospects_of(config: Config, folder: Path, sources: Mapping[str, bytes]) -> Prospects:
    """Return what a start in a service's folder can have. sources: of the strategy files, by their paths.

    Raises:
        StrategyFileError: a file cannot be used for what stands in it, or none of them can.
        JournalError: what the folder keeps cannot be read or written.
    """
    starts = read_starts(folder)
    known = {str(section["name"]) for section in starts[-1].config["strategies"]} if starts else set[str]()
    waiting = _read(folder) if starts else set[str]()
    verdicts, unloadable = _checked(config, sources)
    found = Prospects(config, [], unloadable=unloadable)
    sections: list[StrategySection] = []
    specs: list[StrategySpec] = []
    for section, verdict in zip(config.strategies, verdicts, strict=True):
        name, spec = section.name, verdict.spec
        if name in waiting:
            if verdict.error:
                found.left_out[name] = verdict.error
            else:
                found.ready[name] = verdict
        elif spec is None:
            raise StrategyFileError(verdict.error)
        elif verdict.error and name not in known:
            found.left_out[name] = verdict.error
        else:
            sections.append(section)
            specs.append(spec)
            if verdict.error:
                found.stopped[name] = verdict.error
    if not starts and found.left_out and not sections:
        raise StrategyFileError("; ".join(found.left_out.values()))
    _write(folder, waiting, [*found.ready, *found.left_out])
    return msgspec.structs.replace(
        found,
        config=config
        if len(sections) == len(config.strategies)
        else config.model_copy(update={"strategies": sections}),
        specs=runners_for(config, sections, specs),
    )


def runners_for(config: Config, sections: list[StrategySection], specs: list[StrategySpec]) -> list[RunnerSpec]:
    """Return the runners of strategies, in their order, with the model that they use loaded; raises StrategyFileError."""
    use_model(specs, config.signal)
    return [
        runner for section, spec in zip(sections, specs, strict=True) for runner in runners_of(config, section, spec)
    ]


def all_runners(config: Config, sources: Mapping[str, bytes] | None = None) -> list[RunnerSpec]:
    """Return the runners that a configuration asks for, each of its strategies tried; raises StrategyFileError.

    sources: contents of strategy files, by their paths, to be taken in place of what is on the disk.
    """
    verdicts, unloadable = _checked(config, sources or {})
    for why in (*unloadable.values(), *(verdict.error for verdict in verdicts if verdict.error)):
        raise StrategyFileError(why)
    specs = [verdict.spec for verdict in verdicts if verdict.spec is not None]
    return runners_for(config, config.strategies, specs)


def _checked(config: Config, sources: Mapping[str, bytes]) -> tuple[list[Verdict], dict[str, str]]:
    signal = config.signal.model_dump(mode="json")
    jobs = [
        Job(
            sources[section.script] if section.script in sources else read_source(section.script),
            section.script,
            section.name,
            dict(section.params),
            signal,
            is_strict=False,
        )
        for section in config.strategies
    ]
    try:
        return check_all(jobs, config.signal)
    except PluginError as error:
        raise StrategyFileError(f"signal.indicators: {error}") from error


def _read(folder: Path) -> set[str]:
    path = folder / LEFT_OUT
    try:
        return msgspec.json.decode(path.read_bytes(), type=set[str])
    except FileNotFoundError:
        return set()
    except (OSError, msgspec.MsgspecError) as error:
        raise JournalError(f"{path}: expected the names of strategies, found {error}") from error


def _write(folder: Path, before: set[str], names: list[str]) -> None:
    if set(names) == before:
        return
    path = folder / LEFT_OUT
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(path, msgspec.json.encode(sorted(names)))
    except OSError as error:
        raise JournalError(f"{path}: cannot be written: {error.strerror}") from error
