"""How far each symbol's net position can go: sums over its runners that follow one runner at a time.

How it works: of each runner the sums remember what it added last. Whoever changes a position has it counted again, and
the difference goes into the sums, so neither a change nor a question costs more the more runners a symbol has.
"""

from collections.abc import Mapping
from decimal import Decimal

from common.messages import Side
from common.money import ZERO
from services.risk_manager.core.markets import Market
from services.risk_manager.core.positions import Position


class Share:
    """What one runner adds to its symbol's sums."""

    __slots__ = ("buying", "long", "net", "selling", "short")

    def __init__(self) -> None:
        self.net = self.long = self.short = self.buying = self.selling = ZERO


class Reach:
    """Sums over a symbol's runners, base units. net: what is held, short runners deducted.

    long and short, never negative: how far net could go up and down if all that is on its way there filled, and every
    runner that is or comes to be on the other side closed.
    """

    __slots__ = ("_shares", "long", "net", "short")

    def __init__(self) -> None:
        self.net = self.long = self.short = ZERO
        self._shares: dict[str, Share] = {}

    @property
    def largest(self) -> Decimal:
        """Return the largest |net| that can be reached."""
        if self.long >= self.short:  # `max` takes four times as long
            return self.long
        return self.short

    def count(self, position: Position) -> None:
        """Take in a position as it stands now."""
        share = self._shares.get(position.runner)
        if share is None:
            share = self._shares[position.runner] = Share()
        net, buying, selling = position.quantity, position.buying, position.selling
        is_net_same = net is share.net
        if not is_net_same:
            self.net += net - share.net
            share.net = net
        if not is_net_same or buying is not share.buying:
            long = net + buying  # `max` takes four times as long
            if not long > ZERO:
                long = ZERO
            self.long += long - share.long
            share.long, share.buying = long, buying
        if not is_net_same or selling is not share.selling:
            short = selling - net
            if not short > ZERO:
                short = ZERO
            self.short += short - share.short
            share.short, share.selling = short, selling

    def after(self, position: Position, side: Side, quantity: Decimal) -> tuple[Decimal, Decimal]:
        """Return (long, short) as they would be with one more order for a position of the symbol on its way."""
        if side is Side.BUY:
            return self.long + _added(position.quantity + position.buying, quantity), self.short
        return self.long, self.short + _added(position.selling - position.quantity, quantity)


def _positive(reach: Decimal) -> Decimal:
    if reach > ZERO:  # `max` takes four times as long, and this is asked several times in every order
        return reach
    return ZERO


def _added(reach: Decimal, quantity: Decimal) -> Decimal:
    return quantity if reach >= ZERO else _positive(reach + quantity)


class Reaches(dict[str, Reach]):
    """The reach of each symbol, nothing for a new one: `reaches[symbol]` never fails.

    It is derived from the state alone and is not part of it; a restored state is summed up afresh. Whoever makes one
    has called `use_money_context`.
    """

    def __init__(self, markets: Mapping[str, Market]) -> None:
        super().__init__()
        for symbol, market in markets.items():
            for position in market.positions.values():
                self[symbol].count(position)

    def __missing__(self, symbol: str) -> Reach:
        reach = self[symbol] = Reach()
        return reach
