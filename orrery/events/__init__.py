"""Looking into an event store: its events as rows and lines, their figures, and files of them for other programs."""
