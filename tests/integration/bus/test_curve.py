"""CURVE on tcp: who has a known key takes part; who has none, or an unknown one, gets nothing and is counted."""

import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import zmq

from common.bus import security
from common.bus.commands import CommandClient, CommandServer, CommandTimeoutError
from common.bus.publisher import Publisher
from common.bus.security import OPERATOR, KeysError, Security, generate_keys, leave_plain
from common.clock import WallClock
from common.routes import ALL_SERVICES
from orrery.ports import free_ports
from tests.integration.bus.tiny_core import quote
from tests.integration.bus.waiting import polling, until

type Context = zmq.Context[zmq.Socket[bytes]]


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keys")
    generate_keys(folder)
    return folder


class Protected:
    """A protected service in a thread of its own, alone in its context as in its process."""

    def __init__(self, keys: Path, name: str = "market_data") -> None:
        self.context: Context = zmq.Context()
        self.security = Security(self.context, keys, name)
        self.stream, self.command = (f"tcp://127.0.0.1:{port}" for port in free_ports(2))
        self.publisher = Publisher(self.context, self.stream, WallClock(), security=self.security)
        self.commands = CommandServer(self.context, self.command, WallClock(), self.security)
        self.commands.on("hello", lambda _arguments, _id: "hello")
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        number = 0
        while not self._stop.is_set():
            number += 1
            self.publisher.publish(quote(number))
            self.commands.socket.poll(2)
            self.commands.serve()

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        self.publisher.close()
        self.commands.close()
        self.security.close()
        self.context.destroy(linger=0)


class Guest:
    """Someone with a SUB and a DEALER socket, with keys or without."""

    def __init__(self, protected: Protected, keys: Path | None, name: str = OPERATOR) -> None:
        self.context: Context = zmq.Context()
        self.stream = self.context.socket(zmq.SUB)
        self.stream.subscribe(b"")
        security = None if keys is None else Security(self.context, keys, name)
        if security is not None:
            security.protect_client(self.stream, "market_data")
        self.stream.connect(protected.stream)
        mine = None if security is None else (security, "market_data")
        self.client = CommandClient(self.context, protected.command, WallClock(), mine)

    def close(self) -> None:
        self.context.destroy(linger=0)

    def hears(self, timeout_ms: int) -> bool:
        return bool(self.stream.poll(timeout_ms))

    def is_answered(self, timeout_ms: int) -> bool:
        try:
            return bool(self.client.request("hello", timeout_ms=timeout_ms) == "hello")
        except CommandTimeoutError:
            return False


@pytest.fixture
def closing() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def protected(keys: Path, closing: ExitStack) -> Protected:
    made = Protected(keys)
    closing.callback(made.close)
    return made


@pytest.fixture
def guest(protected: Protected, closing: ExitStack) -> Callable[..., Guest]:
    def make(keys: Path | None, name: str = OPERATOR) -> Guest:
        made = Guest(protected, keys, name)
        closing.callback(made.close)
        return made

    return make


@pytest.fixture
def strangers_keys(keys: Path, tmp_path: Path) -> Path:
    """Return keys of someone who knows the service, but whom it does not know."""
    generate_keys(tmp_path, ("stranger",))
    (tmp_path / "market_data.key").write_bytes((keys / "market_data.key").read_bytes())
    return tmp_path


def test_a_known_key_hears_and_is_answered(protected: Protected, keys: Path, guest: Callable[..., Guest]) -> None:
    known = guest(keys)
    assert known.hears(10_000)
    assert known.is_answered(10_000)
    assert protected.security.strangers == 0


def test_no_key_and_unknown_keys_get_nothing(
    protected: Protected, keys: Path, guest: Callable[..., Guest], strangers_keys: Path
) -> None:
    kept_out = [guest(None), guest(strangers_keys, "stranger")]
    until(lambda: protected.security.strangers == 2, "both sockets of the stranger are refused")
    known = guest(keys)
    assert known.hears(10_000)
    assert known.is_answered(10_000)
    # The known one came last and has everything; so the others were not just late.
    assert [other.hears(0) for other in kept_out] == [False, False]
    assert [other.is_answered(100) for other in kept_out] == [False, False]
    assert protected.commands.served == 1


