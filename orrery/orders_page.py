"""Makes docs/orders.md: `python -m orrery.orders_page > docs/orders.md`. Tables come from the code, sentences from here."""

import sys
from collections.abc import Iterator
from enum import StrEnum

from common.messages import CancelReason, OrderType, TimeInForce, VenueRejectReason
from common.order_terms import TABLE, rests

TYPES = {
    OrderType.MARKET: "trades at once, at what there is",
    OrderType.LIMIT: "trades at its price or better, and rests for it",
    OrderType.STOP: "a market order once the price has gone against it to the trigger",
    OrderType.STOP_LIMIT: "a limit order from then on",
    OrderType.TAKE_PROFIT: "a market order once the price has come in its favour to the trigger (elsewhere market-if-touched)",
    OrderType.TAKE_PROFIT_LIMIT: "a limit order from then on",
    OrderType.TRAILING_STOP: "a stop whose trigger keeps its distance from the best price since, and never goes back",
}
REJECTED = {
    VenueRejectReason.UNKNOWN_SYMBOL: "the venue does not trade it",
    VenueRejectReason.NO_MARKET: "nothing has been shown yet, or the market is not live",
    VenueRejectReason.INVALID_QUANTITY: "no lots, less than the least value, or no more than has filled already",
    VenueRejectReason.INVALID_PRICE: "a limit or trigger that is not on the tick",
    VenueRejectReason.DUPLICATE_ORDER: "an order with its id rests, or was sent before",
    VenueRejectReason.UNKNOWN_ORDER: "the order to be changed does not rest, or is being cancelled",
    VenueRejectReason.TOO_MANY_ORDERS: "1 000 orders rest in its symbol, or 10 000 are on their way to the gateway",
    VenueRejectReason.NOTHING_TO_REDUCE: "it only reduces, and its runner holds nothing that it could",
    VenueRejectReason.KILL_SWITCH: "an operator lets nothing but reductions through",
    VenueRejectReason.NOT_SENT: "it never left for the venue",
    VenueRejectReason.NEVER_ARRIVED: "it was sent, and the venue neither knows it nor can take it any more",
    VenueRejectReason.HALTED: "execution and the venue disagree",
    VenueRejectReason.UNSUPPORTED: "its parts do not go together, or not at this venue: `last` without trades",
    VenueRejectReason.WOULD_TAKE: "it is post-only and would take, now or as amended",
    VenueRejectReason.EXPIRED: "it arrived at or after the time at which it was to end",
    VenueRejectReason.OCO: "another order of its group had filled, or had ended, before it came",
}
CANCELLED = {
    CancelReason.UNFILLED: "IOC or FOK: what did not trade at once",
    CancelReason.EXPIRED: "GTD: its time has come",
    CancelReason.WOULD_TAKE: "post-only, and would have taken as it was triggered",
    CancelReason.REDUCED: "reduce-only, and the position is gone",
    CancelReason.OCO: "another of its group has filled, or has ended",
}

HEAD = """# Orders

Made from the code by `python -m orrery.orders_page > docs/orders.md`. What may go with what stands in
`common/order_terms.py`, which strategies, risk and venues all ask; what does not is refused with its reason: to a
strategy as an error of its answer, by risk as `order_terms`, by a venue as `unsupported`.

| type | what it is | needs | time in force | post_only |
|---|---|---|---|---|"""

