"""The clockwork of a connection, without a clock."""

from services.market_data.adapters.liveness import Act, Liveness


def fresh() -> Liveness:
    return Liveness(ping_after_ns=100, pong_within_ns=50, renew_after_ns=10_000, now_ns=1_000)


def test_a_quiet_venue_is_pinged_once_and_then_given_up() -> None:
    liveness = fresh()
    assert liveness.next_deadline_ns() == 1_100
    assert liveness.due(1_099) is Act.NOTHING
    assert liveness.due(1_100) is Act.PING
    assert liveness.due(1_149) is Act.NOTHING
    assert liveness.next_deadline_ns() == 1_150
    assert liveness.due(1_150) is Act.GIVE_UP


def test_any_sign_of_life_counts() -> None:
    liveness = fresh()
    assert liveness.due(1_100) is Act.PING
    liveness.heard(1_149)
    assert liveness.due(1_150) is Act.NOTHING
    assert liveness.next_deadline_ns() == 1_249


def test_a_busy_venue_is_never_pinged() -> None:
    liveness = fresh()
    for now_ns in range(1_000, 11_000, 99):
        assert liveness.due(now_ns) is Act.NOTHING
        liveness.heard(now_ns)


def test_an_old_connection_is_to_be_renewed_until_that_is_put_off() -> None:
    liveness = fresh()
    liveness.heard(10_990)
    assert liveness.next_deadline_ns() == 11_000
    assert liveness.due(11_000) is Act.RENEW
    liveness.put_off_renewal(11_030)
    assert liveness.due(11_001) is Act.NOTHING
    assert liveness.next_deadline_ns() == 11_030


def test_a_late_ping_still_gives_the_venue_its_time() -> None:
    liveness = fresh()
    assert liveness.due(9_000) is Act.PING
    assert liveness.due(9_049) is Act.NOTHING
    assert liveness.due(9_050) is Act.GIVE_UP
