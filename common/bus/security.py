"""CURVE: who may talk to whom when the bus leaves this machine.

Each participant has a key pair; a server lets in only those whose public key lies in the keys folder. On loopback and
ipc the sockets are plain.
"""

import os
from pathlib import Path

import zmq
import zmq.auth
from zmq.auth.thread import ThreadAuthenticator

from common.clock import monotonic_ns
from common.logs import get_logger
from common.redaction import protect
from common.routes import ALL_SERVICES

OPERATOR = "operator"
"""The name under which the command line talks to services."""
LOG_INTERVAL_NS = 60_000_000_000
"""Between two log lines about strangers; all are counted."""
_PUBLIC, _SECRET = ".key", ".key_secret"

_log = get_logger("bus")


class KeysError(Exception):
    """A key is missing or unreadable; the text names file and remedy."""


def generate_keys(folder: Path, names: tuple[str, ...] = (*ALL_SERVICES, OPERATOR)) -> list[Path]:
    """Make a key pair for each name that has none yet; return the secret files made. They are readable by us only."""
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    before = os.umask(0o077)
    try:
        for name in names:
            public, secret = folder / f"{name}{_PUBLIC}", folder / f"{name}{_SECRET}"
            if secret.exists() and public.exists():
                continue
            zmq.auth.create_certificates(folder, name)
            public.chmod(0o644)
            made.append(secret)
    finally:
        os.umask(before)
    return made


class Security:
    """Applies one participant's keys to its sockets. strangers: connections refused because their key is not known."""

    def __init__(self, context: "zmq.Context[zmq.Socket[bytes]]", folder: Path, name: str) -> None:
        """Load the keys.

        Raises:
            KeysError: the secret key of `name` is missing or unreadable.
        """
        self._context = context
        self._folder = folder
        self._public, self._secret = _load_secret(folder, name)
        self._authenticator: ThreadAuthenticator | None = None
        self._known: set[bytes] = set()
        self._logged_ns = -LOG_INTERVAL_NS
        self.strangers = 0

    def protect_server(self, socket: "zmq.Socket[bytes]") -> None:
        """Let only those in whose public key lies in the folder now."""
        if self._authenticator is None:
            self._known = set(zmq.auth.load_certificates(self._folder))
            self._authenticator = ThreadAuthenticator(self._context)
            self._authenticator.start()
            self._authenticator.configure_curve_callback(domain="*", credentials_provider=self)
        socket.curve_server = True
        socket.curve_publickey = self._public
        socket.curve_secretkey = self._secret

    def protect_client(self, socket: "zmq.Socket[bytes]", server: str) -> None:
        """Prove who we are to `server`, and that it is `server`; applies to the connects that follow."""
        path = self._folder / f"{server}{_PUBLIC}"
        socket.curve_serverkey = _load(path, f"public key of {server}", self._folder)[0]
        socket.curve_publickey = self._public
        socket.curve_secretkey = self._secret

    def callback(self, _domain: str, key: bytes) -> bool:
        """Return whether a key may come in; called for each connection, from the thread that checks keys."""
        if key in self._known:
            return True
        self.strangers += 1
        if monotonic_ns() - self._logged_ns >= LOG_INTERVAL_NS:
            self._logged_ns = monotonic_ns()
            _log.warning("a stranger was refused", key=key.decode(errors="replace"), refused=self.strangers)
        return False

    def close(self) -> None:
        """Stop the thread that checks keys."""
        if self._authenticator is not None:
            self._authenticator.stop()
            self._authenticator = None


def leave_plain(socket: "zmq.Socket[bytes]") -> None:
    """Use no keys for the connects that follow, whatever `protect_client` set for those before."""
    socket.curve_server = False


def _load_secret(folder: Path, name: str) -> tuple[bytes, bytes]:
    path = folder / f"{name}{_SECRET}"
    public, secret = _load(path, f"secret key of {name}", folder)
    if secret is None:
        raise KeysError(f"{path}: holds no secret key; move it away and run `orrery keygen --out {folder}`")
    protect(secret.decode())
    return public, secret


def _load(path: Path, what: str, folder: Path) -> tuple[bytes, bytes | None]:
    if not path.exists():
        raise KeysError(f"{path}: no {what}; run `orrery keygen --out {folder}`")
    try:
        public, secret = zmq.auth.load_certificate(path)
    except (OSError, ValueError) as error:
        raise KeysError(f"{path}: cannot read the {what}: {error}") from error
    return public, secret
