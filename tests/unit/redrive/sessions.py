"""A session as the services leave it, made in this process: real cores with Lua strategies, real journals, made-up prices."""

import math
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

from common.codec import encode
from common.config.load import load_config
from common.config.models import Config
from common.core import Core
from common.inputs import Input, InputKind, encode_input
from common.journal import Journal
from common.messages import AnyMessage, Bar, BarSource, MarketState, MarketStatus, OperatorCommand, Quote, Side, Trade
from common.routes import EXECUTION, RISK_MANAGER, SIGNAL, Retention, hears, publisher_of, retention_of, topic_of
from common.sessions import start_of, write_start
from common.snapshots import Snapshot, SnapshotStore
from services.event_store.core.chain import GENESIS, chained
from services.event_store.core.stored import Stored, encode_stored
from services.execution.service import make_core as make_execution
from services.risk_manager.service import make_core as make_risk
from services.signal.service import make_core as make_signal

T0 = 1_700_000_000_000_000_000
MARKET_T0 = 1_600_000_000_000_000_000
BAR_NS = 60_000_000_000
HOP_NS = 50_000
SEGMENT_BYTES = 8_000
SYMBOL = "BTCUSDT"
RUNNER = f"ema_crossover:{SYMBOL}"
MAKERS: dict[str, Callable[[Config], Core]] = {SIGNAL: make_signal, RISK_MANAGER: make_risk, EXECUTION: make_execution}

CONFIG = """
[data_source]
type = "simulated"
[market_data]
symbols = ["BTCUSDT"]
[risk]
initial_cash = 100000
max_position_size = {max_position}
max_notional_exposure = 100000
stop_loss_percent = 2
[execution]
slippage_bps = 1
taker_fee_bps = {fee_bps}
[[strategies]]
name = "ema_crossover"
script = "{script}"
symbols = ["BTCUSDT"]
timeframe = "1m"
[[instruments]]
symbol = "BTCUSDT"
tick_size = 0.01
lot_size = 0.00001
min_notional = 5
"""


class Service:
    """A core with its journals; writes down what it is told and what it answers."""

    def __init__(self, folder: Path, name: str, core: Core) -> None:
        self.name, self.core = name, core
        self.inbox = Journal(folder / name / "inbox", segment_bytes=SEGMENT_BYTES)
        self.outbox = Journal(folder / name / "outbox")
        self.snapshots = SnapshotStore(folder / name / "snapshots")
        self.cursors: dict[str, tuple[int, int]] = {}
        self.now_ns = 0

    def hear(self, message: AnyMessage, topic: str, number: int, now_ns: int) -> list[AnyMessage]:
        self.now_ns = max(self.now_ns, now_ns)
        self.inbox.append(encode_input(Input(InputKind.MESSAGE, self.now_ns, topic, 1, number, encode(message))))
        self.cursors[topic] = (1, number)
        answers = list(self.core.handle(message, self.now_ns))
        for answer in answers:
            sent = topic_of(answer)
            if sent is not None and retention_of(sent) is Retention.JOURNAL:
                self.outbox.append(encode(answer))
        return answers

    def save(self) -> None:
        self.inbox.flush()
        self.outbox.flush()
        self.snapshots.save(
            Snapshot(
                number=self.inbox.last_number, outputs=self.outbox.last_number, now_ns=self.now_ns,
                cursors=self.cursors, core=self.core.snapshot(),
            )
        )  # fmt: skip

    def recover(self) -> int:
        """Take over the latest snapshot, if there is one; return after which input it stands."""
        latest = self.snapshots.latest()
        if latest is None:
            return 0
        self.core.restore(latest.core)
        self.cursors, self.now_ns = dict(latest.cursors), latest.now_ns
        return latest.number

    def forget(self) -> None:
        """Delete the inputs that lie behind the latest snapshots, as a running service does."""
        self.inbox.drop_before(self.snapshots.oldest_number() + 1)


