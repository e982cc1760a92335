"""What a service ran with, written beside its journals, so that a session can be driven again.

How it works: `session.jsonl` in a service's folder has a line for each start whose configuration or strategies were not
those of the start before. A line says after which input it began, so every input is known to belong to one of them.
"""

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from common.config.models import Config
from common.durable import write_whole
from common.journal import JournalError
from common.redaction import redact_event

FILE_NAME = "session.jsonl"
SOURCES = "sources"
"""The folder, beside the journals, of the strategies that a service was made with."""


class Start(msgspec.Struct, frozen=True, kw_only=True):
    """One start of a service. Times are nanoseconds UTC.

    inputs: how many were journaled before it. base: after which of them the snapshot stood that it was rebuilt from, 0
    without one. config: every key, without secrets. scripts: the SHA-256 of each strategy file, by its path.
    """

    inputs: int
    base: int
    began_ns: int
    config: dict[str, Any]
    scripts: dict[str, str]


_decoder = msgspec.json.Decoder(Start)


def start_of(
    config: Config, *, inputs: int, base: int, began_ns: int, scripts: Mapping[str, str] | None = None
) -> Start:
    """Return what is to be written of a start; scripts: see `Start`, the digests of the files if not given."""
    plain = redact_event(None, "", config.model_dump(mode="json"))
    if scripts is None:
        scripts = {section.script: script_digest(section.script) for section in config.strategies}
    return Start(inputs=inputs, base=base, began_ns=began_ns, config=dict(plain), scripts=dict(scripts))


def scripts_of(folder: Path, config: Config) -> dict[str, str]:
    """Return the digest of each strategy that a service is made with, by its file.

    That is the one of the start before, if the service's folder keeps its source; else the file's, empty if it cannot be
    read. JournalError if the starts cannot be read.
    """
    starts = read_starts(folder)
    before = starts[-1].scripts if starts else {}
    digests: dict[str, str] = {}
    for section in config.strategies:
        known = before.get(section.script, "")
        is_kept = known and kept_source(folder, known) is not None
        digests[section.script] = known if is_kept else script_digest(section.script)
    return digests


def script_digest(path: str) -> str:
    """Return the SHA-256 of a strategy file, empty if it cannot be read."""
    try:
        return hashlib.sha256(Path(path).read_bytes()).hexdigest()
    except OSError:
        return ""


def source_path(folder: Path, digest: str) -> Path:
    """Return where a service's folder keeps the strategy of a digest."""
    return folder / SOURCES / f"{digest}.lua"


def keep_source(folder: Path, source: bytes) -> str:
    """Keep a strategy's source in a service's folder; return its digest; JournalError if it cannot be written."""
    digest = hashlib.sha256(source).hexdigest()
    path = source_path(folder, digest)
    if not path.exists():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, source)
        except OSError as error:
            raise JournalError(f"{path}: cannot be written: {error.strerror}") from error
    return digest


def kept_source(folder: Path, digest: str) -> bytes | None:
    """Return the source of a digest that a service's folder keeps, None if it keeps none that is whole."""
    try:
        source = source_path(folder, digest).read_bytes()
    except OSError:
        return None
    return source if hashlib.sha256(source).hexdigest() == digest else None


def write_start(folder: Path, start: Start) -> None:
    """Add a start to the folder's file, unless it ran with what the one before ran with; JournalError if it cannot be."""
    known = read_starts(folder)
    if known and (known[-1].config, known[-1].scripts) == (start.config, start.scripts):
        return
    path = folder / FILE_NAME
    try:
        write_whole(path, b"".join(msgspec.json.encode(each) + b"\n" for each in (*known, start)))
    except OSError as error:
        raise JournalError(f"{path}: cannot be written: {error.strerror}") from error


def read_starts(folder: Path) -> list[Start]:
    """Return the starts of a service, none if there is no file; JournalError names the line that is none."""
    path = folder / FILE_NAME
    if not path.exists():
        return []
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise JournalError(f"{path}: cannot be read: {error.strerror}") from error
    return list(_starts(path, lines))


def _starts(path: Path, lines: Iterable[bytes]) -> Iterable[Start]:
    for number, line in enumerate(lines, 1):
        try:
            yield _decoder.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise JournalError(f"{path}: line {number}: expected a start of the service, found {error}") from error
