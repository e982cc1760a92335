"""The latest so many things by key: what is asked for again soon, in bounded memory."""

import msgspec


class Recent[T](msgspec.Struct):
    """Keeps the values of the `capacity` latest keys; a new key beyond that drops the oldest.

    How it works: `ring` holds the keys in order of arrival and is overwritten from the start once it is full.
    """

    capacity: int
    by_key: dict[str, T] = {}
    ring: list[str] = []
    next_slot: int = 0

    def put(self, key: str, value: T) -> None:
        """Keep a value; a key that is kept already gets the new value and stays as old as it was."""
        by_key, ring = self.by_key, self.ring
        if key not in by_key:
            if len(ring) < self.capacity:
                ring.append(key)
            else:
                slot = self.next_slot
                del by_key[ring[slot]]
                ring[slot] = key
                self.next_slot = (slot + 1) % self.capacity
        by_key[key] = value

    def get(self, key: str) -> T | None:
        """Return the value of a key that is still kept."""
        return self.by_key.get(key)
