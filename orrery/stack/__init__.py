"""The supervised stack: processes, their restarts, their statuses, and one run of it all."""
