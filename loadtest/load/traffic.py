"""Who calls when: a run's calls, each with its moment, its number and its kind. Pure."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from random import Random

from loadtest.load.arrivals import area, arrivals, curve
from loadtest.load.plan import BadPlan, Constant, Kind, Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A call to place."""

    at: float
    """Seconds from the beginning."""
    number: str
    kind: str
    """A key of the run's callers; empty for a control call."""


Groups = Mapping[str, tuple[str, str]]
"""Segment and destination of each customer's first call, by number."""

CONTROL = ""
"""The kind of calls that the switch answers without asking anybody."""
CONTROL_NUMBER = "000"
"""What they dial. No hotline begins like it."""
CONTROL_CALLER = "10000"
"""Who they are from; nobody looks."""


def traffic(run: Run, people: Mapping[str, Sequence[str]], seed: int) -> list[Placed]:
    """The calls of a run in order, without control calls.

    ``people`` has, by kind, the numbers of those who may call; they do so in turn.

    Raises:
        BadPlan: of a kind there is nobody, or not enough for everybody to call once.
    """
    chance = Random(seed)
    moments = arrivals(run.arrivals, run.seconds, chance)
    names = list(run.callers)
    kinds = chance.choices(names, [run.callers[name].weight for name in names], k=len(moments))
    turns = {name: _turns(run, name, people[name], kinds.count(name)) for name in names}
    return [
        Placed(at=moment, number=next(turns[kind]), kind=kind)
        for moment, kind in zip(moments, kinds, strict=True)
    ]


def controls(run: Run) -> list[Placed]:
    """The calls beside them that measure the switch alone, evenly over the run."""
    if not run.controls:
        return []
    moments = arrivals(Constant(shape="constant", rate=run.controls), run.seconds, Random(0))
    return [Placed(at=moment, number=CONTROL_CALLER, kind=CONTROL) for moment in moments]


def _turns(run: Run, name: str, numbers: Sequence[str], calls: int) -> Iterator[str]:
    again = run.callers[name].again
    if calls and len(numbers) < (again or calls):
        raise BadPlan(
            f"{name}: {calls} calls, and there are {len(numbers)} such callers;"
            " more customers, a smaller weight or again: would do"
        )
    return cycle(numbers[:again]) if again else iter(numbers)


def strangers(count: int, known: Collection[str], seed: int) -> list[str]:
    """Numbers that are no customer's."""
    chance = Random(seed + 1)
    found: dict[str, None] = {}
    while len(found) < count:
        number = f"137{chance.randrange(10**8):08d}"
        if number not in known:
            found[number] = None
    return list(found)


def people(run: Run, groups: Mapping[str, Groups], seed: int) -> dict[str, list[str]]:
    """The numbers of each kind; nobody is of two kinds.

    Args:
        run: Its callers.
        groups: By number dialled, the customers.
        seed: For the numbers of strangers.
    """
    found: dict[str, list[str]] = {}
    left = {number: None for one in groups.values() for number in one}
    known = frozenset(left)
    most = int(2 * area(curve(run.arrivals, run.seconds))) + 100
    # those who call again and again are few: they are taken out first, so that they are no others
    for name in sorted(run.callers, key=lambda name: run.callers[name].again is None):
        kind = run.callers[name]
        if kind.who == "strangers":
            found[name] = strangers(kind.again or most, known, seed + len(found))
            continue
        fitting = [number for number in left if _fits(kind, groups[kind.dialled].get(number))]
        found[name] = fitting[: kind.again or round(len(fitting) * _share(run, name, found))]
        for number in found[name]:
            del left[number]
    return found


def _fits(kind: Kind, group: tuple[str, str] | None) -> bool:
    if group is None:
        return False
    return kind.segment in {None, group[0]} and kind.destination in {None, group[1]}


def _share(run: Run, name: str, found: Collection[str]) -> float:
    """The part of those who fit that a kind gets: kinds that want the same people share them by weight."""

    def wants(other: str) -> tuple[object, ...]:
        kind = run.callers[other]
        return (kind.who, kind.segment, kind.destination, kind.dialled, kind.again)

    alike = [other for other in run.callers if other not in found and wants(other) == wants(name)]
    return run.callers[name].weight / sum(run.callers[other].weight for other in alike)
