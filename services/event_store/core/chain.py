"""The hash chain: each record carries SHA-256(hash of the record before | its own bytes), so no bit can change unseen.

A record is `hash | body`: 32 bytes, then the msgpack bytes of a `Stored`. Because every record carries its hash in full,
each can be checked with nothing but the one before it, and what is damaged is named exactly.
"""

from hashlib import sha256

HASH_BYTES = 32
GENESIS = bytes(HASH_BYTES)
"""What stands for the hash before the first event."""


def chained(previous: bytes, body: bytes | memoryview) -> bytes:
    """Return the hash of a record whose predecessor has the hash `previous`."""
    digest = sha256(previous)
    digest.update(body)
    return digest.digest()
