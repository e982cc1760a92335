"""What goes wrong while somebody tries things out: a sentence, after which everything stands as it stood."""


class ReplError(Exception):
    """A line that cannot be done; the text is for who typed it."""
