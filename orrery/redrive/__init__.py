"""A session's services, driven again from snapshots and journals to any moment; the session itself is only read."""
