"""The services, one folder each; a bare top-level package called `signal` would break asyncio."""
