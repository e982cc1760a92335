"""Runners of a running stack, from the command line: looked into, added, changed, removed."""
