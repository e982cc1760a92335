"""Workers that hang, crash or are killed: the culprit is stopped before the input, all others go on as if nothing was."""

from collections.abc import Callable
from random import Random

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from common.core import UnheardError
from common.messages import AnyMessage, OperatorCommand, RunnerFailed
from services.signal.core.changes import ADD, RESUME, described
from services.signal.core.questions import Asked, Question
from services.signal.core.spec import RunnerSpec
from services.signal.loading import load_source
from services.signal.workers.frames import SAVE, TELL
from services.signal.workers.guard import Loss, WorkerError
from services.signal.workers.process import FAILED, HUNG
from services.signal.workers.sharded import ShardedCore
from tests.unit.signal.support import bar, fill, intents, quote, runner_spec
from tests.unit.signal.workers.local import CRASHES_LOADING, HANGS_LOADING, plain_core, sharded_core

SOURCE = b"""
function detect_opportunity(market_data, context, indicators)
  context.seen = (context.seen or 0) + 1
  if indicators.sma(3) then return { signal = "always" } end
end
function filter_commitment(m, context, i) return { action = "enter_long", quantity = 1 } end
function manage_position(m, context, i)
  context.held = (context.held or 0) + 1
  if context.held % 3 == 0 then return { action = "exit" } end
end
"""
HANGS, CRASHES = 13.0, 14.0


def spec(name: str) -> RunnerSpec:
    return runner_spec(load_source(SOURCE, f"strategies/{name}.lua", name=name))


SPECS = [spec(name) for name in ("a", "danger", "c", "danger2", "e")]
SANE = [each for each in SPECS if not each.strategy.name.startswith("danger")]
type Journal = list[tuple[AnyMessage, int]]


def trade(core: ShardedCore, closes: list[float], first: int = 0) -> tuple[list[AnyMessage], Journal]:
    """Feed bars and fill what is asked for; return what was said, and the inputs as a journal would have them."""
    said: list[AnyMessage] = []
    journal: Journal = []
    for number, close in enumerate(closes, first):
        queue: list[AnyMessage] = [quote(number, close, number), bar(number, close=close)]
        while queue:
            message = queue.pop(0)
            out = core.handle(message, number)
            journal += [(each, number) for each in (*core.take_interposed(), message)]
            said += out
            queue += [fill(intent) for intent in intents(out)]
    return said, journal


def of(said: list[AnyMessage], *names: str) -> list[AnyMessage]:
    return [message for message in said if getattr(message, "runner", "").partition(":")[0] in names]


CLOSES = [100.0 + number % 5 for number in range(20)]


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize(("price", "cause", "losses"), [(HANGS, HUNG, 1), (CRASHES, FAILED, 2)], ids=["hang", "crash"])
def test_the_culprits_are_stopped_and_the_others_never_notice(
    count: int, price: float, cause: str, losses: int
) -> None:
    told: list[Loss] = []
    core = sharded_core(SPECS, count, told)
    said, journal = trade(core, [*CLOSES[:9], price, *CLOSES[10:]])
    expected, _ = trade(sharded_core(SANE, 1), [*CLOSES[:9], price, *CLOSES[10:]])
    assert of(said, "a", "c", "e") == expected
    assert {loss.cause for loss in told} == {cause}
    assert [loss.runner for loss in told if loss.stopped] == ["danger:BTCUSDT", "danger2:BTCUSDT"]
    assert len(told) == 2 * losses
    stopped = [message for message in said if isinstance(message, RunnerFailed)]
    assert [(each.runner, each.paused) for each in stopped] == [("danger:BTCUSDT", True), ("danger2:BTCUSDT", True)]

    # One core, without a watchdog, does the journal again and neither hangs nor differs.
    plain = plain_core(SPECS)
    assert [answer for message, now_ns in journal for answer in plain.handle(message, now_ns)] == said
    assert plain.snapshot() == core.snapshot()


def lottery(seed: int) -> Callable[[bytes], bool]:
    """Return what lets a worker die now and then, but not again before it has taken some orders."""
    generator, safe = Random(seed), [0]

    def lose(order: bytes) -> bool:
        safe[0] -= 1
        if order[:1] not in (TELL, SAVE) or safe[0] > 0 or generator.random() > 0.2:
            return False
        safe[0] = 8
        return True

    return lose


@settings(max_examples=15, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(seed=st.integers(0, 1_000), count=st.integers(1, 3))
def test_workers_killed_from_outside_are_never_missed(seed: int, count: int) -> None:
    told: list[Loss] = []
    core, plain = sharded_core(SPECS, count, told, lose=lottery(seed)), sharded_core(SPECS, 1)
    for first in range(0, 40, 10):
        closes = [100.0 + number % 5 for number in range(first, first + 10)]
        assert trade(core, closes, first) == trade(plain, closes, first)
        assert core.snapshot() == plain.snapshot()
    assert not any(loss.stopped for loss in told)


def test_a_worker_that_always_dies_is_given_up() -> None:
    core = sharded_core(SPECS, 1, lose=lambda order: order[:1] == TELL)
    with pytest.raises(WorkerError, match="worker 0"):
        core.handle(bar(0), 1)


def command(name: str, **arguments: str) -> OperatorCommand:
    return OperatorCommand(id="1", service="signal", name=name, arguments=arguments, event_ns=1, received_ns=1)


@pytest.mark.parametrize("way", [HANGS_LOADING, CRASHES_LOADING])
def test_a_command_that_hangs_is_taken_back(way: str) -> None:
    told: list[Loss] = []
    core = sharded_core(SPECS, 2, told)
    trade(core, CLOSES)
    before = core.snapshot()
    with pytest.raises(UnheardError, match="all stands as before"):
        core.handle(command(ADD, **described(spec(way))), 21)
    assert core.snapshot() == before
    assert not core.take_interposed()
    assert {loss.runner for loss in told} == {f"{way}:BTCUSDT"}
    assert trade(core, CLOSES, 21)[0]


@pytest.mark.parametrize("price", [HANGS, CRASHES])
def test_a_journal_that_cannot_be_redone_names_the_runner_and_a_way_out(price: float) -> None:
    core = sharded_core(SPECS, 2, is_live=False)
    with pytest.raises(
        WorkerError, match=r"lost again and again at one input, .*at danger.*the journal is being redone.*put back"
    ):
        trade(core, [100.0, price])


def test_people_see_where_a_runner_lives_and_what_happened() -> None:
    core = sharded_core(SPECS, 2)
    trade(core, [*CLOSES[:9], HANGS])
    lines = core.ask(Question(Asked.LIST))
    assert [line["id"] for line in lines] == [each.id for each in SPECS]
    assert {line["worker"] for line in lines} == {0, 1}
    (stopped,) = [line for line in lines if line["id"] == "danger:BTCUSDT"]
    assert stopped["stopped"]
    assert "did not answer in time" in stopped["last_error"]
    counters = core.counters()
    assert (counters["workers"], counters["paused"]) == (2, 2)
    assert counters["worker_restarts"] == 2


def test_a_stopped_runner_is_resumed_by_command() -> None:
    core = sharded_core(SPECS, 2)
    trade(core, [*CLOSES[:9], HANGS])
    core.handle(command(RESUME, runner="danger:BTCUSDT"), 10)
    said, _ = trade(core, CLOSES[10:], 10)
    assert of(said, "danger")
    assert not of(said, "danger2")
