"""CURVE: who may talk to whom when the bus leaves this machine.

Each participant has a key pair; a server lets in only those whose public key lies in the keys folder. On loopback and
ipc the sockets are plain.
"""

import os
from pathlib import Path

import zmq
import zmq.auth
from zmq.auth.thread import ThreadAuthenticator

from common.routes import SERVICES

OPERATOR = "operator"
"""The name under which the command line talks to services."""
_PUBLIC, _SECRET = ".key", ".key_secret"


class KeysError(Exception):
    """A key is missing or unreadable; the text names file and remedy."""


def generate_keys(folder: Path, names: tuple[str, ...] = (*SERVICES, OPERATOR)) -> list[Path]:
    """Make a key pair for each name that has none yet; return the secret files made. They are readable by us only."""
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for name in names:
        if (folder / f"{name}{_SECRET}").exists() and (folder / f"{name}{_PUBLIC}").exists():
            continue
        _, secret = zmq.auth.create_certificates(folder, name)
        os.chmod(secret, 0o600)
        made.append(Path(secret))
    return made


class Security:
    """Applies one participant's keys to its sockets."""

    def __init__(self, context: "zmq.Context[zmq.Socket[bytes]]", folder: Path, name: str) -> None:
        self._folder = folder
        self._public, self._secret = _load_secret(folder, name)
        self._authenticator = ThreadAuthenticator(context)
        self._authenticator.start()
        self._authenticator.configure_curve(domain="*", location=str(folder))

    def protect_server(self, socket: "zmq.Socket[bytes]") -> None:
        """Let only known keys in."""
        socket.curve_server = True
        socket.curve_publickey = self._public
        socket.curve_secretkey = self._secret

    def protect_client(self, socket: "zmq.Socket[bytes]", server: str) -> None:
        """Prove who we are to `server`, and that it is `server`; applies to the connects that follow."""
        path = self._folder / f"{server}{_PUBLIC}"
        if not path.exists():
            raise KeysError(f"{path}: no public key of {server}; run `orrery keygen --out {self._folder}`")
        socket.curve_serverkey = zmq.auth.load_certificate(path)[0]
        socket.curve_publickey = self._public
        socket.curve_secretkey = self._secret

    def close(self) -> None:
        """Stop the thread that checks keys."""
        self._authenticator.stop()


def _load_secret(folder: Path, name: str) -> tuple[bytes, bytes]:
    path = folder / f"{name}{_SECRET}"
    if not path.exists():
        raise KeysError(f"{path}: no secret key of {name}; run `orrery keygen --out {folder}`")
    public, secret = zmq.auth.load_certificate(path)
    if secret is None:
        raise KeysError(f"{path}: holds no secret key; run `orrery keygen --out {folder}`")
    return public, secret
