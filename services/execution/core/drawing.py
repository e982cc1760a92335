"""The tables of an order's life as drawings, in the language of Mermaid: what the documentation shows is what happens."""

from collections.abc import Mapping
from enum import StrEnum

from services.execution.core import life_cycle
from services.execution.core.router import stages


def drawn[S: StrEnum, E: StrEnum](table: Mapping[tuple[S, E], S], first: S) -> str:
    """Return a state diagram of a table; what nothing leads out of leads to the end."""
    lines = ["stateDiagram-v2", f"    [*] --> {first}"]
    lines += [f"    {before} --> {after}: {event}" for (before, event), after in table.items()]
    leading_out = {before for before, _ in table}
    lines += [f"    {after} --> [*]" for after in dict.fromkeys(table.values()) if after not in leading_out]
    return "\n".join(lines)


def drawings() -> dict[str, str]:
    """Return the drawings by name: the life of an order, and what the router knows of it."""
    return {
        "life": drawn(life_cycle.TRANSITIONS, life_cycle.OrderState.SUBMITTED),
        "known": drawn(stages.TRANSITIONS, stages.Stage.QUEUED),
    }
