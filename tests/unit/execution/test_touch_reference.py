"""The simulated venue beside a matcher of a few lines, in whole ticks: random orders of all types, the same end."""

from dataclasses import dataclass, replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from common.messages import OrderTerms, OrderType, Side, TimeInForce
from common.order_terms import CONDITIONAL, TABLE, WITH_PRICE, fault_of
from services.execution.core.venue import (
    VenueAccepted,
    VenueAmended,
    VenueAmendRejected,
    VenueCancelled,
    VenueFilled,
    VenueOrder,
    VenueRejected,
    VenueReport,
    VenueTriggered,
)
from services.execution.core.venues.simulated import SimulatedVenue
from tests.unit.execution.builders import venue, venue_order
from tests.unit.risk_manager.builders import T0, D, quote

T = OrderType
STOPS = (T.STOP, T.STOP_LIMIT, T.TRAILING_STOP)


@dataclass
class Plain:
    """An order of the matcher: prices in ticks, sign +1 for a buyer; is_armed: not triggered yet."""

    name: str
    kind: OrderType
    sign: int
    lots: int
    limit: int | None
    trigger: int | None
    trail: int | None
    now_or_never: bool
    ends: int
    post: bool
    group: str
    is_armed: bool


class Matcher:
    """What a venue does, without anything that makes it fast."""

    def __init__(self) -> None:
        self.bid = self.ask = 0
        self.open: list[Plain] = []

    def quote(self, bid: int, ask: int) -> list[Any]:
        self.bid, self.ask = bid, ask
        told: list[Any] = []
        for order in [each for each in self.open if each.is_armed]:
            self.look(order, told)
        for order in [each for each in self.open if not each.is_armed]:
            if order in self.open and self.reaches(order):
                self.trade(order, order.limit or 0, told)
        return told

    def touch(self, order: Plain) -> int:
        return self.ask if order.sign > 0 else self.bid

    def reaches(self, order: Plain) -> bool:
        return order.limit is None or (order.limit - self.touch(order)) * order.sign >= 0

    def look(self, order: Plain, told: list[Any]) -> None:
        if order not in self.open:
            return
        price = self.touch(order)
        if order.trail is not None:
            level = price + order.sign * order.trail
            if order.trigger is None or (order.trigger - level) * order.sign > 0:
                order.trigger = level
        beyond = (price - (order.trigger or 0)) * order.sign
        if beyond >= 0 if order.kind in STOPS else beyond <= 0:
            told.append(("triggered", order.name))
            order.is_armed = False
            self.enter(order, told)

    def enter(self, order: Plain, told: list[Any]) -> None:
        if self.reaches(order):
            if order.post:
                self.end(order, "cancelled", told)
            else:
                self.trade(order, self.touch(order), told)
        elif order.now_or_never:
            self.end(order, "cancelled", told)

    def trade(self, order: Plain, price: int, told: list[Any]) -> None:
        told.append(("filled", order.name, order.lots, price))
        self.open.remove(order)
        for other in [*self.resting(), *self.armed()]:
            if order.group and other.group == order.group:
                self.end(other, "cancelled", told)

    def resting(self) -> list[Plain]:
        return [each for each in self.open if not each.is_armed]

    def armed(self) -> list[Plain]:
        return [each for each in self.open if each.is_armed]

    def end(self, order: Plain, how: str, told: list[Any]) -> None:
        told.append((how, order.name, order.lots))
        self.open.remove(order)

    def submit(self, order: Plain) -> list[Any]:
        if not order.is_armed and order.post and self.reaches(order):
            return [("rejected", order.name)]
        told: list[Any] = [("accepted", order.name)]
        self.open.append(order)
        if order.is_armed:
            self.look(order, told)
        else:
            self.enter(order, told)
        return told

    def cancel(self, name: str) -> list[Any]:
        told: list[Any] = []
        for order in [each for each in self.open if each.name == name]:
            self.end(order, "cancelled", told)
        return told or [("no cancel", name)]

    def expire(self, now: int) -> list[Any]:
        told: list[Any] = []
        for order in sorted(self.open, key=lambda each: each.ends):
            if order.ends and order.ends <= now:
                self.end(order, "cancelled", told)
        return told

    def amend(self, name: str, lots: int, price: int) -> list[Any]:
        before = next((each for each in self.open if each.name == name), None)
        if before is None:
            return [("no amend", name)]
        after = replace(before, lots=lots)
        after.limit = None if before.limit is None else price
        if before.is_armed and before.trail is None:
            after.trigger = price
        if not after.is_armed and after.limit == before.limit and lots <= before.lots:
            self.open[self.open.index(before)] = after
            return [("amended", name, lots)]
        if not after.is_armed and after.post and self.reaches(after):
            return [("no amend", name)]
        told: list[Any] = [("amended", name, lots)]
        if after.is_armed:
            self.open[self.open.index(before)] = after
            self.look(after, told)
        else:
            self.open.remove(before)
            self.open.append(after)
            self.enter(after, told)
        return told


