"""The orders of a platform as the events of three services tell of them, in bounded memory and under one digest.

How it works: an order has three parts: what its runner wanted, what risk decided, what the venue reported. Each part comes
from one stream, which is in order; between streams there is none, so no part waits for another, and the state after a set
of events is the same however the streams interleave. An order that is over stays for a while, then it is folded into a
digest and forgotten: in the order in which the reports (or the refusals) ended it, and only once all its parts are there.
"""

from decimal import Decimal
from hashlib import sha256

import msgspec

from common.messages import (
    ApprovedOrder,
    CancelReason,
    Fill,
    IntentKind,
    OrderAccepted,
    OrderAmended,
    OrderCancelled,
    OrderIntent,
    OrderRefused,
    OrderRejected,
    OrderTriggered,
    OrderType,
    Side,
)
from common.money import ZERO, use_money_context

KEPT = 1_000
"""Orders that are over and still shown."""
WAITING_LIMIT = 100_000
"""Orders that are over and wait for a part; beyond that the oldest is folded without it, and counted."""

type _Report = OrderAccepted | OrderTriggered | OrderAmended | OrderCancelled | OrderRejected

_encode = msgspec.msgpack.Encoder(decimal_format="string", order="deterministic").encode


class Wanted(msgspec.Struct, array_like=True, gc=False):
    """What the runner wanted. quantity: base units, None where risk sizes it. order_type: empty for a market order."""

    kind: IntentKind
    side: Side
    quantity: Decimal | None
    cause: str
    at_ns: int
    order_type: str = ""


class Decided(msgspec.Struct, array_like=True, gc=False):
    """What risk decided. refusal: the rule's name, empty for an approval. quantity: 0 for a refusal.

    is_protective: risk made the order itself, because a level was hit.
    """

    refusal: str
    quantity: Decimal
    is_protective: bool
    cause: str
    at_ns: int


class Reported(msgspec.Struct, array_like=True, gc=False):
    """What the venue reported. value: the sum of quantity times price, quote units. end: empty while it is open.

    quantity: in all, as the latest amend left it, None where there was none.
    """

    venue: str = ""
    is_accepted: bool = False
    filled: Decimal = ZERO
    value: Decimal = ZERO
    fills: int = 0
    end: str = ""
    at_ns: int = 0
    is_triggered: bool = False
    quantity: Decimal | None = None


class OrderRecord(msgspec.Struct, array_like=True):
    """An order, in its parts."""

    runner: str
    symbol: str
    wanted: Wanted | None = None
    decided: Decided | None = None
    reported: Reported | None = None

    @property
    def stage(self) -> str:
        """Return where the order stands, in one word."""
        reported, decided = self.reported, self.decided
        if reported is not None and reported.end:
            return reported.end
        if reported is not None and reported.fills:
            return "partially_filled"
        if reported is not None and reported.is_accepted:
            return "accepted"
        if decided is None:
            return "wanted"
        return "refused" if decided.refusal else "approved"

    @property
    def is_whole(self) -> bool:
        """Return whether no part can follow any more."""
        decided = self.decided
        if decided is None or (self.wanted is None and not decided.is_protective):
            return False
        return bool(decided.refusal) or (self.reported is not None and bool(self.reported.end))


class Leaving(msgspec.Struct):
    """Orders that are over, in the order in which one stream ended them, on their way out.

    gone: how many have left, into `digest`; incomplete: those of them that left without a part.
    """

    ids: list[str] = []
    gone: int = 0
    digest: bytes = b""
    incomplete: int = 0

    @property
    def count(self) -> int:
        """Return how many orders this stream has ended."""
        return self.gone + len(self.ids)


