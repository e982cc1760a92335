"""From a strategy file on this machine to a command that a running signal service needs no file for."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from orrery.errors import EXIT_FAILED, CommandLineError

if TYPE_CHECKING:
    from common.config.models import Config
    from services.signal.core.spec import ParameterValue, RunnerSpec


class Wanted(NamedTuple):
    """A runner that is wanted. name, timeframe: the file's if empty. params: as `name=value`."""

    file: Path
    symbol: str
    name: str = ""
    timeframe: str = ""
    params: Sequence[str] = ()


def spec_of(wanted: Wanted, config: "Config") -> "RunnerSpec":
    """Return the runner, its file found good; CommandLineError with all that is wrong."""
    from pydantic import ValidationError

    from common.config.models import StrategySection
    from common.instruments import split_symbol
    from services.signal.checking import Job, check_all
    from services.signal.core.spec import RunnerSpec
    from services.signal.hosts.plugin_files import PluginError
    from services.signal.loading import StrategyFileError, read_source, timeframe_of

    try:
        StrategySection(name=wanted.name or "file", script=str(wanted.file), timeframe=wanted.timeframe)
        source = read_source(wanted.file)
        source.decode()
        job = Job(
            source, str(wanted.file), wanted.name, parameters(wanted.params), config.signal.model_dump(mode="json")
        )
        (verdict,) = check_all([job], config.signal).verdicts
    except ValidationError as error:
        found = error.errors()[0]
        text = f"--{found['loc'][0]} {found['input']}: {found['msg'].removeprefix('Value error, ')}"
        raise CommandLineError(text) from error
    except UnicodeDecodeError as error:
        raise CommandLineError(f"{wanted.file}: {error}") from error
    except (StrategyFileError, PluginError) as error:
        raise CommandLineError(str(error)) from error
    if verdict.spec is None or verdict.error:
        raise CommandLineError(verdict.error or f"{wanted.file}: cannot run", EXIT_FAILED)
    timeframe = wanted.timeframe or timeframe_of(config, verdict.spec)
    currency = split_symbol(wanted.symbol)[1]
    return RunnerSpec(strategy=verdict.spec, symbol=wanted.symbol, timeframe=timeframe, currency=currency)


def parameters(texts: Sequence[str]) -> "dict[str, ParameterValue]":
    """Return `name=value` texts as parameters: numbers and booleans as such, all else as text."""
    found: dict[str, ParameterValue] = {}
    for text in texts:
        name, is_given, value = text.partition("=")
        if not name or not is_given:
            raise CommandLineError(f"--param {text}: expected name=value")
        found[name] = _value(value)
    return found


def _value(text: str) -> "ParameterValue":
    if text in ("true", "false"):
        return text == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
