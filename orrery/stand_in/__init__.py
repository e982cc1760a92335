"""A stand-in for a venue: serves a recording over a real WebSocket and REST, so that nothing needs the internet."""

from orrery.stand_in.run import StandInOptions, run_stand_in

__all__ = ["StandInOptions", "run_stand_in"]