class Made:
    """A session in `folder`; `play` moves it on."""

    def __init__(
        self,
        folder: Path,
        script: Path | str = "strategies/ema_crossover.lua",
        max_position: str = "10",
        fee_bps: str = "10",
        bar: int = 0,
        numbers: dict[str, int] | None = None,
    ) -> None:
        """Begin a session, or go on with the one in `folder` at `bar`, with the topics' numbers so far."""
        self.folder = folder
        self.config = config_in(folder, script, max_position, fee_bps)
        self.services = {name: Service(folder, name, make(self.config)) for name, make in MAKERS.items()}
        for name, service in self.services.items():
            inputs = service.inbox.last_number
            base = service.recover()
            write_start(folder / name, start_of(self.config, inputs=inputs, base=base, began_ns=T0))
        self.published: list[AnyMessage] = []
        self.numbers: dict[str, int] = dict(numbers or {})
        self.now_ns, self.bar = T0 + bar * 1_000_000_000, bar

    def play(self, bars: int) -> None:
        """Show the market a quote and a bar a minute; a second of the services' clock is a minute of the market's."""
        for _ in range(bars):
            price = round(60_000 + 900 * math.sin(self.bar / 9) + 40 * math.sin(self.bar * 1.7), 2)
            at_ns = MARKET_T0 + self.bar * BAR_NS
            self.say(quote(price, self.bar + 1, at_ns + BAR_NS - 1_000, self.now_ns))
            self.now_ns += 1_000_000
            self.say(bar(price, at_ns, self.now_ns))
            self.now_ns += 999_000_000
            self.bar += 1

    def status(self, state: MarketState) -> None:
        """Say what the market is worth."""
        self.say(MarketStatus(symbol=SYMBOL, state=state, reason="", event_ns=self.now_ns, received_ns=self.now_ns))

    def say(self, message: AnyMessage) -> None:
        """Publish market data, and all that follows; each hop takes HOP_NS."""
        queue: deque[tuple[AnyMessage, int]] = deque([(message, self.now_ns)])
        while queue:
            each, at_ns = queue.popleft()
            self.published.append(each)
            topic = topic_of(each)
            assert topic is not None
            self.numbers[topic] = self.numbers.get(topic, 0) + 1
            for name in (SIGNAL, RISK_MANAGER, EXECUTION):
                if hears(name, topic):
                    told_ns = at_ns + HOP_NS
                    answers = self.services[name].hear(each, topic, self.numbers[topic], told_ns)
                    queue.extend((answer, told_ns) for answer in answers)

    def order(self, name: str, command: OperatorCommand) -> None:
        """Tell a service what an operator wants."""
        service = self.services[name]
        service.inbox.append(encode_input(Input(InputKind.COMMAND, self.now_ns, payload=encode(command))))
        service.core.handle(command, self.now_ns)

    def save(self) -> None:
        """Let every service save a snapshot."""
        for service in self.services.values():
            service.save()

    def close(self) -> "Made":
        """Let go of the journals."""
        for service in self.services.values():
            service.inbox.close()
            service.outbox.close()
        return self

    def of(self, kind: type) -> list[Any]:
        """Return the messages of a type that were published."""
        return [message for message in self.published if isinstance(message, kind)]


def config_in(folder: Path, script: Path | str, max_position: str, fee_bps: str) -> Config:
    """Write and return the configuration."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "config.toml"
    path.write_text(CONFIG.format(script=script, max_position=max_position, fee_bps=fee_bps))
    return load_config(path, [f"engine.data_dir={folder}"]).config


def made(folder: Path, bars: int = 200, **options: Any) -> Made:
    """Return an ended session of so many bars, with a snapshot in the middle and one at the end."""
    session = Made(folder, **options)
    session.status(MarketState.LIVE)
    session.play(bars // 2)
    session.save()
    session.play(bars - bars // 2)
    session.save()
    return session.close()


def store_in(folder: Path, messages: list[AnyMessage]) -> None:
    """Write an event store's log of messages into a session."""
    journal, digest = Journal(folder / "event_store" / "events", segment_bytes=SEGMENT_BYTES), GENESIS
    for number, message in enumerate(messages, 1):
        topic = topic_of(message) or ""
        at_ns = message.received_ns + HOP_NS
        body = encode_stored(Stored(number, at_ns, publisher_of(topic), topic, number, encode(message)))
        digest = chained(digest, body)
        journal.append(digest + body)
        journal.flush()
    journal.close()


def quote(price: float, number: int, at_ns: int, received_ns: int) -> Quote:
    """Return a quote around a price."""
    return Quote(
        symbol=SYMBOL, bid=price - 0.5, bid_size=1.0, ask=price + 0.5, ask_size=1.0, update_id=number,
        event_ns=at_ns, received_ns=received_ns,
    )  # fmt: skip


def bar(price: float, start_ns: int, received_ns: int) -> Bar:
    """Return a bar that closes at a price."""
    return Bar(
        symbol=SYMBOL, timeframe="1m", start_ns=start_ns, end_ns=start_ns + BAR_NS, open=price, high=price + 5,
        low=price - 5, close=price, volume=3.0, trade_count=7, source=BarSource.TRADES,
        event_ns=start_ns + BAR_NS, received_ns=received_ns,
    )  # fmt: skip


def trade(price: float, number: int, at_ns: int, received_ns: int) -> Trade:
    """Return a trade."""
    return Trade(
        symbol=SYMBOL, price=price, size=0.5, side=Side.BUY, trade_id=number, first_trade_id=number,
        event_ns=at_ns, received_ns=received_ns,
    )  # fmt: skip
