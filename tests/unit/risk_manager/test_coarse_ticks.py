"""A symbol whose price has few ticks of the default size is warned of, once, unless it is configured."""

import logging
from decimal import Decimal

import pytest

from common.config.risk import RiskSection
from common.instruments import Instruments
from services.risk_manager.adapters.coarse_ticks import CoarseTicks
from services.risk_manager.core.risk_core import RiskCore
from tests.unit.risk_manager.builders import T0, quote


def test_it_warns_once_of_what_nobody_configured(caplog: pytest.LogCaptureFixture) -> None:
    core = RiskCore(RiskSection(), Instruments())
    watch = CoarseTicks(core, {"MEANTUSDT"})
    watch.look()
    for symbol, bid in (("COINUSDT", 1.2e-8), ("MEANTUSDT", 1.2e-8), ("BTCUSDT", 100.0)):
        core.handle(quote(bid, bid * 1.01, symbol=symbol), T0)
    assert [found[0] for found in core.coarse_ticks()] == ["COINUSDT", "MEANTUSDT"]
    assert core.coarse_ticks()[0][1:] == (1.2e-8, Decimal("0.00000001"))
    with caplog.at_level(logging.WARNING):
        watch.look()
        watch.look()
    (told,) = caplog.records
    assert "'symbol': 'COINUSDT'" in told.getMessage()
    assert "set tick_size in [[instruments]]" in told.getMessage()
