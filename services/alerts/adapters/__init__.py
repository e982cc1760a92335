"""The ways out: apprise in threads of their own, addresses from the environment or files, the state on the disk."""
