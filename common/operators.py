"""What operators may tell a core: each command is journaled like any input, and done once however often it is sent."""

from collections.abc import Callable
from functools import partial
from typing import Any

from common.bus.commands import CommandError, CommandServer
from common.core import UnheardError
from common.ledger import Ledger
from common.messages import OperatorCommand

type Answer = Callable[[str, dict[str, Any]], Any]


class NotDoneError(CommandError):
    """The core could not take a command; telling it again would lead to the same."""


class OperatorDesk:
    """Takes operators' commands for the core of a ledger."""

    def __init__(self, service: str, commands: CommandServer, ledger: Ledger) -> None:
        self._service, self._commands, self._ledger = service, commands, ledger

    def allow(self, *names: str, answer: Answer | None = None, check: Answer | None = None) -> None:
        """Let operators send these commands; one that was done before a restart is recognised.

        check: called with name and arguments before anything is written down; raises a CommandError to refuse.
        answer: gives the answer, of plain types, from the command's name and arguments once it is done, and may raise a
        CommandError; the core's status if not given.
        """
        for name in names:
            self._commands.on(name, partial(self._answer, name, answer, check), changes_state=True)

    def _answer(
        self, name: str, answer: Answer | None, check: Answer | None, arguments: dict[str, Any], request_id: str
    ) -> Any:
        if check is not None and request_id not in self._ledger.commands:
            check(name, arguments)
        self.obey(name, arguments, request_id)
        return self._ledger.core.status() if answer is None else answer(name, arguments)

    def obey(self, name: str, arguments: dict[str, Any], request_id: str) -> None:
        """Write a command down and tell the core, unless that was done under this id already.

        Raises:
            CommandError: the disk refuses writes, or the core could not take the command.
        """
        ledger = self._ledger
        if request_id in ledger.commands:
            return
        if ledger.blocked:
            raise CommandError(f"{name}: not taken, the journal refuses writes: {ledger.blocked}")
        now_ns = ledger.now_ns()
        command = OperatorCommand(
            id=request_id,
            service=self._service,
            name=name,
            arguments={str(key): str(value) for key, value in arguments.items()},
            event_ns=now_ns,
            received_ns=now_ns,
        )
        try:
            ledger.obey(command)
        except UnheardError as error:
            raise NotDoneError(f"{name}: not done: {error}") from error
        except (LookupError, TypeError, ValueError, OverflowError) as error:
            # The server would call these bad arguments; the command is journaled, so this is a bug and ends the service.
            raise RuntimeError(f"{name}: the core failed: {error!r}") from error
        if not ledger.commit_all():
            raise CommandError(f"{name}: taken, but not on the disk yet: {ledger.blocked}")
