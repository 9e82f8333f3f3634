"""Waiting for a condition, never for a time."""

import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")

LIMIT = 20.0
"""Seconds that a condition may take to come true; it never takes them."""


def until(find: Callable[[], Found | None], what: Callable[[], str] | str, limit: float = LIMIT) -> Found:
    """Wait until something is there (or true), and give it.

    Raises:
        AssertionError: it is not, within so many seconds; ``what`` is what was waited for.
    """
    deadline = time.monotonic() + limit
    while not (found := find()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {limit:g} s: {what if isinstance(what, str) else what()}")
        time.sleep(0.01)
    return found
