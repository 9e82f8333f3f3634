"""The load test: what a plan says, the calls that come of it, what was seen, and how that is judged.

Nothing here knows the router: its command `ivr load` (router/cli/load.py) says where callers belong and what
its journal has of them.
"""
