"""From the configuration's instrument stanzas to the instruments that cores use."""

from common.config.models import Config
from common.instruments import Instrument, Instruments, split_symbol


def instruments_of(config: Config) -> Instruments:
    """Return the instruments of a configuration; what a stanza leaves open comes from the symbol's name."""
    known = []
    for section in config.instruments:
        base, quote = split_symbol(section.symbol)
        known.append(
            Instrument(
                symbol=section.symbol,
                base=section.base or base,
                quote=section.quote or quote,
                tick_size=section.tick_size,
                lot_size=section.lot_size,
                min_notional=section.min_notional,
            )
        )
    return Instruments(tuple(known))
