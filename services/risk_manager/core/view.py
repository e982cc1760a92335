"""What a rule may know, and what it answers."""

from decimal import Decimal

import msgspec

from common.instruments import Instrument
from common.messages import MarketState
from common.money import ZERO
from services.risk_manager.core.limits import Limits


class Refusal(msgspec.Struct, frozen=True, gc=False):
    """Why not: the figure that is allowed, the figure that was found, and a sentence for people."""

    limit: str
    found: str
    detail: str


class View(msgspec.Struct, frozen=True, gc=False):
    """The state an intent is checked against. The second half matters to entries only.

    quantity: the intent's, on the lot; 0 if it is none. reducible: what is left to close on the intent's side.
    earlier_id: an equal entry within the window, or the latest intent under the intent's own id. breaker: why it is
    open. quote_age_ns: since the quote was received, None without a quote to trust. mark: quote currency. others_open:
    other runners with a position or an entry on its way. reach: base units, how far the symbol's net position on the
    intent's side could go if the intent is approved, all that is on its way fills and nobody else closes.
    reach_value, others_value, equity: the symbol's largest reach and all other symbols' at their marks, and what the
    account is worth, in the account's currency; others_value and equity may be bounds that are worse than the truth.
    """

    limits: Limits
    instrument: Instrument
    quantity: Decimal
    reducible: Decimal = ZERO
    earlier_id: str = ""
    breaker: str = ""
    market_state: MarketState | None = None
    quote_age_ns: int | None = None
    mark: Decimal = ZERO
    others_open: int = 0
    reach: Decimal = ZERO
    reach_value: Decimal = ZERO
    others_value: Decimal = ZERO
    equity: Decimal = ZERO
