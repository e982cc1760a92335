"""Every message is one of `AnyMessage`, frozen, routed, and has golden bytes; only risk approves orders."""

import ast
import importlib
import pkgutil
from typing import Any, get_args

import msgspec
import pytest

import common.messages
from common.messages import AnyMessage, ApprovedOrder, Message
from common.routes import ALL_SERVICES, HEARS, MAY_HEAR, STREAMS, topic_of
from tests.architecture.sources import ROOT, core_files, named, parsed, python_files
from tests.contract.examples import EXAMPLES, tag_of

APPROVAL = "services/risk_manager/core/approval.py"
UNROUTED = {"heartbeat", "health", "halt", "input_gap", "operator_command", "venue_request", "venue_heard"}
"""What a shell makes or takes itself: it travels beside the streams, or not at all."""


def message_types() -> list[type[Message]]:
    """Return every message class that any file of common/messages defines."""
    for module in pkgutil.iter_modules(common.messages.__path__):
        importlib.import_module(f"common.messages.{module.name}")
    found, waiting = [], list(Message.__subclasses__())
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        found.append(kind)
    return sorted(found, key=tag)


def tag(kind: type[msgspec.Struct]) -> str:
    """Return the word that names a message type on the wire."""
    return str(kind.__struct_config__.tag)


def test_every_message_may_travel() -> None:
    assert message_types() == sorted(get_args(AnyMessage), key=tag)


@pytest.mark.parametrize("kind", message_types(), ids=tag)
def test_messages_are_frozen_keyword_only_and_tagged(kind: type[Message]) -> None:
    config = kind.__struct_config__
    assert config.frozen
    assert config.tag_field == "type"
    assert config.tag == "".join(f"_{char.lower()}" if char.isupper() else char for char in kind.__name__)[1:]
    with pytest.raises(TypeError):
        kind(1, 2)  # type: ignore[call-arg]  # the point: positions are refused


@pytest.mark.parametrize("example", [each for each in EXAMPLES if isinstance(each, Message)], ids=tag_of)
def test_messages_are_routed(example: Any) -> None:
    topic = topic_of(example)
    if tag(type(example)) in UNROUTED:
        assert topic is None
    else:
        assert topic is not None
        assert topic.partition(".")[0] in STREAMS


@pytest.mark.parametrize("kind", message_types(), ids=tag)
def test_messages_have_golden_bytes(kind: type[Message]) -> None:
    assert (ROOT / "tests" / "contract" / "golden" / f"{tag(kind)}.hex").is_file()


def test_subscriptions_name_streams_that_exist() -> None:
    assert set(HEARS) == set(ALL_SERVICES)
    assert {topic.partition(".")[0] for topics in HEARS.values() for topic in topics} <= set(STREAMS)
    assert all(STREAMS[topic.partition(".")[0]][0] != service for service, topics in HEARS.items() for topic in topics)
    assert {topic.partition(".")[0] for topics in MAY_HEAR.values() for topic in topics} <= set(STREAMS)
    assert all(not set(topics) & set(HEARS[service]) for service, topics in MAY_HEAR.items())


def builders(name: str) -> set[str]:
    """Return the files that make an instance of a class."""
    return {
        named(path)
        for path in python_files("common", "services", "orrery")
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) == name
    }


def test_only_risk_approves_orders() -> None:
    assert builders(ApprovedOrder.__name__) == {APPROVAL}


def test_nobody_else_changes_an_approved_order() -> None:
    # A copy with other figures would be an order that no rule has seen.
    copying = ("msgspec.structs.replace", "structs.replace", "copy.replace", "replace")
    found = [
        f"{named(path)}:{node.lineno}"
        for path in core_files()
        for node in ast.walk(parsed(path))
        if ApprovedOrder.__name__ in path.read_text() and named(path) != APPROVAL
        if isinstance(node, ast.Call) and ast.unparse(node.func) in copying
    ]
    assert found == []