def test_strangers_are_logged_once_a_while(
    protected: Protected, guest: Callable[..., Guest], strangers_keys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[dict[str, object]] = []

    class Log:
        def warning(self, _event: str, **fields: object) -> None:
            lines.append(fields)

    monkeypatch.setattr(security, "_log", Log())
    for _ in range(3):
        guest(strangers_keys, "stranger")
    until(lambda: protected.security.strangers == 6, "all are refused")
    assert [fields["refused"] for fields in lines] == [1]


def test_a_server_with_another_key_is_not_believed(
    keys: Path, closing: ExitStack, tmp_path: Path, guest: Callable[..., Guest]
) -> None:
    generate_keys(tmp_path, ("market_data",))
    (tmp_path / "operator.key").write_bytes((keys / "operator.key").read_bytes())
    impostor = Protected(tmp_path)
    closing.callback(impostor.close)
    fooled = Guest(impostor, keys)
    closing.callback(fooled.close)
    assert guest(keys).hears(10_000)
    assert not fooled.is_answered(300)
    assert not fooled.hears(0)


def test_one_socket_hears_protected_and_plain_publishers(
    guest: Callable[..., Guest], keys: Path, tmp_path: Path
) -> None:
    known = guest(keys)
    plain = Publisher(known.context, f"ipc://{tmp_path}/p", WallClock())
    leave_plain(known.stream)
    known.stream.connect(f"ipc://{tmp_path}/p")
    topics: set[bytes] = set()
    for _ in polling("both publishers"):
        plain.publish(quote(1, "PLAIN"))
        while known.hears(0):
            topics.add(known.stream.recv_multipart()[0])
        if topics == {b"quote.PLAIN", b"quote.BTCUSDT"}:
            break
    plain.close()


def test_keys_are_made_once_and_only_we_can_read_the_secrets(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "keys"
    names = [*ALL_SERVICES, OPERATOR]
    made = generate_keys(folder)
    assert [path.name for path in made] == [f"{name}.key_secret" for name in names]
    assert {stat.S_IMODE(path.stat().st_mode) for path in made} == {0o600}
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert len(before) == 2 * len(names)
    assert generate_keys(folder) == []
    (folder / "signal.key").unlink()
    assert [path.name for path in generate_keys(folder)] == ["signal.key_secret"]
    after = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert {name for name in after if after[name] != before[name]} == {"signal.key", "signal.key_secret"}


def test_missing_and_damaged_keys_are_named_with_the_remedy(keys: Path, closing: ExitStack, tmp_path: Path) -> None:
    context: Context = zmq.Context()
    closing.callback(context.destroy, linger=0)
    remedy = f"run `orrery keygen --out {tmp_path}`"
    with pytest.raises(KeysError, match=f"signal.key_secret: no secret key of signal; {remedy}"):
        Security(context, tmp_path, "signal")
    (tmp_path / "signal.key_secret").write_text("nonsense")
    with pytest.raises(KeysError, match=r"signal\.key_secret: cannot read the secret key of signal: "):
        Security(context, tmp_path, "signal")
    (tmp_path / "signal.key_secret").write_bytes((keys / "signal.key").read_bytes())
    with pytest.raises(KeysError, match=r"signal\.key_secret: holds no secret key; move it away and run"):
        Security(context, tmp_path, "signal")
    (tmp_path / "signal.key_secret").write_bytes((keys / "signal.key_secret").read_bytes())
    mine = Security(context, tmp_path, "signal")
    with context.socket(zmq.SUB) as socket, pytest.raises(KeysError, match=f"no public key of execution; {remedy}"):
        mine.protect_client(socket, "execution")
