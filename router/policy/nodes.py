"""A condition as a tree of values: what is asked, not how it is answered.

Whatever reads a policy reads these: the closures that decide, and all that is said about a policy.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
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


Question = Is | OneOf | AtLeast | Below | Between | Prefix
"""What asks for one attribute."""
Node = AllOf | AnyOf | Not | InSegment | Question | Contacts


def leaves(node: Node) -> Iterator[InSegment | Question | Contacts]:
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
        case Is() | OneOf() | AtLeast() | Below() | Between() | Prefix() | Contacts():
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
