"""What `orrery check` does around the checks: from options to a plan, from a report to what people read."""
