import msgspec

from common.config.instruments import instruments_of
from common.config.models import Config, InstrumentSection, SignalSection
from common.config.signal_keys import RunnerKeys, runner_keys
from services.signal.workers.frames import Begin, unpack_begin


def test_a_worker_is_told_what_the_configuration_says() -> None:
    section = SignalSection(
        model_path="m.onnx",
        model_sha256="ab",
        features=["rsi"],
        max_errors=7,
        window=60,
        indicators=["own.py"],
        indicator_backend="ocaml",
    )
    instrument = InstrumentSection(symbol="AAAUSDT", tick_size="0.0100", lot_size="0.3")
    known = instruments_of(Config(instruments=[instrument]))
    begin = unpack_begin(msgspec.msgpack.encode(Begin(runner_keys(section), list(known.values()), [], {})))
    assert {name: getattr(section, name) for name in RunnerKeys.__struct_fields__} == msgspec.structs.asdict(
        begin.signal
    )
    assert {each.symbol: each for each in begin.instruments} == known
    assert str(begin.instruments[0].tick_size) == str(known["AAAUSDT"].tick_size)
