"""Load a configuration: file, then environment, then --set; every problem at once, each with its place."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from common.config import checks
from common.config.conform import Problem, conform
from common.config.models import Config
from common.config.overrides import apply_environment, apply_settings
from common.config.places import default_file, search_folders, with_absolute_paths
from common.config.tree import ConfigError, Tree, dotted, empty_tree, read_tree

__all__ = ["ConfigError", "LoadedConfig", "load_config"]

_NOTHING: Mapping[str, str] = MappingProxyType({})


class LoadedConfig(NamedTuple):
    """A configuration that can be run.

    warnings: sentences for people. path: the file read, None for the built-in defaults. sources: where each key that
    somebody wrote was written, such as `risk.max_position_size` to `config/system.toml:12`. overrides: the --set that were given.
    """

    config: Config
    warnings: list[str]
    path: Path | None
    sources: dict[str, str]
    overrides: tuple[str, ...] = ()


def load_config(
    path: Path | None = None, overrides: Sequence[str] = (), environ: Mapping[str, str] = _NOTHING
) -> LoadedConfig:
    """Return the configuration of a file (TOML, or JSON by its suffix) with overrides of the environment and --set.

    Without a path it is `config/system.toml` of the working folder or of the project, else the built-in defaults.

    Raises:
        ConfigError: it cannot be used; one line per problem, `<file>:<line>: <section.key>: expected …, found …`.
    """
    path = path or default_file()
    tree = empty_tree() if path is None else read_tree(path)
    lines = [*apply_environment(tree, environ), *apply_settings(tree, overrides)]
    conformed = conform(tree.values)
    if lines or not isinstance(conformed, Config):
        raise ConfigError(lines + ([] if isinstance(conformed, Config) else _lines(tree, conformed)))
    config, problems = with_absolute_paths(_with_strategies_symbols(conformed), search_folders(path))
    problems = [*checks.problems(config), *problems]
    if problems:
        raise ConfigError(_lines(tree, problems))
    warnings = _lines(tree, list(checks.warnings(config, environ)))
    sources = {dotted(key): origin for key, origin in tree.origins.items()}
    return LoadedConfig(config, warnings, path, sources, tuple(overrides))


def _with_strategies_symbols(config: Config) -> Config:
    """Follow the strategies' symbols where market_data names none itself."""
    if "symbols" in config.market_data.model_fields_set:
        return config
    lists = [strategy.symbols or config.market_data.symbols for strategy in config.strategies]
    symbols = list(dict.fromkeys(symbol for symbols in lists for symbol in symbols))
    market_data = config.market_data.model_copy(update={"symbols": symbols or config.market_data.symbols})
    return config.model_copy(update={"market_data": market_data})


def _lines(tree: Tree, problems: Sequence[Problem]) -> list[str]:
    return [f"{tree.origin(problem.path)}: {dotted(problem.path)}: {problem.text}" for problem in problems]
