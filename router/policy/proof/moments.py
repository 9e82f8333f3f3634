"""Which hours can be open at once: one moment for each way that named hours are open and closed together.

Hours depend on each other (an office is never open while the building is closed), so they cannot be taken for
open or closed freely.
"""

from collections.abc import Callable, Mapping
from itertools import groupby

from router.policy.hours import Hours, spans
from router.policy.proof.classes import Classes, classes

Named = tuple[int, str]
"""The version that declares the hours, from 0, and their name."""
YEAR = 366 * 86_400
HORIZON = 5 * YEAR
"""How far ahead moments are looked for, in seconds: holidays move about, each year is another."""

Moments = Classes[Named, int]


def moments(hours: Mapping[Named, Hours], since: int) -> Moments:
    """Moments from ``since`` to `HORIZON` later, in seconds since the epoch; the first is the plain one."""
    changes: list[tuple[int, Named, int]] = []
    for name, declared in hours.items():
        for first, behind in spans(declared, since, since + HORIZON):
            changes += [(first, name, 1), (behind, name, -1)]
    depth = dict.fromkeys(hours, 0)
    open_at: dict[int, frozenset[Named]] = {since: frozenset()}
    for at, together in groupby(sorted(changes), key=lambda change: change[0]):
        for _, name, change in together:
            depth[name] += change
        if since <= at < since + HORIZON:
            open_at[at] = frozenset(name for name, open_now in depth.items() if open_now)
    return classes(open_at, since, {name: _is_open(open_at, name) for name in hours})


def _is_open(open_at: Mapping[int, frozenset[Named]], name: Named) -> Callable[[int], bool]:
    return lambda at: name in open_at[at]
