"""`orrery events`: what happened, from the event store; the stack may run meanwhile or not."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from orrery.commands import DATA
from orrery.errors import EXIT_FAILED, EXIT_OK, CommandLineError
from orrery.options import ConfigOption, DurationOption, JsonOption, SetOption, load

PANEL = DATA

app = typer.Typer(help="Look into the event store: what happened, and the proof of it.", no_args_is_help=True)

StoreOption = Annotated[
    Path | None,
    typer.Option("--store", metavar="FOLDER", help="The store. Default: event_store in the configuration's data_dir."),
]
TopicOption = Annotated[
    str, typer.Option(metavar="TOPIC", help="Only topics that begin so: intents, decisions, reports, quote.BTCUSDT.")
]
FromOption = Annotated[
    int | None, typer.Option("--from-seq", min=1, metavar="N", help="First event. Default: the oldest.")
]
ToOption = Annotated[int | None, typer.Option("--to-seq", min=1, metavar="N", help="Last event. Default: the newest.")]

KindOption = Annotated[
    list[str] | None,
    typer.Option(
        "--kind", "-k", metavar="KIND",
        help="tick, book, bar, market, state, error, signal, order, position, account, fill, health, all; repeatable.",
    ),
]  # fmt: skip


@app.command()
def tail(  # noqa: PLR0913 - one argument per option
    *,
    count: Annotated[
        int, typer.Option("--count", "-n", min=1, metavar="N", help="How many of the latest events.")
    ] = 20,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as events are stored, until Ctrl-C.")] = False,
    topic: TopicOption = "",
    store: StoreOption = None,
    json: JsonOption = False,
    config: ConfigOption = None,
    overrides: SetOption = None,
) -> None:
    """Print the latest events, one a line; with --json one JSON object a line.

    Example: `orrery events tail -n 50 --follow`
    """
    from orrery.events.rows import line
    from orrery.events.tailing import tail_rows

    with _store(store, config, overrides) as path:
        for found in tail_rows(path, count, topic, follow=follow):
            print(_json(found) if json else line(found), flush=follow)


@app.command()
def follow(  # noqa: PLR0913 - one argument per option
    *,
    kind: KindOption = None,
    runner: Annotated[str, typer.Option(metavar="RUNNER", help="Only of this runner.")] = "",
    symbol: Annotated[str, typer.Option(metavar="SYMBOL", help="Only of this symbol.")] = "",
    count: Annotated[int, typer.Option("--count", "-n", min=0, metavar="N", help="End after so many; 0: never.")] = 0,
    duration: DurationOption = None,
    json: JsonOption = False,
    config: ConfigOption = None,
    overrides: SetOption = None,
) -> None:
    """Follow what happens in a running stack, as it happens: one event a line, with --json one JSON object a line.

    State transitions, signals (intents), orders, fills, positions, accounts, errors, or what --kind says; also ticks, bars,
    books, market states, health. It comes from the services' own streams: as many as like may follow, and nobody waits for
    them. What a slow listener missed is told as an event `lost`. Where no stack answers it says so, and waits for one.

    Examples:

    - `orrery events follow --json`
    - `orrery events follow --kind fill --kind position --runner ema_crossover:BTCUSDT`
    """
    from orrery.events.follow import KINDS, USUAL, Wanted
    from orrery.events.follow_text import as_json, as_line
    from orrery.events.waiting import follow_or_wait, until_interrupted

    kinds = tuple(KINDS) if "all" in (kind or ()) else tuple(kind or USUAL)
    events = follow_or_wait(load(config, overrides).config, Wanted(kinds, runner, symbol), duration)
    for told, event in enumerate(until_interrupted(events), 1):
        print(as_json(event) if json else as_line(event), flush=True)
        if told == count:
            return


@app.command()
def show(
    sequence: Annotated[int, typer.Argument(min=1, metavar="SEQUENCE", help="The event's number in the store.")],
    store: StoreOption = None,
    json: JsonOption = False,
    config: ConfigOption = None,
    overrides: SetOption = None,
) -> None:
    """Print one event with everything in it.

    Example: `orrery events show 1234`
    """
    from orrery.events.rows import Choice, clock, rows

    with _store(store, config, overrides) as path:
        found = next(rows(path, Choice(sequence, sequence)), None)
    if found is None:
        raise CommandLineError(f"{path}: no event {sequence} yet")
    if json:
        print(_json(found))
        return
    print(f"event {found.sequence} · stored {clock(found.stored_ns)} UTC · hash {found.hash}")
    print(f"{found.topic} #{found.number} of {found.publisher} (incarnation {found.incarnation})")
    for name, value in found.message.items():
        print(f"  {name:<16} {value}")


@app.command("hash")
def hash_(
    *,
    to_sequence: ToOption = None,
    live: Annotated[
        bool, typer.Option("--live", help="Hold the log against the running store and services as well.")
    ] = False,
    store: StoreOption = None,
    json: JsonOption = False,
    config: ConfigOption = None,
    overrides: SetOption = None,
) -> int:
    """Print the chain's hash and the state's hash after the last event, or after event --to-seq.

    chain: SHA-256 over all events in their order, as the checkpoint lines of the service have it. state: SHA-256 of the
    accounts, positions, orders and runners that the events lead to; the same wherever they are folded. With --live the
    running store's own state must have the same hash, and the services must hold what it says (exit code 1 if not).

    Example: `orrery events hash --to-seq 100000`
    """
    from orrery.events.hashes import hashes_of

    if live:
        return _live_hash(store, config, overrides, json=json)
    with _store(store, config, overrides) as path:
        found = hashes_of(path, to_sequence)
    if to_sequence is not None and found.sequence < to_sequence:
        raise CommandLineError(f"{path}: no event {to_sequence} yet; the last is {found.sequence}")
    if json:
        print(_json(found))
        return EXIT_OK
    print(f"event {found.sequence:,}\nchain {found.chain}\nstate {found.state}")
    if found.first > 1:
        print(f"the state is that of events {found.first:,} on: those before are deleted")
    return EXIT_OK


def _live_hash(store: Path | None, config: Path | None, overrides: list[str] | None, *, json: bool) -> int:
    from orrery.events.live import check_live

    with _store(store, config, overrides) as path:
        check = check_live(load(config, overrides).config, path)
    if json:
        print(_json(check))
    else:
        verdict = "equal" if check.live == check.folded else "DIFFERENT"
        print(f"event {check.sequence:,}\nlive  {check.live}\nstate {check.folded}  {verdict}")
        for each in check.differences:
            print(f"DIFFERENT: {each.what}: {each.projected} by the events, {each.found} by {each.service}")
        print(f"asked {', '.join(check.asked)}: {len(check.differences) or 'no'} differences")
    return EXIT_OK if check.equal else EXIT_FAILED


@app.command()
def verify(
    expect: Annotated[
        list[str] | None,
        typer.Option(
            metavar="N:HASH", help="The hash that event N must have, as a checkpoint line told it; repeatable."
        ),
    ] = None,
    store: StoreOption = None,
    json: JsonOption = False,
    config: ConfigOption = None,
    overrides: SetOption = None,
) -> int:
    """Check every event against the hash chain; one flipped bit is found, and its event, file and place named.

    Exit code 0 when all is right, 1 when not. Who can rewrite the whole log can make it look right; a hash that was
    written down elsewhere, given by --expect, finds that too.

    Example: `orrery events verify --expect 1000:9cdebde2d265…`
    """
    from services.event_store.adapters.verifying import verify as check

    with _store(store, config, overrides) as path:
        result = check(path, dict(_expectation(text) for text in expect or ()))
    if json:
        print(_json(result))
    else:
        from orrery.events.verdict import verdict_lines

        for text in verdict_lines(result, path):
            print(text)
    return EXIT_FAILED if result.damages else EXIT_OK


@app.command()
def export(  # noqa: PLR0913 - one argument per option
    *,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="Ends in .parquet, .jsonl or .jsonl.gz.")],
    first: FromOption = None,
    last: ToOption = None,
    topic: TopicOption = "",
    store: StoreOption = None,
    json: JsonOption = False,
    config: ConfigOption = None,
    overrides: SetOption = None,
) -> None:
    """Write events to a file for other programs: JSON Lines, or Parquet (needs the extra `research`).

    Example: `orrery events export --out fills.parquet --topic reports`
    """
    from orrery.events.export import export as write
    from orrery.events.rows import Choice

    with _store(store, config, overrides) as path:
        count = write(path, Choice(first, last, topic), out)
    if json:
        print(_json({"file": str(out), "events": count}))
    else:
        print(f"{out}: {count:,} events")


@app.command()
def stats(
    store: StoreOption = None, json: JsonOption = False, config: ConfigOption = None, overrides: SetOption = None
) -> None:
    """Print what the store holds: events by publisher, stream and type, its size and the time it spans.

    Example: `orrery events stats`
    """
    from orrery.events.rows import clock
    from orrery.events.stats import stats as figures

    with _store(store, config, overrides) as path:
        found = figures(path)
    if json:
        print(_json(found))
        return
    print(f"{path}: {found.events:,} events ({found.first:,} to {found.last:,}), {found.bytes:,} bytes")
    if found.events:
        print(f"from {clock(found.begin_ns)} to {clock(found.end_ns)} UTC")
    for title, counts in (("stream", found.by_stream), ("publisher", found.by_publisher), ("type", found.by_type)):
        for name, count in counts.items():
            print(f"  {title:<10} {name:<24} {count:>12,}")


def _json(value: object) -> str:
    import msgspec

    return msgspec.json.encode(value).decode()


@contextmanager
def _store(store: Path | None, config: Path | None, overrides: list[str] | None) -> Iterator[Path]:
    """Give the store's folder, and say in one line what is wrong with it."""
    from common.journal import JournalError
    from common.routes import EVENT_STORE

    path = store or Path(load(config, overrides).config.engine.data_dir) / EVENT_STORE
    try:
        yield path
    except JournalError as error:
        raise CommandLineError(str(error)) from error


def _expectation(text: str) -> tuple[int, str]:
    number, _, digest = text.partition(":")
    try:
        if len(bytes.fromhex(digest)) == 32:
            return int(number), digest
    except ValueError:
        pass
    raise CommandLineError(f"--expect {text}: expected a number, a colon and 64 hexadecimal digits")
