"""Messages as plain data: JSON and back without losing a digit."""

import json

import pytest

from common.messages import AnyMessage, Message
from common.plain import message_of, plain
from tests.contract.examples import EXAMPLES, tag_of

MESSAGES = [example for example in EXAMPLES if isinstance(example, Message)]


@pytest.mark.parametrize("message", MESSAGES, ids=tag_of)
def test_every_type_goes_to_json_and_back(message: AnyMessage) -> None:
    fields = plain(message)
    assert fields["type"] == tag_of(message)
    back = message_of(json.loads(json.dumps(fields)))
    assert back == message
    assert str(back) == str(message)  # equal Decimals may have other digits


def test_every_type_that_may_travel_has_an_example() -> None:
    assert {type(message) for message in MESSAGES} == set(AnyMessage.__args__)


def test_what_is_no_message_is_named() -> None:
    with pytest.raises(ValueError, match="price"):
        message_of({"type": "trade", "symbol": "X", "event_ns": 1, "received_ns": 1})
    with pytest.raises(ValueError, match="Invalid value 'nothing'"):
        message_of({"type": "nothing"})
