"""What keeps a stand-in venue from starting."""


class StandInError(Exception):
    """The stand-in cannot serve what it was given; the text says what was expected and what was found."""
