"""What a strategy remembers, read out of what its host saved: any number, text that is no UTF-8, packed values."""

from services.signal.core.remembering import remembered
from services.signal.hosts.lua import LuaHost, LuaLimits

SOURCE = b"""
local count, big, odd = 0, 0, ""
function detect_opportunity(market_data, context, indicators)
  count, big, odd = count + 1, 1 << 40, "\\xff\\xd3"
  context.own, context.raw = { 1.5, "two" }, "\\xff\\x80"
  return { signal = "up" }
end
function filter_commitment() end
function manage_position() end
"""


def test_everything_that_was_saved_can_be_read() -> None:
    host = LuaHost(SOURCE, "odd.lua", LuaLimits())
    spec_free = [None] * 9
    host.evaluate(0, spec_free)  # type: ignore[arg-type]  # the first of the functions, by its number
    found = remembered(host.save())
    assert found["context"]["own"] == [1.5, "two"]
    assert found["detected"] == ["signal"]
    variables = {path.rpartition("^")[2]: value for path, value in found["variables"].items()}
    assert (variables["count"], variables["big"]) == (1, 1 << 40)
    assert "\ufffd" in variables["odd"]
    assert "\ufffd" in found["context"]["raw"]
    assert remembered(b"") == {}
