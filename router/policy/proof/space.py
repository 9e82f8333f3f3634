"""Every caller in every state, as far as some conditions can tell them apart.

A state has one class of each thing asked for. What is left to say is what may come together with what, and
`Formulas` says it: an unknown caller has every attribute missing, contacts of a short window lie in each
longer one, and where nobody waits, nobody has waited long. A call is one contact, as the store gives them.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from router.facts import CALM, MAX_LOAD
from router.policy.nodes import (
    SHARES,
    AtLeast,
    Below,
    Between,
    Contacts,
    InSegment,
    Is,
    Leaf,
    Load,
    Measure,
    Node,
    OneOf,
    Open,
    Prefix,
    Share,
    leaves,
)
from router.policy.proof.classes import (
    Asked,
    Classes,
    Columns,
    Values,
    attribute_classes,
    classes,
    steps,
)
from router.policy.proof.moments import Moments, moments
from router.policy.rulebook import Rulebook

Measured = tuple[str, Measure]
"""A queue, and what is measured of it."""
SideLeaf = tuple[int, Leaf]
"""The version that asks, from 0, and what it asks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """The classes of all that is asked for."""

    books: tuple[Rulebook, ...]
    """The versions: one to prove, two to compare."""
    columns: Mapping[str, Columns]
    """Every attribute of any version."""
    attributes: Mapping[str, Classes[Asked, Values]]
    """Those that are asked for."""
    loads: Mapping[Measured, Classes[Load, int]]
    shares: Mapping[str, Classes[Share, int]]
    moments: Moments
    windows: tuple[int, ...]
    """The windows that contacts are counted in, in seconds, shortest first."""
    most: int
    """The most contacts that are asked for: more of a kind than these make no difference."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A state: the number of a class of each thing."""

    attributes: Mapping[str, int]
    loads: Mapping[Measured, int]
    shares: Mapping[str, int]
    moment: int
    contacts: tuple[tuple[int, int], ...]
    """How many a person answered, and how many nobody did, by window; those of shorter windows count in."""


def opened(segments: Mapping[str, Node], node: Node | None, told: set[str] | None = None) -> Iterator[Leaf]:
    """All that a condition asks, with its segments opened, each once; those in ``told`` are passed over."""
    told = set() if told is None else told
    nodes = [node]
    while nodes:
        opening = nodes.pop()
        for leaf in leaves(opening) if opening is not None else ():
            if not isinstance(leaf, InSegment):
                yield leaf
            elif leaf.segment not in told:  # once: segments of segments would double and double again
                told.add(leaf.segment)
                nodes.append(segments[leaf.segment])


def space(
    books: tuple[Rulebook, ...],
    asked: Iterable[SideLeaf],
    since: int,
    in_time: Callable[[], None] = lambda: None,
) -> Space:
    """The state space of what is asked; moments begin at ``since``.

    ``in_time`` is called before each thing that may take long, and may raise.
    """
    distinct = list(dict.fromkeys(asked))
    each = [leaf for _, leaf in distinct]
    contacts = [leaf for leaf in each if isinstance(leaf, Contacts)]
    hours = sorted({(side, leaf.hours) for side, leaf in distinct if isinstance(leaf, Open)})
    columns = _columns(books)
    return Space(
        books=books,
        columns=columns,
        attributes=_attributes(columns, distinct, in_time),
        loads=_loads([leaf for leaf in each if isinstance(leaf, Load)]),
        shares=_shares([leaf for leaf in each if isinstance(leaf, Share)]),
        moments=moments({(side, name): books[side].hours[name] for side, name in hours}, since, in_time),
        windows=tuple(sorted({leaf.within for leaf in contacts})),
        most=max((leaf.at_least for leaf in contacts), default=0),
    )


def _columns(books: tuple[Rulebook, ...]) -> Mapping[str, Columns]:
    names = dict.fromkeys(name for book in books for name in book.attributes)
    return {name: tuple(book.attributes.get(name) for book in books) for name in names}


def _attributes(
    columns: Mapping[str, Columns], asked: list[SideLeaf], in_time: Callable[[], None]
) -> Mapping[str, Classes[Asked, Values]]:
    questions: dict[str, list[Asked]] = {}
    for side, leaf in asked:
        if isinstance(leaf, Is | OneOf | AtLeast | Below | Between | Prefix):
            questions.setdefault(leaf.attribute, []).append((side, leaf))
    found: dict[str, Classes[Asked, Values]] = {}
    for name, each in questions.items():
        in_time()
        found[name] = attribute_classes(columns[name], each)
    return found


def _loads(asked: list[Load]) -> Mapping[Measured, Classes[Load, int]]:
    """No news of a queue is the class of `CALM`.

    Where both who waits and for how long are asked for, it is asked too whether somebody does: the one says
    something of the other, see `waits`.
    """
    by_measure: dict[Measured, list[Load]] = {}
    for load in asked:
        by_measure.setdefault((load.queue, load.measure), []).append(load)
    for queue in dict.fromkeys(load.queue for load in asked):
        both = [(queue, leaf.measure) for leaf in waits(queue)]
        if all(measured in by_measure for measured in both):
            for measured, leaf in zip(both, waits(queue), strict=True):
                by_measure[measured] = list(dict.fromkeys((*by_measure[measured], leaf)))
    return {measured: _load(measured[1], loads) for measured, loads in by_measure.items()}


def waits(queue: str) -> tuple[Load, Load]:
    """That somebody waits in a queue, and that somebody has waited for a second: the second is the first too.

    The longest wait is of those who wait now. It is 0 also in the second in which the first one comes.
    """
    return Load(queue, Measure.WAITING, 1), Load(queue, Measure.LONGEST_WAIT, 1)


def _load(measure: Measure, loads: list[Load]) -> Classes[Load, int]:
    calm: int = getattr(CALM, measure)
    most = 1 if measure is Measure.KNOWN else MAX_LOAD
    values = sorted({calm, *steps([load.at_least for load in loads], 0, most)})
    return classes(
        values, calm, {load: [(bisect_left(values, load.at_least), len(values) - 1)] for load in loads}
    )


def _shares(asked: list[Share]) -> Mapping[str, Classes[Share, int]]:
    by_name: dict[str, list[Share]] = {}
    for share in asked:
        by_name.setdefault(share.of, []).append(share)
    return {of: _share(shares) for of, shares in by_name.items()}


def _share(shares: list[Share]) -> Classes[Share, int]:
    values = sorted({SHARES - 1, *steps([share.below for share in shares], 0, SHARES - 1)})
    return classes(
        values, SHARES - 1, {share: [(0, bisect_left(values, share.below) - 1)] for share in shares}
    )
