"""The page of risk, in part from the code: `python -m orrery.risk_page > docs/risk.md`."""

import sys
from collections.abc import Iterator
from inspect import getdoc

from common.config.risk import BreakerSection
from common.messages import RejectReason
from services.risk_manager.core.rules import BY_TOTALS, CODES, ENTRY_RULES, EXIT_RULES, LATCHED, MODULES
from services.risk_manager.core.sizing import MODULES as SIZING_MODULES
from services.risk_manager.core.trading import TRANSITIONS

INTRODUCTION = """\
# Risk

Made in part from the rules and the tables in `services/risk_manager/core` by `python -m orrery.risk_page > docs/risk.md`.

Every order is an intent that passed the rules below; execution takes nothing else. An intent that does not pass is
answered with `order_refused`: `reason` and `code` name the rule, `limit` is what is allowed, `found` what it came to,
`used` and `asked`, where the limit is an amount, what was in use and what the order asked for, `detail` a sentence.
The reason is the label of `risk_orders_rejected_total` and the name of the rule's file. Codes never change.

`orrery why ORDER` shows what each rule compared, also where it let an order pass.
"""

RULES = """
## Rules of entries

Asked in this order; the first refusal wins. A rule that says so is asked only where the configuration switches it on,
and costs nothing elsewhere. What counts is how far a position could go: all that is held on one side and all that is on
its way, never a net in which one runner's hedge makes room for another. An amount *in totals* is decided to the last
digit; float bounds only ever show that a limit is far away.
"""

EXITS = """
## Rules of exits

Whoever reduces is never held up by a limit, a latch or the breaker. An exit is cut to what is held, less what is being
closed already.
"""

SIZING = """
## Sizing

An entry whose strategy names a `quantity` keeps it. One that leaves it out is sized by `[risk.sizing]`, or by the
strategy's own `[risk.sizing.strategies.<name>]`, which the general one completes. The rules then judge the sized
quantity like any other: sizing lets nothing through. The quantity is the whole number of lots that fits, by exact
integer division, and never worth more than `cap_percent` of the equity. The approved order says the model and its
inputs (`sizing`), a refusal in its `detail`, `orrery why` in both cases. What cannot be sized, or comes to less than a
lot or than the symbol's least worth, is refused as `invalid_quantity`; without a model (`none`, the default) it always is.
"""

SIZING_NOTES = """
- The price is the limit, else the side of the last quote at which the entry would fill; the equity is exact, at the marks.
- The stop is the entry's own, else the one that `risk.stop_loss_percent` will give it, else where its trailing stop begins.
  A gap through it, slippage and fees come on top of what is risked.
- A strategy's `risk =` makes `risk_per_trade` smaller, never larger than `risk_percent`. Its `atr =` is the typical move of
  `volatility_target`; without it the move is the standard deviation over `volatility_horizon_ms` of the marks that risk saw,
  one every `volatility_sample_ms`, once there are `volatility_samples` of them.
- `kelly` counts the runner's closed trades from the moment it is configured and says in its refusals how many are there
  and how many it needs.
"""

STATES = """
## States

ACTIVE lets everything through. REDUCING and HALTED let only through what reduces; cancels always pass. What leaves
ACTIVE takes its entries back, and exits that could turn a position around; HALTED takes resting exits back, too. A
state outlasts a restart, and every change is a `trading_state_changed` in the journal. What is in the way stands in the
risk manager's status (`in_the_way`).
"""

OPERATORS = """
`limit` is the first of these: the breaker opens, `drawdown`, `daily_loss`, an operator's `reduce`, a `not_ready`.
`clear` is the end of the last. The day's loss ends at midnight UTC; the drawdown lasts until it is armed.

- **`orrery kill`** `[--flatten/--no-flatten] [--reason TEXT] [--wait SECONDS]` tells risk and execution at the same
  time. Risk cancels every order on its way, closes positions at market and refuses entries (`kill_switch`). Execution
  cancels what rests and rejects all but reductions, whether risk lives or not. Signal and market data are not needed.
  Both write it down. Exit code 1 says that one of them is away: with execution dead, the rest follows when it is back;
  with risk dead, nothing new gets in and nothing rests, and positions stay until risk is back and told again.
- **`orrery arm`** `[--reset-breaker]` lets orders through again. Drawdown and the day's loss are counted from there.
- Commands of the risk manager's socket, each journaled and done once: `kill`, `arm`, `reduce`, `not_ready`, `ready`,
  `reset_breaker`.

## Before anything is approved

At each start risk holds its positions against execution's, runner by runner, at a point at which it has taken every report
that execution had published. Until both agree entries are refused (`not_ready`), market data is not let in (for three
seconds at most: stops need quotes), what rests goes on resting, and reductions and cancels pass. They are compared again
every five seconds. What differs, and goes on differing, is told as `position_differs` and puts trading into REDUCING until
both agree again, or until an operator says `ready`: from there on that difference counts as right, over restarts, too.

## Limits that change while it runs

- **The file.** The risk manager looks at its configuration file twice a second. A changed file is validated as a whole,
  with the environment and the `--set` of the start; its `[risk]` section then holds from one input to the next. A file that
  cannot be used changes nothing: the error, with file, line, key, expected and found, is in the log, in `orrery risk show`
  and in `risk_limit_changes_refused_total`.
- **`orrery risk set KEY=VALUE...`** changes keys at once: all of them, or none. **`orrery risk reload`** reads the file now.
- **`orrery risk show`** `[--all]` prints what is in force and what is not as in the file; **`orrery risk limits`** each limit
  with what is used of it and what is left.
- Every change is a journaled command that carries the parameters themselves, and a `risk_limits_changed` in the journal and
  the event store: each key with what it was and what it is. What is in force is part of the state.
- **The last word wins.** After a restart what was in force holds, an operator's changes included, until the file says
  something new; then the whole file does, edited while the service was down or while it ran.
- `initial_cash`, `account_currency` and `position_method` hold as long as the state does: a file that changes them is
  refused, at a start with exit code 2. The addresses and the metrics port hold from the start of the process. All other
  keys of `[risk]` can be changed.
- What is held and on its way stays and counts against the new limits; nothing is closed because a limit became smaller.
  Drawdown, the day's loss and the age of positions count from the change where they were off before it, as do streaks,
  rates, returns and closed trades. A latch that is set stays until it is lifted; stops that are set stay where they are.

## Circuit breaker

`risk.enable_circuit_breaker` opens it when `risk.max_loss_threshold` is lost since the start or the last reset; lost
reports of the venue open it always. Beside that, in `[risk.breaker]`, each off while it is 0:

"""