def plainly(report: VenueReport) -> Any:  # noqa: PLR0911 - a table in the form of a match, one row a report
    match report:
        case VenueAccepted():
            return ("accepted", report.order_id)
        case VenueTriggered():
            return ("triggered", report.order_id)
        case VenueRejected():
            return ("rejected", report.order_id)
        case VenueFilled():
            return ("filled", report.order_id, int(report.quantity * 10), int(report.price * 100))
        case VenueCancelled():
            return ("cancelled", report.order_id, int(report.remaining * 10))
        case VenueAmended():
            return ("amended", report.order.id, int(report.order.quantity * 10))
        case VenueAmendRejected():
            return ("no amend", report.order_id)
        case _:
            return ("no cancel", report.order_id)


ticks = st.integers(9_990, 10_010)


@st.composite
def orders(draw: Any) -> dict[str, Any]:
    """Draw an order whose parts go together."""
    kind = draw(st.sampled_from(list(OrderType)))
    allowed = TABLE[kind]
    in_force = draw(st.sampled_from(allowed.times))
    is_lasting = in_force in (TimeInForce.GTC, TimeInForce.GTD)
    return {
        "kind": kind,
        "side": draw(st.sampled_from(Side)),
        "lots": draw(st.integers(1, 4)),
        "limit": draw(ticks) if allowed.needs_price else None,
        "trigger": draw(ticks) if allowed.needs_trigger else None,
        "trail": draw(st.integers(1, 8)) if allowed.needs_trail else None,
        "in_force": in_force,
        "ends": draw(st.integers(1, 30)) if in_force is TimeInForce.GTD else 0,
        "post": allowed.may_post and is_lasting and draw(st.booleans()),
        "group": draw(st.sampled_from(("", "", "g"))) if is_lasting and kind is not T.MARKET else "",
    }


steps = st.lists(
    st.one_of(
        st.tuples(st.just("quote"), ticks, st.integers(0, 3)),
        st.tuples(st.just("order"), orders()),
        st.tuples(st.just("cancel"), st.integers(0, 25)),
        st.tuples(st.just("amend"), st.integers(0, 25), st.integers(1, 4), ticks),
    ),
    max_size=25,
)


def at_venue(name: str, drawn: dict[str, Any]) -> VenueOrder:
    price = {key: None if drawn[key] is None else D(drawn[key]) / 100 for key in ("limit", "trigger", "trail")}
    terms = OrderTerms(
        trigger_price=price["trigger"],
        trail=price["trail"],
        expires_ns=T0 + drawn["ends"] if drawn["ends"] else 0,
        post_only=drawn["post"],
        oco=drawn["group"],
    )
    made = venue_order(side=drawn["side"], quantity=str(D(drawn["lots"]) / 10), id=name, order_type=drawn["kind"])
    return VenueOrder(
        made.id, made.symbol, made.side, made.quantity, made.order_type, drawn["in_force"], price["limit"], True,
        None if terms == OrderTerms() else terms,
    )  # fmt: skip


