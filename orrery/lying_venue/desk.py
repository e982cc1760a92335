"""What the lying venue does with a request that has arrived, and what it says to it."""

from typing import Final

import msgspec

from common.messages import VenueRejectReason, VenueRequest
from orrery.lying_venue.ground import Ground
from orrery.lying_venue.trading import fill_after_end, trade
from services.execution.core.asking import Fills, OpenOrders, OrderStanding, Positions, Refused
from services.execution.core.venues import gateway

PAGE: Final = 500
"""Fills told at once."""
_encode = msgspec.json.Encoder(decimal_format="string").encode
_submits = msgspec.json.Decoder(gateway.SubmitBody)
_names = msgspec.json.Decoder(gateway.NameBody)
_since = msgspec.json.Decoder(gateway.SinceBody)


def answer_of(  # noqa: PLR0911 - a table in the form of a match, one row a request
    venue: Ground, request: VenueRequest, now_ns: int
) -> tuple[int, bytes]:
    """Do what is asked; return status and body of the truth, or of a picture of a moment ago."""
    match request.method:
        case "submit":
            return _submit(venue, _submits.decode(request.body), now_ns)
        case "cancel":
            return _cancel(venue, _names.decode(request.body), now_ns)
        case "amend":
            return _amend(venue, _submits.decode(request.body), now_ns)
        case "order":
            return _order(venue, _names.decode(request.body), now_ns)
        case "open_orders":
            seen_ns = _seen(venue, now_ns)
            held = [each for each in venue.book.open.values() if each.taken_ns <= seen_ns]
            return gateway.OK, _encode(OpenOrders(tuple(each.view() for each in held)))
        case "fills":
            return _fills(venue, _since.decode(request.body).since, now_ns)
        case "positions":
            return gateway.OK, _encode(Positions(venue.book.positions))
        case _:
            return gateway.REFUSED, _encode(Refused(VenueRejectReason.UNKNOWN_ORDER, request.method))


def _seen(venue: Ground, now_ns: int) -> int:
    return now_ns - venue.lies.lag_ns if venue.lied(venue.lies.stale, "stale") else now_ns


def _submit(venue: Ground, body: gateway.SubmitBody, now_ns: int) -> tuple[int, bytes]:
    if body.id in venue.book.orders:
        venue.book.take(body, now_ns)
        return gateway.REFUSED, _encode(Refused(VenueRejectReason.DUPLICATE_ORDER, body.id))
    if now_ns > body.valid_until_ns:
        venue.counts["expired"] += 1
        return gateway.REFUSED, _encode(Refused(VenueRejectReason.NO_MARKET, "it came too late"))
    held = venue.book.take(body, now_ns)
    trade(venue, held, now_ns)
    return gateway.OK, _encode(held.view())


def _cancel(venue: Ground, body: gateway.NameBody, now_ns: int) -> tuple[int, bytes]:
    held = venue.book.orders.get(body.id)
    if held is None or held.standing is not OrderStanding.OPEN:
        return gateway.NOT_FOUND, b"{}"
    venue.book.end(held, OrderStanding.CANCELLED, now_ns)
    view = held.view()
    venue.push(view, now_ns)
    if venue.lied(venue.lies.ignored, "filled_after_cancel"):
        fill_after_end(venue, held, now_ns)
    return gateway.OK, _encode(view)


def _amend(venue: Ground, body: gateway.SubmitBody, now_ns: int) -> tuple[int, bytes]:
    held = venue.book.orders.get(body.id)
    if held is None or held.standing is not OrderStanding.OPEN:
        return gateway.NOT_FOUND, b"{}"
    if now_ns > body.valid_until_ns:
        return gateway.REFUSED, _encode(Refused(VenueRejectReason.EXPIRED, "it came too late"))
    if body.quantity <= held.filled:
        return gateway.REFUSED, _encode(Refused(VenueRejectReason.INVALID_QUANTITY, "so much has filled already"))
    venue.counts["amended"] += 1
    held.body = body
    venue.push(held.view(), now_ns)
    return gateway.OK, _encode(held.view())


def _order(venue: Ground, body: gateway.NameBody, now_ns: int) -> tuple[int, bytes]:
    held = venue.book.orders.get(body.id)
    if held is None or held.taken_ns > _seen(venue, now_ns):
        return gateway.NOT_FOUND, b"{}"
    return gateway.OK, _encode(held.view())


def _fills(venue: Ground, since: int, now_ns: int) -> tuple[int, bytes]:
    seen_ns = _seen(venue, now_ns)
    page = [fill for at_ns, fill in venue.book.fills[since : since + PAGE] if at_ns <= seen_ns]
    is_complete = since + PAGE >= len(venue.book.fills)
    return gateway.OK, _encode(Fills(tuple(page), is_complete))
