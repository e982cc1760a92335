"""What a check of the store found, in lines."""

from collections.abc import Iterator
from pathlib import Path

from services.event_store.adapters.verifying import Verification


def verdict_lines(result: Verification, path: Path) -> Iterator[str]:
    """Yield a line for each damage, then what is kept and whether all is right."""
    for damage in result.damages:
        yield f"event {damage.sequence:,}: {damage.file}, byte {damage.offset:,}: {damage.what}"
    kept = f"events {result.first:,} to {result.last:,} in {result.files} files, {result.bytes:,} bytes"
    verdict = "all is right" if not result.damages else f"{len(result.damages)} damaged"
    yield f"{path}: {kept}; {verdict}"
    if result.hash:
        yield f"hash of event {result.last:,}: {result.hash}"
