"""What operators may tell a core: each command is journaled like any input, and done once however often it is sent."""

from functools import partial
from typing import Any

from common.bus.commands import CommandError, CommandServer
from common.ledger import Ledger
from common.messages import OperatorCommand


class OperatorDesk:
    """Takes operators' commands for the core of a ledger."""

    def __init__(self, service: str, commands: CommandServer, ledger: Ledger) -> None:
        self._service, self._commands, self._ledger = service, commands, ledger

    def allow(self, *names: str) -> None:
        """Let operators send these commands; one that was done before a restart is recognised."""
        for name in names:
            self._commands.on(name, partial(self._obey, name), changes_state=True)

    def _obey(self, name: str, arguments: dict[str, Any], request_id: str) -> dict[str, Any]:
        ledger = self._ledger
        if request_id in ledger.commands:
            return ledger.core.status()
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
        except (LookupError, TypeError, ValueError, OverflowError) as error:
            # The server would call these bad arguments; the command is journaled, so this is a bug and ends the service.
            raise RuntimeError(f"{name}: the core failed: {error!r}") from error
        if not ledger.commit_all():
            raise CommandError(f"{name}: taken, but not on the disk yet: {ledger.blocked}")
        return ledger.core.status()
