"""The pure part of the event store: what is stored of an event, and the chain that holds the events together."""
