"""Listens to market data and asks it for its status, from a container; prints what it got. Run by test_compose.py.

Usage: python - KEYS: `none` speaks in plain text, `own` makes keys that nobody knows but uses the true server's public
key, `operator` uses the operator's. The control with the operator's keys shows that the others fail for want of a key.
"""

import json
import sys
import tempfile
import time
from pathlib import Path

import zmq
import zmq.auth

from common.codec import encode
from common.messages import Request

SERVER, PATIENCE_MS = "market-data", 3_000


def protect(socket: "zmq.Socket[bytes]", kind: str) -> None:
    if kind == "none":
        return
    keys = Path("/keys")
    secret = keys / "operator.key_secret"
    if kind == "own":
        secret = Path(zmq.auth.create_certificates(tempfile.mkdtemp(), "own")[1])
    socket.curve_publickey, socket.curve_secretkey = zmq.auth.load_certificate(secret)
    socket.curve_serverkey = zmq.auth.load_certificate(keys / "market_data.key")[0]


def main(kind: str) -> None:
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    listener, asker = context.socket(zmq.SUB), context.socket(zmq.DEALER)
    for socket, port in ((listener, 5555), (asker, 5655)):
        socket.linger = 0
        protect(socket, kind)
        socket.connect(f"tcp://{SERVER}:{port}")
    listener.subscribe("")
    deadline_ns = time.time_ns() + PATIENCE_MS * 1_000_000
    asker.send(encode(Request(id="intruder", name="status", deadline_ns=deadline_ns)))
    answered = asker.poll(PATIENCE_MS) != 0
    sys.stdout.write(json.dumps({"heard": listener.poll(PATIENCE_MS) != 0, "answered": answered}))


if __name__ == "__main__":
    main(sys.argv[1])
