"""The command `ivr`: one file a command or group of commands, joined in app.py."""
