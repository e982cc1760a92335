"""The lying venue as a process of its own: `python -m orrery.lying_venue ADDRESS QUESTIONS SEED LIES`.

ADDRESS is the gateway's, QUESTIONS where it tells the truth to whoever tries the stack, LIES their shares as JSON.
"""

import sys

import msgspec
import zmq

from common.money import use_money_context
from orrery.lying_venue.lies import HONEST, Lies
from orrery.lying_venue.server import Server
from orrery.lying_venue.truth import BE_HONEST, truth_of


def main(address: str, questions: str, seed: str, lies: str) -> None:
    """Serve until the process is ended."""
    use_money_context()
    server = Server(address, int(seed), msgspec.json.decode(lies, type=Lies))
    with zmq.Context() as context, context.socket(zmq.ROUTER) as socket:
        socket.linger = 0
        socket.bind(questions)
        while True:
            asker, asked = socket.recv_multipart()
            if asked == BE_HONEST:
                server.be(HONEST)
            with server.lock:
                truth = truth_of(server.venue)
            socket.send_multipart([asker, msgspec.json.encode(truth)])


if __name__ == "__main__":
    main(*sys.argv[1:])
