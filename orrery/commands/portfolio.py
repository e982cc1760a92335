"""`orrery portfolio`: what the account made and which part of it; shares of strategies, and how to get there."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orrery.commands import STACK
from orrery.errors import EXIT_OK, CommandLineError
from orrery.options import ConfigOption, JsonOption, SetOption, load

if TYPE_CHECKING:
    from orrery.portfolio.lines import Line
    from orrery.portfolio.report import Range

PANEL = STACK

app = typer.Typer(
    help="The account as a portfolio of strategies: figures, correlation, shares by optimisers, and drift from them.",
    no_args_is_help=True,
)

RunsArgument = Annotated[
    list[str] | None,
    typer.Argument(metavar="[RUN...]", help="Kept backtests: `latest`, ids, digests, folders."),
]
StoreOption = Annotated[
    Path | None,
    typer.Option(
        "--store", metavar="FOLDER", help="The event store. Default: event_store in the configuration's data_dir."
    ),
]
WeightsOption = Annotated[
    Path, typer.Option("--weights", "-w", metavar="FILE", help="Shares: TOML or JSON, see optimise.")
]


@app.command()
def show(  # noqa: PLR0913 - one argument per option
    runs: RunsArgument = None,
    *,
    begin: Annotated[str, typer.Option("--from", metavar="TIME", help="First moment. Default: the beginning.")] = "",
    end: Annotated[str, typer.Option("--to", metavar="TIME", help="First moment no longer wanted.")] = "",
    curve: Annotated[Path | None, typer.Option("--curve", metavar="FILE", help="Write the points as CSV.")] = None,
    fills: Annotated[
        Path | None, typer.Option("--fills", metavar="FILE", help="Write the account after each fill, exactly, as CSV.")
    ] = None,
    store: StoreOption = None,
    json: JsonOption = False,
    config: ConfigOption = None,
    overrides: SetOption = None,
) -> int:
    """Show what the stack's account made, whether it runs or not; or what kept backtests made, alone and together.

    Return, Sharpe, Sortino, drawdown, win rate, exposure of the whole and of each strategy (or run), by the code of the
    backtests' reports, and how profits and prices move together. The account is folded from the event store: cash is
    exact, holdings are worth the mid.

    Example: `orrery portfolio show --from 2024-01-01`, `orrery portfolio show RUN1 RUN2`
    """
    from orrery.portfolio.kept import kept_lines
    from orrery.portfolio.lines import total
    from orrery.portfolio.report import report
    from orrery.portfolio.stored import fold_account
    from orrery.portfolio.tables import write_fills
    from orrery.portfolio.text import report_lines

    loaded, over = load(config, overrides).config, _range(begin, end)
    notes: list[str] = []
    if runs and fills is not None:
        raise CommandLineError("--fills: kept runs have no fills, only their round trips (trades.csv)")
    if runs:
        parts = kept_lines(Path(loaded.engine.data_dir), runs)
        account = parts[0] if len(parts) == 1 else total("all", parts)
        source = ", ".join(part.name for part in parts)
        if (over.begin_ns, over.end_ns) != (0, 2**63 - 1):
            notes.append("fees, turnover and trades of a range are those of the trades that ended in it")
    else:
        folded = fold_account(loaded, store)
        parts, account, source, notes = folded.fold.lines(), folded.fold.account(), folded.source, folded.notes
        if fills is not None:
            write_fills(fills, folded.fold.points, over)
    found = report(source, account, parts, over, notes)
    if curve is not None:
        _write_curve(curve, account, parts, over)
    _print(found, report_lines(found), json=json)
    return EXIT_OK


@app.command()
def optimise(  # noqa: PLR0913 - one argument per option
    runs: RunsArgument = None,
    *,
    method: Annotated[str, typer.Option("--method", "-m", help="hrp, risk_parity, mean_variance or equal.")] = "hrp",
    data: Annotated[
        list[Path] | None, typer.Option("--data", "-d", metavar="FILE", help="Bars of a symbol; repeatable.")
    ] = None,
    train: Annotated[float, typer.Option(min=0.1, max=0.9, help="Share of the past before the first fold.")] = 0.5,
    folds: Annotated[int, typer.Option(min=1, max=100, help="Folds of the rest, each with weights of its own.")] = 5,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="Write the weights, TOML or JSON.")
    ] = None,
    json: JsonOption = False,
    config: ConfigOption = None,
    overrides: SetOption = None,
) -> int:
    """Find shares of kept backtests, or of symbols by their prices, and show what they make out of sample.

    Walking forward: weights are fitted on what lies before a fold and judged on the fold, beside equal weights. The weights
    printed are fitted on all of it. Needs the extra `portfolio` (skfolio).

    Example: `orrery portfolio optimise RUN1 RUN2 RUN3 --method hrp --out weights.toml`
    """
    from orrery.portfolio.assets import asset_lines
    from orrery.portfolio.kept import kept_lines
    from orrery.portfolio.optimise import METHODS, Walk, aligned
    from orrery.portfolio.optimise import optimise as find
    from orrery.portfolio.text import optimised_lines
    from orrery.portfolio.weights import Weights, write_weights

    chosen = next((each for each in METHODS if each == method.replace("-", "_")), None)
    if chosen is None:
        raise CommandLineError(f"--method: expected one of {', '.join(METHODS)}, found {method!r}")
    if bool(runs) == bool(data):
        raise CommandLineError("expected kept runs, or --data files, found both or neither")
    folder = Path(load(config, overrides).config.engine.data_dir)
    lines = kept_lines(folder, runs) if runs else asset_lines(data or [])
    found = find(aligned(lines), chosen, Walk(train=train, folds=folds))
    if out is not None:
        write_weights(out, Weights(weights=found.weights, method=found.method))
    _print(found, optimised_lines(found), json=json)
    return EXIT_OK


@app.command()
def rebalance(  # noqa: PLR0913 - one argument per option
    weights: WeightsOption,
    *,
    equity: Annotated[str, typer.Option(metavar="AMOUNT", help="To share out. Default: the running account's.")] = "",
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="Write it as TOML of a configuration.")
    ] = None,
    apply: Annotated[
        bool, typer.Option("--apply", help="Tell the running risk manager, as `orrery risk set` does.")
    ] = False,
    json: JsonOption = False,
    config: ConfigOption = None,
    overrides: SetOption = None,
) -> int:
    """Turn shares into limits of strategies, and sizes of entries where risk sizes them by equity; print the command.

    Nothing is traded: who holds more than its share takes no entry until it holds less. With --apply the running risk
    manager takes it at once, all or nothing, and keeps it over restarts.

    Example: `orrery portfolio rebalance --weights weights.toml --apply`
    """
    from decimal import Decimal, InvalidOperation

    from common.routes import RISK_MANAGER
    from orrery.portfolio.rebalance import account_of
    from orrery.portfolio.rebalance import rebalance as change
    from orrery.portfolio.text import rebalance_lines
    from orrery.portfolio.weights import read_weights
    from orrery.runners.asking import ask
    from orrery.toml import toml_text

    loaded, wanted = load(config, overrides).config, read_weights(weights)
    try:
        amount = Decimal(equity or account_of(loaded)["equity"])
    except InvalidOperation as error:
        raise CommandLineError(f"--equity: expected an amount, found {equity!r}") from error
    found = change(loaded, wanted, amount)
    if out is not None:
        try:
            out.write_text(toml_text(found.overlay), encoding="utf-8")
        except OSError as error:
            raise CommandLineError(f"{out}: cannot be written: {error.strerror}") from error
    if apply:
        ask(loaded, "risk.set", {"settings": found.settings}, RISK_MANAGER)
    _print(found, rebalance_lines(found, applied=apply), json=json)
    return EXIT_OK


@app.command()
def drift(
    weights: WeightsOption, json: JsonOption = False, config: ConfigOption = None, overrides: SetOption = None
) -> int:
    """Show how far what each strategy of the running stack holds is from its share of the equity.

    What is held in another currency than the account's counts at the last price of a symbol between the two.

    Example: `orrery portfolio drift --weights weights.toml`
    """
    from orrery.portfolio.rebalance import account_of, marks_of, rates_of
    from orrery.portfolio.rebalance import drift as rows
    from orrery.portfolio.text import drift_lines
    from orrery.portfolio.weights import read_weights

    shares, loaded = read_weights(weights), load(config, overrides).config
    account = account_of(loaded)
    rates = rates_of(loaded, marks_of(loaded, account))
    found = rows(shares, account, rates)
    for symbol in sorted({each["symbol"] for each in account["positions"]} - rates.keys()):
        print(f"orrery: {symbol}: left out, no symbol tells its currency's worth in the account's", file=sys.stderr)
    _print(found, drift_lines(found), json=json)
    return EXIT_OK


def _range(begin: str, end: str) -> "Range":
    from orrery.data.times import TimeError, moment_ns
    from orrery.portfolio.lines import BEGINNING, END
    from orrery.portfolio.report import Range

    moments = []
    for option, text, default in (("--from", begin, BEGINNING), ("--to", end, END)):
        try:
            moments.append(moment_ns(text) if text else default)
        except TimeError as error:
            raise CommandLineError(f"{option} {text}: {error}") from error
    return Range(*moments)


def _write_curve(path: Path, account: "Line", parts: "list[Line]", over: "Range") -> None:
    from orrery.portfolio.lines import cut
    from orrery.portfolio.tables import write_curve

    write_curve(path, *(cut(line, over.begin_ns, over.end_ns) for line in (account, *parts)))


def _print(value: object, lines: Iterable[str], *, json: bool) -> None:
    if json:
        import msgspec

        print(msgspec.json.encode(value).decode())
        return
    for line in lines:
        print(line)