MEANING = """
`reduce_only` is what every exit is and no entry can be. `oco` goes with whatever rests.

## What decides

- **Trigger.** A stop of a buyer looks at the ask, of a seller at the bid: the prices at which it could trade (`trigger_by =
  "mid"` the middle; `"last"` the latest trade, where the venue sees trades; with `fill_model = "trades"` the default is the latest
  trade). It is triggered once, by the first price at its level or beyond, and what it then pays is the market's: through
  a gap, the price behind it. A level that the market has passed already triggers at once; nothing is rejected for that.
- **Trailing.** The trigger lies `trail` (quote units) or `trail_percent` behind the best price since the venue took the order, on the tick
  and never nearer than asked. It follows in its favour alone. An amend changes its quantity, not its distance.
- **IOC** trades what it can at once, **FOK** all or nothing of what is shown (the touch fills whole, so there both are the same; with
  trades alone both wait for the next trade). With a trigger, this begins when it is triggered.
- **GTD** ends at a time: at execution's deadline for it, or before the first input after it, whichever comes first. At that very
  nanosecond it is over. An order that arrives later is rejected.
- **Post-only** that would take is rejected, never moved to another price; if that shows when it is triggered, it is cancelled.
- **Reduce-only** shrinks with what its runner holds and is cancelled with the last of it. Risk cuts it to what is held and not being closed.
- **Groups** (`oco` of an intent): [one cancels the other](#one-cancels-the-other). A position's stop and target are such a pair by construction and stay with
  the risk manager, who sends one exit at a time; trailing stops and break-even of an entry, too ([risk](risk.md#stops)).
- **Amend** names the quantity in all, the limit or the trigger. Risk holds the changed order against the rules in the place of the old
  one; what becomes larger counts at once, what becomes smaller once the venue has said so. At the venue, a smaller quantity keeps its place in
  the queue; any other change loses it, and may take. One change at a time; a cancel overtakes it. At the gateway a change
  that nobody answers is never sent again: once the venue can do it no more, how the order stands says whether it was done.
- **On bars** the way goes from the open to the adverse extreme, to the favourable one, to the close ([backtesting](backtesting.md)). A stop is
  triggered by a touch, a limit or a take-profit needs the price to go a tick further. Never is a price better than the way shows.

## What a strategy answers

`enter_long`, `enter_short`, `exit` and `exit_partial` take `order_type`, `limit_price` (or `price`), `trigger_price`, `trigger_by`, `trail`,
`trail_percent`, `time_in_force`, `expires_in` or `expires_at` (seconds; gtd is then understood), `post_only`, `reduce_only`, and
`manage = true`: while it rests the function is asked on every update and may answer `{ action = "amend", price =, trigger_price =, quantity = }`
or `{ action = "cancel", reason = }`. Exits are managed unless they say `manage = false`. An entry that rests longer than
`analyzing_timeout` updates is cancelled. An `exit` while another rests takes that one back and then closes at market. Entries may name
`trailing_stop` (distance), `trailing_percent`, or `trailing_atr` with `atr = indicators.atr(14)`, and `breakeven_at`, a price.

```lua
return { action = "enter_long", order_type = "stop_limit", trigger_price = high, limit_price = high * 1.001,
         quantity = 1, expires_in = 300, trailing_atr = 3, atr = indicators.atr(14), manage = true }
```

What rests stands in `context.order`, nil when nothing does: `kind` (`"entry"` or `"exit"`), `side`, `order_type`, `quantity` in all (nil where risk
chose it, until it is amended), `filled`, `price` (of the limit), `trigger_price` (nil where it trails), `age` (updates since it was sent),
`cancelling` and `amending` (a cancel or a change is on its way) and `leg` (1 or 2 of a pair, else nil). An amend shows in quantity and prices once the
venue has made it. `context.orders` is the list of all that rest, of a pair both; nil when nothing does. Market, IOC and FOK orders do not rest and are never shown.

```lua
local order = context.order
if order and order.age >= 5 and order.filled == 0 then return { action = "amend", price = market_data.bid } end
```

## One cancels the other

```lua
return { action = "oco", manage = true, reason = "breakout", orders = {
  { action = "enter_long",  order_type = "stop", trigger_price = high, quantity = 1, stop_price = middle },
  { action = "enter_short", order_type = "stop", trigger_price = low,  quantity = 1, stop_price = middle } } }
```

Two entries (from `filter_commitment`) or two exits (from `manage_position`, each `exit` or `exit_partial`), of any types and sides that rest, each with
the keys that it would have alone; `manage` and `reason` beside `orders` hold for both. `stop_price` is, as everywhere, where risk closes the position.

- **A fill of one, even of a part of it, cancels the other whole; what is left of the one that fills rests on.** So do Binance's order lists and FIX's contingency
  type 1; others (Alpaca's, IBKR's type 3) reduce the other by what has filled. A cancel, an expiry or a rejection of one ends the other,
  too. A protection that is to last for every part is the entry's `stop_price` and `target_price`, which risk watches.
- **Both or neither.** Risk holds the second against the rules as if the first were on its way; where one is refused, both are, and the
  other's refusal names it. The two are intents with ids of their own, one number apart, and of one group named after the first.
- **What counts as exposure.** Orders of two sides count on their sides, as always. Of two on one side the larger counts where the venue itself links
  them, which the simulated ones do in the instant of the fill; at the gateway execution sends the cancel, both could fill before it comes, and so both count.
  For the same reason two exits pass there while trading is active only: in REDUCING they are refused (`nothing_to_reduce`; a
  single exit passes), and those that rest are taken back, since both together could turn the position around.
- **At the gateway** the other is asked to be cancelled as soon as the fill is known, by report, answer or comparison, exactly once, and that is
  pursued as every cancel is: after a lost answer, a crash or a restart it is looked up and asked again. What has not been sent never is (`not_sent`), and what
  reaches execution after its group is over is rejected (`oco`). What fills all the same is kept: positions are what has filled.
- **On bars**, where both lie inside one bar and nothing is held, the way goes down first.

While both rest, `context.orders[1]` and `[2]` are the pair and `context.order` is the first. `{ action = "amend", leg = 2, trigger_price = }` changes one;
`cancel` and `exit` take both back. After the first fill nothing is asked until the other is known to be off, so that no new order meets it.

## What it costs

`execution.slippage_model`: `proportional` (`slippage_bps`), `fixed` (`slippage_ticks`), `impact` (`impact_volatility_percent` x sqrt(quantity /
`impact_volume`), at most a day's volatility). Walking the book is `execution.fill_model = "depth"`, on top of which slippage is charged, too.
`execution.commission_model`: `maker_taker`, `tiers` (`[[execution.fee_tiers]]`, by what was traded before over all symbols, each at its worth in its own quote units: since the beginning, or
with `fee_window_days = 30` today and on the 29 days, UTC, before; a day that leaves the window goes with the first order or price of the new day),
`per_unit` (with `fee_minimum` and `fee_maximum_percent` of a fill, not of an order). One file each in `services/execution/core/costs/`; paper
trading and backtests use the same. Time on the way is `latency_ns` and `response_latency_ns`; parts come from the fill models that see sizes.
"""


def page() -> str:
    """Return the whole page."""
    lines = [HEAD, *_types(), MEANING, "## Why a venue rejects an order or a change", "", *_reasons(REJECTED)]
    lines += ["", "## Why an order ends that nobody cancelled", "", *_reasons(CANCELLED)]
    return "\n".join(lines) + "\n"


def _types() -> Iterator[str]:
    for kind, allowed in TABLE.items():
        parts = ((allowed.needs_price, "limit"), (allowed.needs_trigger, "trigger"), (allowed.needs_trail, "trail"))
        needs = ", ".join(name for is_needed, name in parts if is_needed)
        times = ", ".join(in_force.value for in_force in allowed.times)
        lasting = [each for each in (TimeInForce.GTC, TimeInForce.GTD) if rests(kind, each) and allowed.may_post]
        yield f"| `{kind}` | {TYPES[kind]} | {needs or 'nothing'} | {times} | {' or '.join(lasting) or 'no'} |"


def _reasons[R: StrEnum](reasons: dict[R, str]) -> Iterator[str]:
    yield "| reason | meaning |"
    yield "|---|---|"
    for reason, meaning in reasons.items():
        yield f"| `{reason}` | {meaning} |"


if __name__ == "__main__":
    sys.stdout.write(page())
