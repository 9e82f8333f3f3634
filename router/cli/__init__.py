"""The command `ivr`."""
