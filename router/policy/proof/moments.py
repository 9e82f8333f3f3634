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


def moments(hours: Mapping[Named, Hours], since: int, in_time: Callable[[], None] = lambda: None) -> Moments:
    """Moments from ``since`` to `HORIZON` later, in seconds since the epoch; the first is the plain one.

    ``in_time`` is called before each hours are looked at, and may raise.
    """
    bits = {name: 1 << place for place, name in enumerate(hours)}
    changes: list[tuple[int, int]] = []
    for name, declared in hours.items():
        in_time()
        changes += [(at, bits[name]) for span in spans(declared, since, since + HORIZON) for at in span]
    open_now, open_at = 0, {since: 0}
    for at, together in groupby(sorted(changes), key=lambda change: change[0]):
        for _, bit in together:
            open_now ^= bit
        if at < since + HORIZON:
            open_at[at] = open_now
    first: dict[int, int] = {}
    for at, ways in open_at.items():
        first.setdefault(ways, at)
    yes = {
        name: [(place, place) for place, ways in enumerate(first) if ways & bit] for name, bit in bits.items()
    }
    return classes(list(first.values()), since, yes)
