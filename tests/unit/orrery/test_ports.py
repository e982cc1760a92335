"""Free ports: each given once, none that somebody listens on."""

import socket

from orrery.ports import BEHIND, FIRST, free_ports


def test_no_port_is_given_twice_however_they_are_asked_for() -> None:
    given = [*free_ports(50), *(port for _ in range(50) for port in free_ports(1))]
    assert len(set(given)) == 100
    assert all(FIRST <= port < BEHIND for port in given)


def test_a_port_that_is_taken_is_left_out() -> None:
    (port,) = free_ports(1)
    with socket.create_server(("127.0.0.1", port)):
        assert port not in free_ports(2_000)
