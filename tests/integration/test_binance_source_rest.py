"""REST and TLS of a source, over real sockets."""

import random
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.server import ServerConnection, serve

from common.clock import monotonic_ns
from services.market_data.adapters.rest import RestFetcher, RestSettings
from services.market_data.adapters.websocket import WebSocketFeed, WebSocketSettings
from services.market_data.core.inputs import Connected, CoreInput, DepthFailed, DepthReply, Disconnected, VenueFrame
from tests.integration.stand_in_harness import LONGEST_S, collect, stand_in

QUICK = WebSocketSettings(first_delay_s=0.01, longest_delay_s=0.05, ping_after_s=0.3, pong_within_s=5.0)


def rest_outcome(fetcher: RestFetcher, url: str) -> DepthReply | DepthFailed:
    class Idle:
        def next_deadline_ns(self) -> int | None:
            return None

    def take() -> list[CoreInput]:
        return [*fetcher.drain(1)]

    fetcher.get("BTCUSDT", url)
    (outcome,) = collect(Idle(), [fetcher.fileno()], take, bool)
    assert isinstance(outcome, DepthReply | DepthFailed)
    return outcome


@contextmanager
def fetching(**bounds: Any) -> Iterator[RestFetcher]:
    fetcher = RestFetcher(RestSettings(**bounds))
    try:
        yield fetcher
    finally:
        fetcher.close(LONGEST_S)


@pytest.mark.parametrize(
    ("faults", "bounds", "text"),
    [
        (["rest_500@1"], {}, "status 500: "),
        (["rest_418@1:0"], {}, "status 418: "),
        (["rest_stall@1:0.4"], {"timeout_s": 0.1}, "ReadTimeout: timed out"),
        ([], {"max_body_bytes": 1_000}, "expected at most 1000 bytes"),
    ],
)
def test_rest_failures_say_why(faults: list[str], bounds: dict[str, Any], text: str) -> None:
    with stand_in(*faults) as venue, fetching(**bounds) as fetcher:
        url = f"{venue.rest_url}/api/v3/depth?symbol=BTCUSDT&limit=1000"
        outcome = rest_outcome(fetcher, url)
        assert isinstance(outcome, DepthFailed)
        assert text in outcome.error
        assert url in outcome.error
        if not bounds:
            assert isinstance(rest_outcome(fetcher, url), DepthReply), "the next one is answered"


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/depth", "http://nobody.invalid/depth", "ftp://venue/", "http://[/"]
)
def test_a_rest_that_is_not_there_is_a_failure(url: str) -> None:
    with fetching() as fetcher:
        assert isinstance(rest_outcome(fetcher, url), DepthFailed)


def test_too_many_requests_fail_at_once() -> None:
    with stand_in("rest_stall@1:2") as venue, fetching(max_waiting=2, workers=1) as fetcher:
        url = f"{venue.rest_url}/api/v3/depth?symbol=BTCUSDT"
        outcomes: list[DepthReply | DepthFailed] = []
        for _ in range(5):
            fetcher.get("BTCUSDT", url)
        outcomes += fetcher.drain(1)
        assert outcomes[-1] == DepthFailed("BTCUSDT", "2 requests wait already")


def test_a_fetcher_that_is_closed_leaves_no_thread_behind() -> None:
    before = threading.active_count()
    with fetching(workers=3):
        assert threading.active_count() == before + 3
    assert threading.active_count() == before


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate and key for localhost, in one file."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl command to make a certificate with")
    folder = tmp_path_factory.mktemp("tls")
    command = [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1",
               "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", "key.pem", "-out", "cert.pem"]  # fmt: skip
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return folder


@contextmanager
def secure_server(folder: Path, talk: Callable[[ServerConnection], None]) -> Iterator[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    with serve(talk, "localhost", 0, ssl=context, compression=None) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"wss://localhost:{server.socket.getsockname()[1]}/stream"
        finally:
            server.shutdown()
            thread.join(LONGEST_S)


@contextmanager
def feeding(url: str, tls: ssl.SSLContext) -> Iterator[WebSocketFeed]:
    feed = WebSocketFeed(url, QUICK, random.Random(1), tls=tls)
    feed.connect()
    try:
        yield feed
    finally:
        feed.close(LONGEST_S)


def test_tls_brings_everything_however_it_is_cut(certificate: Path) -> None:
    sent = [bytes(str(number), "ascii") * (number * 37 % 9_000 + 1) for number in range(400)]

    def talk(connection: ServerConnection) -> None:
        for message in sent:
            connection.send(message, text=True)
        connection.recv(LONGEST_S)

    trusting = ssl.create_default_context(cafile=certificate / "cert.pem")
    with secure_server(certificate, talk) as url, feeding(url, trusting) as feed:
        inputs = collect(feed, [feed.fileno()], lambda: feed.drain(1), lambda inputs: len(inputs) > len(sent))
        feed.send_text(b"thanks")
    assert inputs == [Connected(1), *(VenueFrame(message, 1) for message in sent)]


def test_a_certificate_that_nobody_vouches_for_is_refused(certificate: Path) -> None:
    def talk(connection: ServerConnection) -> None:
        connection.close()

    with secure_server(certificate, talk) as url, feeding(url, ssl.create_default_context()) as feed:
        (lost,) = collect(feed, [feed.fileno()], lambda: feed.drain(1), bool)
    assert isinstance(lost, Disconnected)
    assert lost.reason.startswith("TLS with localhost:")
    assert "CERTIFICATE_VERIFY_FAILED" in lost.reason


def test_a_venue_that_never_finishes_the_tls_handshake_is_given_up() -> None:
    settings = WebSocketSettings(connect_within_s=0.2)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"wss://127.0.0.1:{listener.getsockname()[1]}/"
        feed = WebSocketFeed(url, settings, random.Random(1), tls=ssl.create_default_context())
        began_ns = monotonic_ns()
        feed.connect()
        (lost,) = collect(feed, [feed.fileno()], lambda: feed.drain(1), bool)
        feed.close(LONGEST_S)
    assert isinstance(lost, Disconnected)
    assert "timed out" in lost.reason
    assert monotonic_ns() - began_ns >= 200_000_000
