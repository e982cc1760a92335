"""Events as JSON Lines or Parquet, for programs that know nothing of Orrery."""

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import batched
from pathlib import Path
from typing import IO

import msgspec

from orrery.errors import CommandLineError
from orrery.events.rows import Choice, chosen, row, rows

ROWS_PER_GROUP = 50_000
"""Rows of a Parquet row group: what is held in memory at once."""
SUFFIXES = (".jsonl", ".jsonl.gz", ".parquet")


def export(path: Path, choice: Choice, out: Path) -> int:
    """Write the chosen events of the store in `path` to `out`, whose name says how; return how many.

    Raises:
        CommandLineError: a name of no known kind, a file that cannot be written, or pyarrow is missing.
    """
    if not out.name.endswith(SUFFIXES):
        raise CommandLineError(f"--out {out}: expected a name that ends in {', '.join(SUFFIXES)}")
    scratch = out.with_name(out.name + ".part")
    try:
        count = (
            _parquet(path, choice, scratch) if out.suffix == ".parquet" else _lines(path, choice, scratch, out.suffix)
        )
        scratch.replace(out)
    except ModuleNotFoundError as error:
        text = f"Parquet needs the packages of the extra `research`, found no {error.name}; .jsonl needs none"
        raise CommandLineError(f"--out {out}: {text}") from error
    except OSError as error:
        raise CommandLineError(f"--out {out}: cannot write it: {error.strerror or error}") from error
    finally:
        scratch.unlink(missing_ok=True)
    return count


def _lines(path: Path, choice: Choice, out: Path, suffix: str) -> int:
    encode, count = msgspec.json.Encoder().encode, 0
    with _opened(out, suffix) as file:
        for each in rows(path, choice):
            file.write(encode(each) + b"\n")
            count += 1
    return count


@contextmanager
def _opened(out: Path, suffix: str) -> Iterator[IO[bytes]]:
    with out.open("wb") as file:
        if suffix != ".gz":
            yield file
            return
        with gzip.GzipFile(fileobj=file, mode="wb", mtime=0) as packed:
            yield packed  # type: ignore[misc]  # typeshed does not count a GzipFile as IO[bytes]


def _parquet(path: Path, choice: Choice, out: Path) -> int:
    import pyarrow as pa
    from pyarrow import parquet

    text, number = pa.string(), pa.int64()
    names = pa.dictionary(pa.int32(), text)
    schema = pa.schema(
        [
            ("sequence", number),
            ("stored_at", pa.timestamp("ns", tz="UTC")),
            ("publisher", names),
            ("topic", names),
            ("incarnation", number),
            ("number", number),
            ("hash", text),
            ("type", names),
            ("event_ns", number),
            ("received_ns", number),
            ("message", text),
            ("payload", pa.binary()),
        ]
    )
    encode, count = msgspec.json.Encoder().encode, 0
    with parquet.ParquetWriter(out, schema, compression="zstd") as writer:
        for group in batched(chosen(path, choice), ROWS_PER_GROUP):
            columns: list[list[object]] = [[] for _ in schema.names]
            for digest, event in group:
                each = row(digest, event)
                message = each.message
                values = (
                    each.sequence, each.stored_ns, each.publisher, each.topic, each.incarnation, each.number, each.hash,
                    message.get("type"), message.get("event_ns"), message.get("received_ns"),
                    encode(message).decode(), event.payload,
                )  # fmt: skip
                for column, value in zip(columns, values, strict=True):
                    column.append(value)
            arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
            count += len(group)
    return count
