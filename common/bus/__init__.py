"""The bus: numbered PUB/SUB streams with recovery, and commands that never wedge, over ZeroMQ."""
