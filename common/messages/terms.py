"""What an order may say beside type, price and time in force, and what an entry may ask of risk's protection."""

from decimal import Decimal

import msgspec

from common.messages.enums import TriggerBy


class OrderTerms(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Terms of an order that is more than market or limit. Prices and distances in quote units, None where not named.

    trigger_price: from which price on the order is alive. trail, trail_bps: how far behind the best price the trigger of
    a trailing stop follows; one of both. expires_ns: when a GTD order ends, nanoseconds UTC, 0 for never. post_only: it
    must not take. oco: the first order of this name that fills, if only a part, or ends cancels the others of the same
    runner. legs: how many of that name risk lets through together, or none of them; 0 for each by itself.
    """

    trigger_price: Decimal | None = None
    trigger_by: TriggerBy = TriggerBy.DEFAULT
    trail: Decimal | None = None
    trail_bps: Decimal | None = None
    expires_ns: int = 0
    post_only: bool = False
    oco: str = ""
    legs: int = 0


class Guards(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What risk shall watch over a position beside its stop and target, from the first fill on.

    trail: distance of a trailing stop, quote units; trail_share: the same as a fraction of the best price. breakeven_at:
    the price from which on the stop lies at the entry price or nearer.
    """

    trail: Decimal | None = None
    trail_share: Decimal | None = None
    breakeven_at: Decimal | None = None
