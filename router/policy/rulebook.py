"""What a folder of policies says, as values: checked, and not yet turned into functions.

What decides is compiled from a rulebook; what proves, compares and explains reads it. It can be pickled, so
that a folder can be read in another process than the one that decides.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import assert_never

from router.decision import Action, Announce, Refuse, ToMenu, ToQueue
from router.policy.attributes import Attribute
from router.policy.hours import Hours
from router.policy.nodes import InSegment, Leaf, Node, leaves
from router.policy.schema import ServiceLevel


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """A queue of the switch."""

    name: str
    human: bool
    """A person answers."""
    answer_within: int
    """Seconds in which a call should be answered."""
    description: str
    wrap_up: int = 0
    """Seconds that its agents write after a call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Menu:
    """A menu of the dialplan."""

    name: str
    keys: Mapping[str, str]
    """The destination that a key leads to, as `Decision.destination` words it: ``{"0": "queue:general"}``."""
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Which figures a hotline answers for; times in seconds."""

    service_level: ServiceLevel
    within: int
    short_abandon: int
    repeat_within: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Who goes where; the first that matches takes the call."""

    name: str
    when: Node | None
    """None matches every call."""
    action: Action
    reason: Mapping[str, str] | None
    """Why, by language (en, zh)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonWithin:
    """The caller reaches a person after this many keys at most; 0: straight to one."""

    keys: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GoesTo:
    """The call goes to one of these, as `Decision.destination` words them."""

    destinations: frozenset[str]


Outcome = PersonWithin | GoesTo


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """What holds of every call that meets a condition, whatever else is so."""

    name: str
    when: Node | None
    """None: of every call."""
    always: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Hotline:
    """One hotline, as its file says it."""

    name: str
    file: str
    numbers: tuple[str, ...]
    report: Report | None
    segments: Mapping[str, Node]
    """In the order in which a caller is reported under them."""
    routes: tuple[Route, ...]
    promises: tuple[Promise, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rulebook:
    """A folder of policies, as one version."""

    version: str
    """The folder's name and a hash of all files: a token of at most 40 characters."""
    attributes: Mapping[str, Attribute]
    queues: Mapping[str, Queue]
    menus: Mapping[str, Menu]
    hours: Mapping[str, Hours]
    hotlines: tuple[Hotline, ...]


def asked_by(hotline: Hotline) -> Iterator[InSegment | Leaf]:
    """All that a hotline's segments and routes ask; a promise asks nothing when a call is decided."""
    for condition in (*hotline.segments.values(), *(route.when for route in hotline.routes)):
        if condition is not None:
            yield from leaves(condition)


def keeps(book: Rulebook, action: Action, outcome: Outcome) -> bool:
    """Whether an action keeps what a promise says of it."""
    match outcome:
        case GoesTo(destinations=destinations):
            return action.destination in destinations
        case PersonWithin(keys=keys):
            needed = keys_to_person(book, action)
            return needed is not None and needed <= keys
        case _ as never:
            assert_never(never)


def keys_to_person(book: Rulebook, action: Action) -> int | None:
    """The least number of keys that lead to a person: 0 straight to one; None: never.

    A call straight to a person stays with people in each later stage.
    """
    match action:
        case ToQueue(queue=queue, overflow=overflow):
            stages = (queue, *(stage.queue for stage in overflow))
            return 0 if all(book.queues[name].human for name in stages) else None
        case ToMenu(menu=menu):
            return _keys_from(book, menu)
        case Announce() | Refuse():
            return None
        case _ as never:
            assert_never(never)


def _keys_from(book: Rulebook, menu: str) -> int | None:
    """Breadth first through the menus that keys lead to."""
    seen, level, pressed = {menu}, [menu], 0
    while level:
        pressed += 1
        reached = {to for name in level for to in book.menus[name].keys.values()}
        if any(kind == "queue" and book.queues[name].human for kind, _, name in _split(reached)):
            return pressed
        level = sorted({name for kind, _, name in _split(reached) if kind == "menu"} - seen)
        seen.update(level)
    return None


def _split(destinations: set[str]) -> list[tuple[str, str, str]]:
    return [destination.partition(":") for destination in destinations]
