"""What services say of themselves, thinned out: of a state that is told every second, only the changes are events."""

from common.messages import AnyMessage, Health


class Notices:
    """Remembers what each service said last."""

    def __init__(self) -> None:
        self._told: dict[str, tuple[str, int]] = {}

    def is_news(self, message: AnyMessage) -> bool:
        """Return whether a message tells something new: any but a Health of the same process in the same state."""
        if not isinstance(message, Health):
            return True
        told = (message.state.value, message.pid)
        if self._told.get(message.service) == told:
            return False
        self._told[message.service] = told
        return True
