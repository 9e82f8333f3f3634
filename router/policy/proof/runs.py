"""Sets of numbers as runs: as small as a question is, however many numbers it is about."""

from collections.abc import Iterable

Run = tuple[int, int]
"""The first number and the last; empty if that is before the first."""
Runs = tuple[Run, ...]
"""Sorted, none empty, and with a number missing between each two."""


def joined(runs: Iterable[Run]) -> Runs:
    """Any runs as few ones."""
    made: list[Run] = []
    for first, last in sorted(runs):
        if first > last:
            continue
        if made and first <= made[-1][1] + 1:
            made[-1] = (made[-1][0], max(made[-1][1], last))
        else:
            made.append((first, last))
    return tuple(made)


def others(runs: Runs, count: int) -> Runs:
    """The numbers from 0 to below ``count`` that are in none of the runs."""
    starts = (0, *(last + 1 for _, last in runs))
    ends = (*(first - 1 for first, _ in runs), count - 1)
    return joined(zip(starts, ends, strict=True))


def contains(runs: Runs, number: int) -> bool:
    """Whether a number is in one of the runs."""
    return any(first <= number <= last for first, last in runs)
