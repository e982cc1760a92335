"""Ask the service in this container whether it is ready; the exit code is the answer (0 ready, 1 not).

It reads the metrics page of 127.0.0.1 with nothing but a socket, since it runs every few seconds beside what trades.
Usage: python -I -S healthcheck.py [PORT]; without a port the first of the table that anybody serves.
"""

import socket
import sys

PORTS = range(9101, 9110)
"""The metrics ports of the services; a container holds one service."""
TIMEOUT_SECONDS = 2.0
LONGEST_SILENCE_SECONDS = 10.0
"""A service judges itself every second, in its loop: one that has not for so long hangs."""
_PAGE = "/metrics?name[]=service_state&name[]=service_health_age_seconds"


class UnhealthyError(Exception):
    """The service is not ready; the text says why."""


def read_page(port: int) -> str:
    """Return what the metrics server answers, headers and all."""
    with socket.create_connection(("127.0.0.1", port), TIMEOUT_SECONDS) as connection:
        connection.sendall(f"GET {_PAGE} HTTP/1.0\r\n\r\n".encode())
        parts = iter(lambda: connection.recv(65_536), b"")
        return b"".join(parts).decode()


def samples(page: str) -> dict[str, float]:
    """Return each sample of a page, name with labels to value."""
    lines = (line for line in page.splitlines() if line.startswith("service_"))
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def judge(page: str) -> str:
    """Return a sentence about a ready service.

    Raises:
        UnhealthyError: it is in another state, or its loop hangs.
    """
    found = samples(page)
    states = [name for name, value in found.items() if name.startswith("service_state{") and value == 1]
    ages = [value for name, value in found.items() if name.startswith("service_health_age_seconds")]
    if not states or not ages:
        raise UnhealthyError("the service has not said how it is")
    if max(ages) > LONGEST_SILENCE_SECONDS:
        raise UnhealthyError(f"its loop has hung for {max(ages):.0f} s")
    if not all('state="ready"' in name for name in states):
        raise UnhealthyError(", ".join(states))
    return ", ".join(states)


def check(ports: "range | list[int]") -> str:
    """Judge the first port that is served."""
    for port in ports:
        try:
            page = read_page(port)
        except ConnectionRefusedError:
            continue
        return judge(page)
    raise UnhealthyError(f"nobody serves metrics on 127.0.0.1, ports {list(ports)}")


def main(arguments: list[str]) -> int:
    """Print the verdict and return the exit code."""
    try:
        verdict, code = check([int(arguments[0])] if arguments else PORTS), 0
    except (UnhealthyError, OSError, ValueError) as error:
        verdict, code = f"{type(error).__name__}: {error}", 1
    sys.stdout.write(verdict + "\n")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
