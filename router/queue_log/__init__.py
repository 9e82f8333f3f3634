"""The switch's queue_log: the durable truth of what happened to calls."""
