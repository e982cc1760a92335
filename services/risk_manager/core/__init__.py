"""The pure part of the risk manager: intents, quotes and reports in, approvals, refusals and positions out."""
