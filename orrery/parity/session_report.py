"""`orrery parity --session`: every service of a session driven again, and what came of it."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from common.config.models import Config
from common.journal import JournalError
from orrery.errors import EXIT_FAILED, EXIT_OK, CommandLineError
from orrery.parity.differences import Difference, lines_of
from orrery.parity.hearing import compare_heard
from orrery.parity.redrive import Redrive, Redriven
from orrery.parity.session import Session


class SessionReport(msgspec.Struct, kw_only=True):
    """What `--json` prints. difference: the first one, in the order of the flow."""

    session: str
    equal: bool
    services: list[Redriven]
    difference: Difference | None = None


def redrive_session(folder: Path, config: Config | None) -> SessionReport:
    """Drive all services of a session again; CommandLineError names what cannot be used."""
    try:
        session = Session(folder, config)
        results = [Redrive(session, service).run() for service in session.services]
        redone = [result.difference for result in results]
        compare_heard(session, results)
    except JournalError as error:
        raise CommandLineError(str(error)) from error
    # What a core answered comes before what others heard of it.
    found = [*redone, *(result.difference for result in results)]
    differences = [difference for difference in found if difference is not None]
    return SessionReport(
        session=str(folder),
        equal=not differences,
        services=results,
        difference=differences[0] if differences else None,
    )


def exit_code_of(report: SessionReport) -> int:
    """Return 0 for equal, 1 for different."""
    return EXIT_OK if report.equal else EXIT_FAILED


def lines(report: SessionReport) -> Iterator[str]:
    """Yield the report for people."""
    for result in report.services:
        yield _line(result)
        yield f"  sha256 {result.digest}"
        if result.redriven_digest != result.digest:
            yield f"  redone {result.redriven_digest}"
        if result.difference is not None:
            yield f"  differs: {result.difference.what}"
        for note in result.notes:
            yield f"  note: {note}"
    if report.difference is not None:
        yield from lines_of(report.difference)
    yield f"{report.session}: {'equal, byte for byte' if report.equal else 'different'}"


def _line(result: Redriven) -> str:
    parts = [f"{result.inputs:,} inputs", f"{result.outputs:,} outputs"]
    if result.first_input > 1:
        parts.append(f"from input {result.first_input:,} on")
    if result.snapshots:
        parts.append(f"{result.snapshots} snapshots equal")
    if result.configurations > 1:
        parts.append(f"{result.configurations} configurations")
    if result.unpublished:
        parts.append(f"{result.unpublished} outputs kept back by a crash")
    return f"{result.service:<13} {'equal' if result.equal else 'DIFFERENT'}: {', '.join(parts)}"
