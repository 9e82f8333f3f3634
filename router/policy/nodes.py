"""A condition as a tree of values: what is asked, not how it is answered.

Whatever reads a policy reads these: the closures that decide, and all that is said about a policy.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from router.facts import Value


@dataclass(frozen=True, slots=True)
class AllOf:
    """Each of them holds."""

    nodes: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one of them holds."""

    nodes: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """It does not hold."""

    node: "Node"


@dataclass(frozen=True, slots=True)
class InSegment:
    """The caller belongs to the segment."""

    segment: str


@dataclass(frozen=True, slots=True)
class Is:
    """The attribute has this value."""

    attribute: str
    value: Value


@dataclass(frozen=True, slots=True)
class OneOf:
    """The attribute has one of these values."""

    attribute: str
    values: frozenset[Value]


@dataclass(frozen=True, slots=True)
class AtLeast:
    """The attribute is this value or a greater one (a date: this day or later)."""

    attribute: str
    value: Value


@dataclass(frozen=True, slots=True)
class Below:
    """The attribute is less than this value (a date: before this day)."""

    attribute: str
    value: Value


@dataclass(frozen=True, slots=True)
class Between:
    """The attribute lies between these values; both belong to it."""

    attribute: str
    low: Value
    high: Value


@dataclass(frozen=True, slots=True)
class Prefix:
    """The attribute, a text, begins like this."""

    attribute: str
    prefix: str


@dataclass(frozen=True, slots=True)
class Contacts:
    """There were enough earlier calls in the window that ends now."""

    within: int
    """Seconds; a contact exactly this long ago counts."""
    answered: bool
    """Count only those that a person answered."""
    at_least: int


@dataclass(frozen=True, slots=True)
class Open:
    """The time of the call lies in these hours."""

    hours: str


class Measure(StrEnum):
    """What is measured of a queue; each is a field of `router.facts.QueueLoad`."""

    WAITING = "waiting"
    LONGEST_WAIT = "longest_wait"
    READY = "ready"
    KNOWN = "known"
    """1 where there is fresh news of the queue; without it the figures are those of `CALM` (router.facts)."""


FIGURES = (Measure.WAITING, Measure.LONGEST_WAIT, Measure.READY)
"""What is measured where there is news."""


@dataclass(frozen=True, slots=True)
class Load:
    """A measure of a queue is this value or a greater one."""

    queue: str
    measure: Measure
    at_least: int


SHARES = 10_000
"""Parts that callers are divided into for a share: hundredths of a per cent."""


@dataclass(frozen=True, slots=True)
class Share:
    """The caller is in this share of all; the same callers each time, for the same ``of``."""

    of: str
    """Names the draw: another name picks other callers."""
    below: int
    """In hundredths of a per cent: 0 is nobody, `SHARES` everybody."""


Question = Is | OneOf | AtLeast | Below | Between | Prefix
"""What asks for one attribute."""
Leaf = Question | Contacts | Open | Load | Share
"""What is asked by itself."""
Node = AllOf | AnyOf | Not | InSegment | Leaf


def leaves(node: Node) -> Iterator[InSegment | Leaf]:
    """All that a condition asks, in order; segments are not opened."""
    match node:
        case AllOf(nodes=nodes) | AnyOf(nodes=nodes):
            for part in nodes:
                yield from leaves(part)
        case Not(node=part):
            yield from leaves(part)
        case _:
            yield node


def settle(node: Node, known: Mapping[str, bool]) -> Node | bool:
    """What is left of a condition once it is known of some segments whether the caller belongs to them."""
    match node:
        case InSegment(segment=segment):
            return known.get(segment, node)
        case Not(node=part):
            settled = settle(part, known)
            return not settled if isinstance(settled, bool) else Not(settled)
        case AllOf() | AnyOf():
            return _settle_parts(node, known)
        case Is() | OneOf() | AtLeast() | Below() | Between() | Prefix():
            return node
        case Contacts() | Open() | Load() | Share():
            return node
        case _ as never:
            assert_never(never)


def _settle_parts(node: AllOf | AnyOf, known: Mapping[str, bool]) -> Node | bool:
    of_none = isinstance(node, AllOf)  # what it is when none of its parts says otherwise
    left: list[Node] = []
    for part in node.nodes:
        settled = settle(part, known)
        if not isinstance(settled, bool):
            left.append(settled)
        elif settled is not of_none:
            return settled
    if len(left) <= 1:
        return left[0] if left else of_none
    return AllOf(tuple(left)) if of_none else AnyOf(tuple(left))
