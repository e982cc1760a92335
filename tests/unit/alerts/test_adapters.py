"""The ways out: addresses that stay secret, words for people, deliveries that fail, are tried again, and are bounded."""

import logging
from collections import deque
from pathlib import Path

import pytest

from common.config.alerts import AlertsSection, ChannelSection
from common.redaction import redact_text
from orrery.alerts.page import PAGE, with_table
from services.alerts.adapters.addresses import AddressError, address_of
from services.alerts.adapters.carrier import Carrier, Outcome, sender
from services.alerts.adapters.desk import Desk
from services.alerts.adapters.wording import body_of, title_of
from services.alerts.core.alert import Severity
from services.alerts.core.letters import Letter, News, Turn
from tests.integration.harness import wait_until
from tests.integration.sinks import HttpSink, SmtpSink

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # apprise asks for it

NEWS = News(
    kind="kill_switch", subject="account", severity=Severity.CRITICAL, turn=Turn.FIRING, text="trading is HALTED: why",
    cause="c-7", since_ns=1_700_000_000_000_000_000, at_ns=1_700_000_030_000_000_000, count=3, advice="`orrery arm`.",
)  # fmt: skip
FAST = AlertsSection(attempts=3, retry_delay_ms=1, timeout_ms=500)


def channel(**keys: str) -> ChannelSection:
    return ChannelSection.model_validate({"name": "ops", **keys})


def letter(number: int = 1) -> Letter:
    return Letter(number=number, channel="ops", news=NEWS)


def test_what_is_told_has_figures_cause_and_advice() -> None:
    assert title_of(NEWS) == "Orrery critical: kill_switch account (firing)"
    assert body_of(NEWS).split("\n") == [
        "trading is HALTED: why",
        "since 2023-11-14 22:13:20 UTC, 3 times since it was last told",
        "cause: c-7",
        "`orrery arm`.",
    ]


def test_addresses_come_from_the_environment_or_a_file_and_stay_out_of_logs(tmp_path: Path) -> None:
    url = "slack://tokenA1234/tokenB5678/abcdefghijkl/?footer=no&pass=hunter2secret"
    assert address_of(channel(url_env="OPS"), {"OPS": f" {url}\n"}) == url
    for word in ("tokenB5678", "abcdefghijkl", "hunter2secret"):
        assert word not in redact_text(f"cannot post to https://hooks.example/{word}: 403")
    path = tmp_path / "url"
    path.write_text("mailto://somebody:p4ssw0rd@example.org")
    assert address_of(channel(url_file=str(path)), {}).startswith("mailto://")
    assert "p4ssw0rd" not in redact_text("login failed for p4ssw0rd")


@pytest.mark.parametrize(
    ("keys", "environ", "text"),
    [
        ({"url_env": "OPS"}, {}, "environment variable OPS: expected an apprise URL, found nothing"),
        ({"url_env": "OPS"}, {"OPS": "secret-thing"}, "found something without ://"),
        ({"url_file": "/nowhere/url"}, {}, "/nowhere/url: cannot be read: No such file"),
    ],
)
def test_a_channel_without_an_address_says_so_and_never_what_it_found(
    keys: dict[str, str], environ: dict[str, str], text: str
) -> None:
    with pytest.raises(AddressError, match="channel ops") as error:
        address_of(channel(**keys), environ)
    assert text in str(error.value)
    assert "secret-thing" not in str(error.value)


def test_a_channel_needs_one_place() -> None:
    with pytest.raises(ValueError, match="expected url_env or url_file, found both or neither"):
        channel()


def test_a_delivery_is_tried_again_then_given_up_and_never_raises() -> None:
    answers = deque(["down", "still down", ""])
    outcomes: deque[Outcome] = deque()
    carrier = Carrier("ops", lambda _news: answers.popleft(), FAST, outcomes)
    carrier.start()
    carrier.take(letter(1))
    wait_until(lambda: outcomes, "an outcome", 60)
    assert outcomes.popleft().problem == ""
    assert carrier.retries == 2
    carrier.take(letter(2))  # nothing is left to answer: every try raises
    wait_until(lambda: outcomes, "an outcome", 60)
    assert outcomes.popleft() == Outcome(2, "IndexError: pop from an empty deque")
    carrier.end(60.0)
    assert not carrier.is_alive()


def test_a_channel_that_hangs_holds_nobody_up_and_its_queue_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.alerts.adapters.carrier.OUTBOX_LIMIT", 3)
    outcomes: deque[Outcome] = deque()
    carrier = Carrier("ops", lambda _news: "", FAST, outcomes)  # not started: as if it hung
    for number in range(5):
        carrier.take(letter(number))
    assert [outcome.number for outcome in outcomes] == [3, 4]
    assert carrier.waiting() == 3


def test_problems_of_one_channel_are_no_problems_of_another() -> None:
    pytest.importorskip("apprise")
    sections = [channel(url_env="NONE"), channel(name="odd", url_env="ODD"), channel(name="good", url_env="GOOD")]
    sink = HttpSink()
    try:
        environ = {"ODD": "nosuchthing://x", "GOOD": f"json://127.0.0.1:{sink.port}/x"}
        desk = Desk(AlertsSection(channels=sections), environ)
        assert "apprise knows no such address" in desk.problems["odd"]
        assert "found nothing" in desk.problems["ops"]
        desk.send([Letter(number=n, channel=name, news=NEWS) for n, name in enumerate(("ops", "odd", "good"))])
        wait_until(lambda: sink.got, "a post", 60)
        numbers = (0, 1, 2)
        wait_until(lambda: desk.collect() is not None and None not in desk.outcomes(numbers).values(), "outcomes", 60)
        assert [bool(desk.outcomes(numbers)[str(number)]) for number in numbers] == [True, True, False]
        assert sink.got[0][2]["title"] == title_of(NEWS)
        desk.close()
    finally:
        sink.close()


def test_mails_and_what_apprise_says_of_a_failure() -> None:
    pytest.importorskip("apprise")
    sink = SmtpSink()
    send = sender(f"mailto://127.0.0.1:{sink.port}?from=a@example.org&to=b@example.org&mode=insecure", 60_000)
    assert not isinstance(send, str)
    assert send(NEWS) == ""
    sink.close()
    assert "Subject: Orrery critical: kill_switch account (firing)" in sink.mails[0]
    silent = sender("json://127.0.0.1:1/v3ry-s3cret", 500)
    assert not isinstance(silent, str)
    assert silent(NEWS)
    assert not logging.getLogger("apprise").propagate


def test_the_page_has_every_alert() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert with_table(page) == page, "python -m orrery.alerts.page"