def in_matcher(name: str, drawn: dict[str, Any]) -> Plain:
    is_hasty = drawn["in_force"] in (TimeInForce.IOC, TimeInForce.FOK)
    kind = drawn["kind"]
    ends = drawn["ends"] if kind in WITH_PRICE or kind in CONDITIONAL else 0
    return Plain(
        name, kind, drawn["side"].sign, drawn["lots"], drawn["limit"], drawn["trigger"], drawn["trail"], is_hasty, ends,
        drawn["post"], drawn["group"], kind in CONDITIONAL,
    )  # fmt: skip


def play(at: SimulatedVenue, beside: Matcher, number: int, step: tuple[Any, ...]) -> tuple[list[Any], list[Any]]:
    now_ns, name = T0 + number, f"o-{number}"
    ended = [plainly(report) for report in at.expire(now_ns)]
    expected = beside.expire(number)
    match step:
        case ("quote", bid, spread):
            said = at.observe(quote(bid / 100, (bid + spread) / 100, update_id=number), now_ns)
            return [*ended, *map(plainly, said)], [*expected, *beside.quote(bid, bid + spread)]
        case ("order", drawn):
            wanted = at_venue(name, drawn)
            assert not fault_of(wanted.order_type, wanted.time_in_force, wanted.limit_price, wanted.terms)
            said = at.submit(wanted, now_ns)
            if drawn["ends"] and drawn["ends"] <= number:
                return [*ended, *map(plainly, said)], [*expected, ("rejected", name)]
            return [*ended, *map(plainly, said)], [*expected, *beside.submit(in_matcher(name, drawn))]
        case ("cancel", which):
            said = at.cancel(f"o-{which}", "BTCUSDT", now_ns)
            return [*ended, *map(plainly, said)], [*expected, *beside.cancel(f"o-{which}")]
        case ("amend", which, lots, tick):
            standing = next((each for each in at.open_orders() if each.id == f"o-{which}"), None)
            made = venue_order(id=f"o-{which}", quantity=str(D(lots) / 10), limit=str(D(tick) / 100))
            terms = None if standing is None or standing.terms is None else standing.terms
            if terms is not None and terms.trigger_price is not None:
                terms = OrderTerms(trigger_price=D(tick) / 100)
            wanted = VenueOrder(made.id, made.symbol, made.side, made.quantity, made.order_type, made.time_in_force, made.limit_price, True, terms)  # fmt: skip
            said = at.amend(wanted, now_ns)
            return [*ended, *map(plainly, said)], [*expected, *beside.amend(f"o-{which}", lots, tick)]
        case _:
            raise AssertionError(step)


@settings(max_examples=400)
@given(steps)
def test_the_venue_does_what_the_matcher_does(drawn: list[tuple[Any, ...]]) -> None:
    at, beside = venue(slippage_bps=0), Matcher()
    begin: tuple[Any, ...] = ("quote", 10_000, 2)
    for number, step in enumerate([begin, *drawn]):
        said, expected = play(at, beside, number, step)
        assert said == expected, step
    assert {each.id for each in at.open_orders()} == {each.name for each in beside.open}


@settings(max_examples=100)
@given(steps, st.integers(0, 25))
def test_a_venue_that_is_restored_goes_on_the_same(drawn: list[tuple[Any, ...]], cut: int) -> None:
    first, second = venue(), venue()
    for number, step in enumerate([("quote", 10_000, 2), *drawn]):
        if number == cut:
            second.restore(first.snapshot())
        said = play(first, Matcher(), number, step)[0]
        if number >= cut:
            assert said == play(second, Matcher(), number, step)[0]
            assert first.snapshot() == second.snapshot()
