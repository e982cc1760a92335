"""A file of weights: what share of the account each strategy shall have."""

import tomllib
from pathlib import Path

import msgspec

from orrery.errors import CommandLineError
from orrery.toml import toml_text

LARGEST_SUM = 1.000001
"""What weights may add up to; rounding is no leverage."""


class Weights(msgspec.Struct, frozen=True, kw_only=True):
    """weights: strategy to its share of the equity, from 0; their sum is at most 1. method: how they were found."""

    weights: dict[str, float]
    method: str = ""


def read_weights(path: Path) -> Weights:
    """Return the weights of a TOML or JSON file.

    Raises:
        CommandLineError: it cannot be read, or has no table `weights` of shares from 0 that sum to at most 1.
    """
    try:
        data = path.read_bytes()
        values = msgspec.json.decode(data) if path.suffix == ".json" else tomllib.loads(data.decode())
        found = msgspec.convert(values, Weights)
    except OSError as error:
        raise CommandLineError(f"{path}: cannot be read: {error.strerror}") from error
    except (msgspec.MsgspecError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CommandLineError(f"{path}: expected a table [weights] of strategy = share, found: {error}") from error
    total = sum(found.weights.values())
    if not found.weights or min(found.weights.values()) < 0 or not 0 < total <= LARGEST_SUM:
        text = "expected shares from 0 that sum to more than 0 and at most 1"
        raise CommandLineError(f"{path}: weights: {text}, found {found.weights} (sum {total:g})")
    return found


def write_weights(path: Path, found: Weights) -> None:
    """Write a TOML or JSON file; CommandLineError if it cannot be written."""
    values = msgspec.to_builtins(found)
    text = msgspec.json.encode(values).decode() + "\n" if path.suffix == ".json" else toml_text(values)
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CommandLineError(f"{path}: cannot be written: {error.strerror}") from error
