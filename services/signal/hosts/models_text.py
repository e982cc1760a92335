"""What the readers of model files share: their error, and how lists are shown."""

from collections.abc import Sequence

from services.signal.core.features.catalogue import FEATURES


class ModelError(Exception):
    """A model that cannot be used; the text names file or key, what was expected and what was found."""


def listed(names: Sequence[object]) -> str:
    """Return names in one line, for people."""
    return ", ".join(str(name) for name in names) or "none"


def known_features(where: str, names: Sequence[object]) -> tuple[str, ...]:
    """Return the names of features; ModelError where one is none, or there are none."""
    unknown = [name for name in names if name not in FEATURES]
    if unknown or not names:
        raise ModelError(f"{where}: expected features of {listed(list(FEATURES))}; found {listed(unknown)}")
    return tuple(str(name) for name in names)


def missing(error: ModuleNotFoundError) -> ModelError:
    """Return what to say where a package of the extra is not installed."""
    return ModelError(f"a model needs the packages of the extra `ml`; found no {error.name}")
