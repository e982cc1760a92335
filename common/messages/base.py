"""The root of every message: frozen, tagged by its class name, keyword-only, encoded as a msgpack map."""

import msgspec

SCHEMA_VERSION = 1
"""Version of the message set. It rises when a field changes its meaning; a new field with a default does not raise it."""


class Message(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", gc=False):
    """Something that happened or is wanted.

    event_ns: when it happened, nanoseconds UTC, by the clock of who made it happen (for a venue: the venue's clock).
    received_ns: when the process that published this message learned of it, nanoseconds UTC, by its own clock.
    """

    event_ns: int
    received_ns: int
