"""What a rule answers when it says no."""

import msgspec


class Refusal(msgspec.Struct, frozen=True, gc=False):
    """Why not: the figure that is allowed, the figure that was found, and a sentence for people.

    used and asked: where the limit is an amount, what is in use without the intent, and what the intent asks for.
    """

    limit: str
    found: str
    detail: str
    used: str = ""
    asked: str = ""