REST = """
It is closed by `reset_breaker`, which counts everything anew, or by itself after `cooldown_ms`; never by itself after
lost reports.

## Stops

The risk manager owns them and judges them on every quote, a long position on the bid, a short one on the ask. One
protective order works at a time: at market, for all that is not being closed already; the runner's resting exits are
cancelled. So stop and target are one: when one fires the other is gone. A market that jumps through a stop closes at
the price there is. What the venue rejects is tried again after a second.

- `stop_price` and `target_price` of the intent; `risk.stop_loss_percent` where an entry names no stop.
- `risk.trailing_stop_percent` follows the best price. A strategy trails by any distance, such as a multiple of the ATR,
  with `{ action = "trailing_stop", distance = }`. An entry brings its own: `trailing_stop`, `trailing_percent`, or
  `trailing_atr` with `atr`, from its first fill on; the nearest of all trailing stops counts. `breakeven_at` is a price
  at which its stop goes to the entry price ([orders](orders.md)).
- `risk.breakeven_percent`: at that gain the stop moves to the entry price, once, unless it is nearer already.
- `risk.max_holding_ms`: a position older than that is closed at the next quote.
- A strategy moves a stop nearer to the market only, unless `allow_widen = true` stands beside the price.

## Positions

`risk.position_method` says which units a partial exit closes: all alike at their weighted average cost, the oldest
(`fifo`) or the newest (`lifo`). P&L is net of fees paid in
the quote currency; fees in another currency are taken from that currency's cash. Cash plus positions at their marks is
initial cash plus realised plus unrealised P&L, to the last digit.
"""


def page() -> str:
    """Return the whole page as Markdown."""
    return "".join(
        (
            INTRODUCTION,
            RULES,
            *_rules([reason for reason, _ in ENTRY_RULES]),
            EXITS,
            *_rules([reason for reason, _ in EXIT_RULES]),
            SIZING,
            *_sizing(),
            SIZING_NOTES,
            STATES,
            *_states(),
            OPERATORS,
            *_fuses(),
            REST,
        )
    )


def _rules(reasons: list[RejectReason]) -> Iterator[str]:
    yield "\n| code | reason | asked | what it does |\n|---|---|---|---|\n"
    for reason in reasons:
        module = MODULES[reason]
        asked = "where configured" if hasattr(module, "is_configured") else "always"
        if reason in LATCHED:
            asked = "while not ACTIVE"
        asked += ", in totals" if reason in BY_TOTALS else ""
        text = " ".join((getdoc(module) or "").partition("\n\n")[0].split())
        yield f"| {CODES[reason]} | `{reason.value}` | {asked} | {text} |\n"


def _sizing() -> Iterator[str]:
    yield "\n| model | what it does |\n|---|---|\n"
    for name, module in SIZING_MODULES.items():
        text = " ".join((getdoc(module) or "").split()).replace("|", "\\|")
        yield f"| `{name}` | {text} |\n"


def _states() -> Iterator[str]:
    yield "\n| state | when | becomes |\n|---|---|---|\n"
    for (before, trigger), after in TRANSITIONS.items():
        yield f"| {before.name} | {trigger.value} | {after.name} |\n"
    yield "\n"


def _fuses() -> Iterator[str]:
    yield "| key | default | meaning |\n|---|---|---|\n"
    for key, field in BreakerSection.model_fields.items():
        yield f"| `{key}` | `{field.default}` | {field.description} |\n"


if __name__ == "__main__":
    sys.stdout.write(page())