class OrderTable(msgspec.Struct):
    """Orders by id. kept: orders that are over and still here. repeats: parts that were told twice; the first counts."""

    kept: int = KEPT
    by_id: dict[str, OrderRecord] = {}
    ended: Leaving = msgspec.field(default_factory=Leaving)
    refused: Leaving = msgspec.field(default_factory=Leaving)
    repeats: int = 0

    def take_intent(self, intent: OrderIntent) -> None:
        """Note what a runner wants."""
        record = self._record(intent.id, intent)
        if record.wanted is None:
            kind = "" if intent.order_type is OrderType.MARKET else intent.order_type.value
            record.wanted = Wanted(intent.kind, intent.side, intent.quantity, intent.cause, intent.event_ns, kind)
            self._let_go()
        else:
            self.repeats += 1

    def take_approved(self, order: ApprovedOrder) -> None:
        """Note that risk approved."""
        decided = Decided("", order.quantity, order.cause != order.intent_id, order.cause, order.event_ns)
        record = self._record(order.id, order)
        if decided.is_protective and record.wanted is None:
            record.wanted = Wanted(order.kind, order.side, order.quantity, order.cause, order.event_ns)
        self._decide(record, decided)

    def take_refused(self, refused: OrderRefused) -> None:
        """Note that risk refused."""
        record = self._record(refused.intent_id, refused)
        if record.decided is None:
            self._over(self.refused, refused.intent_id)
        self._decide(record, Decided(refused.reason.value, ZERO, False, refused.cause, refused.event_ns))

    def take_accepted(self, accepted: OrderAccepted) -> None:
        """Note that the venue has the order."""
        reported = self._report(accepted)
        reported.is_accepted = True

    def take_triggered(self, triggered: OrderTriggered) -> None:
        """Note that the order waits for its trigger no more."""
        self._report(triggered).is_triggered = True

    def take_amended(self, amended: OrderAmended) -> None:
        """Note how much the order is good for at present."""
        self._report(amended).quantity = amended.quantity

    def take_fill(self, fill: Fill) -> None:
        """Add a fill."""
        use_money_context()
        reported = self._report(fill)
        reported.filled += fill.quantity
        reported.value += fill.quantity * fill.price
        reported.fills += 1
        if not fill.remaining_quantity:
            self._end(fill.order_id, reported, "filled")

    def take_end(self, report: OrderCancelled | OrderRejected) -> None:
        """Note that the venue has the order no more."""
        end = "rejected"
        if isinstance(report, OrderCancelled):
            end = "expired" if report.reason is CancelReason.EXPIRED else "cancelled"
        self._end(report.order_id, self._report(report), end)

    def _record(self, id_: str, about: OrderIntent | ApprovedOrder | OrderRefused | Fill | _Report) -> OrderRecord:
        record = self.by_id.get(id_)
        if record is None:
            record = self.by_id[id_] = OrderRecord(about.runner, about.symbol)
        return record

    def _decide(self, record: OrderRecord, decided: Decided) -> None:
        if record.decided is None:
            record.decided = decided
            self._let_go()
        else:
            self.repeats += 1

    def _report(self, about: Fill | _Report) -> Reported:
        record = self._record(about.order_id, about)
        reported = record.reported
        if reported is None:
            reported = record.reported = Reported(about.venue)
        reported.at_ns = about.event_ns
        return reported

    def _end(self, id_: str, reported: Reported, end: str) -> None:
        if reported.end:
            self.repeats += 1
            return
        reported.end = end
        self._over(self.ended, id_)

    def _over(self, leaving: Leaving, id_: str) -> None:
        leaving.ids.append(id_)
        self._let_go()

    def _let_go(self) -> None:
        for leaving in (self.ended, self.refused):
            while len(leaving.ids) > self.kept and self._forget(leaving):
                pass

    def _forget(self, leaving: Leaving) -> bool:
        id_ = leaving.ids[0]
        record = self.by_id[id_]
        if not record.is_whole:
            if len(leaving.ids) < WAITING_LIMIT:
                return False
            leaving.incomplete += 1
        leaving.digest = sha256(leaving.digest + _encode((id_, record))).digest()
        del self.by_id[id_], leaving.ids[0]
        leaving.gone += 1
        return True
