"""Where the files lie that a configuration names: strategies, recordings, the default configuration itself."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from common.config.conform import Problem
from common.config.models import Config, FileSection, StrategySection

PROJECT_ROOT = Path(__file__).resolve().parents[2]
DEFAULT_FILE = Path("config") / "system.toml"


def default_file() -> Path | None:
    """Return the configuration used when none is named: the working folder's, else the project's, else None."""
    return next((path for path in (DEFAULT_FILE, PROJECT_ROOT / DEFAULT_FILE) if path.is_file()), None)


def search_folders(config_file: Path | None) -> list[Path]:
    """Return where relative names are looked up: beside the config file, above it, here, in the project."""
    beside = [] if config_file is None else [config_file.resolve().parent, config_file.resolve().parent.parent]
    return [*beside, Path.cwd(), PROJECT_ROOT]


def with_absolute_paths(config: Config, folders: Iterable[Path]) -> tuple[Config, list[Problem]]:
    """Return the config with the absolute paths of strategies, recordings and the model, and a problem for each not found.

    A model that is not found is none: only a strategy that uses one misses it.
    """
    search, problems = _Search(list(folders)), list[Problem]()
    strategies = [_with_script(strategy, index, search, problems) for index, strategy in enumerate(config.strategies)]
    indicators = [_with_indicator(name, index, search, problems) for index, name in enumerate(config.signal.indicators)]
    model = search.find(config.signal.model_path) if config.signal.model_path else None
    model_path = config.signal.model_path if model is None else str(model)
    signal = config.signal.model_copy(update={"indicators": indicators, "model_path": model_path})
    source = config.data_source
    if uses_file(config):
        source = source.model_copy(update={"file": _with_recordings(source.file, search, problems)})
    return config.model_copy(update={"strategies": strategies, "signal": signal, "data_source": source}), problems


def uses_file(config: Config) -> bool:
    """Return whether market data comes from a file."""
    return source_type(config) == "file"


def source_type(config: Config) -> str:
    """Return the data source: `data_source.type`, else `market_data.exchange`."""
    return config.data_source.type or config.market_data.exchange


class _Search:
    def __init__(self, folders: list[Path]) -> None:
        self._folders = folders

    def find(self, name: str) -> Path | None:
        return next((path.resolve() for path in self._candidates(name) if path.is_file()), None)

    def tried(self, name: str) -> str:
        return ", ".join(dict.fromkeys(str(path) for path in self._candidates(name)))

    def _candidates(self, name: str) -> Iterator[Path]:
        for folder in self._folders:
            yield folder / name


def _with_script(strategy: StrategySection, index: int, search: _Search, problems: list[Problem]) -> StrategySection:
    script = search.find(strategy.script)
    if script is None:
        where = search.tried(strategy.script)
        text = f"expected a Lua file, found none at {where}"
        problems.append(Problem(("strategies", index, "script"), text))
        return strategy
    return strategy.model_copy(update={"script": str(script)})


def _with_indicator(name: str, index: int, search: _Search, problems: list[Problem]) -> str:
    path = search.find(name)
    if path is None:
        text = f"expected a Python or Lua file, found none at {search.tried(name)}"
        problems.append(Problem(("signal", "indicators", index), text))
        return name
    return str(path)


def _with_recordings(section: FileSection, search: _Search, problems: list[Problem]) -> FileSection:
    changed: dict[str, str] = {}
    for key, name in (("path", section.path), ("rest_path", section.rest_path)):
        path = search.find(name) if name else None
        if path is not None:
            changed[key] = str(path)
        elif name:
            text = f"expected a recording, found none at {search.tried(name)}"
            problems.append(Problem(("data_source", "file", key), text))
    return section.model_copy(update=changed)
