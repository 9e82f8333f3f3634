"""The journal's entries go with their age, not only with their number."""

from collections.abc import Callable

from router.errors import StoreError
from router.store.link import Reply, packed
from router.store.shards import Requests
from router.store.stream import STREAM

AT_ONCE = 1_000
"""Entries that are removed at once, about: while it does so the store answers nobody."""

SCRIPT = b"""
local now = redis.call('TIME')[1]
return redis.call('XTRIM', KEYS[1], 'MINID', '~', string.format('%d000', now - ARGV[1]), 'LIMIT', ARGV[2])
"""
"""By the store's clock, which the entries are named by: a machine whose own is wrong must not empty it."""


class Retention:
    """Has the store remove what is older than some days; whole blocks of about a dozen entries."""

    def __init__(self, link: Requests, *, days: int, expired: Callable[[int], None]) -> None:
        """``expired`` is told how many entries have gone each time."""
        self._link = link
        self._expired = expired
        self._command = packed([("EVAL", SCRIPT, 1, STREAM, days * 86_400, AT_ONCE)])

    def trim(self) -> None:
        """Remove what is too old by now, some at a time; to be called by a timer."""
        if self._link.serves(STREAM):
            self._link.request(self._command, 1, self._trimmed, STREAM)

    def _trimmed(self, told: list[Reply] | StoreError) -> None:
        if isinstance(told, list) and isinstance(told[0], int) and told[0] > 0:
            self._expired(told[0])
            self.trim()
