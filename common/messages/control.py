"""Commands and their answers, over the command sockets."""

from typing import Any

import msgspec

from common.messages.base import Message


class Request(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="request"):
    """A command or query. A retry repeats `id`; the server does nothing for it after `deadline_ns`.

    machine: whose monotonic clock the deadline is told by (`common/bus/deadlines.py`); empty for UTC.
    """

    id: str
    name: str
    deadline_ns: int
    arguments: dict[str, Any] = {}
    machine: str = ""


class Reply(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="reply"):
    """The answer to the request with the same id: a result, or an error sentence."""

    id: str
    ok: bool
    result: Any = None
    error: str = ""


class Halt(Message, frozen=True, kw_only=True, tag="halt", gc=False):
    """A service met a bug and stops; its supervisor restarts it."""

    service: str
    error: str


class OperatorCommand(Message, frozen=True, kw_only=True, tag="operator_command", gc=False):
    """An operator's command that changes a core's state; journaled as an input like any other. `id` is the request's."""

    id: str
    service: str
    name: str
    arguments: dict[str, str]
