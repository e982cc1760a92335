"""What the command line says when it cannot do what it was asked: one line, one exit code, no traceback."""

EXIT_OK = 0
EXIT_FAILED = 1
"""The command ran and the answer is no: a service is not ready, a strategy is not valid."""
EXIT_USAGE = 2
"""The command cannot run: arguments, configuration or surroundings are wrong."""
EXIT_INTERRUPTED = 130


class CommandLineError(Exception):
    """A command cannot go on; the text is for whoever typed it."""

    def __init__(self, message: str, exit_code: int = EXIT_USAGE) -> None:
        super().__init__(message)
        self.exit_code = exit_code
