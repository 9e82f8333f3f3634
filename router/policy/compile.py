"""From a rulebook to policies that decide.

A call's decision names the caller's first segment, so that segment is looked for first. Once it is
known, most routes are settled: those that ask for it match, those that ask for an earlier one do not.
What is left is worked out here once for each segment, not for each call.
"""

from collections.abc import Iterable, Iterator

from router.decision import Decision, ToQueue
from router.facts import Caller
from router.policy.attributes import KNOWN
from router.policy.conditions import Closures, Test, always
from router.policy.decide import Branch, Needs, Policies, Tree
from router.policy.names import NO_SEGMENT
from router.policy.nodes import (
    AtLeast,
    Below,
    Between,
    Contacts,
    InSegment,
    Is,
    Leaf,
    Load,
    Node,
    OneOf,
    Prefix,
    settle,
)
from router.policy.rulebook import Hotline, Rulebook, asked_by
from router.policy.schema import REPEAT_WITHIN

PROVINCE = "province"
"""The attribute by which KPIs are told apart; it is asked of the store wherever policies declare it."""


def compiled(book: Rulebook) -> Policies:
    """The policies of a rulebook; their decisions carry its version."""
    trees = [_tree(book, hotline) for hotline in book.hotlines]
    asked = [leaf for hotline in book.hotlines for leaf in asked_by(hotline)]
    # "known" always: a lookup of no field at all is an error to Redis
    looked_at = {KNOWN, PROVINCE} | {
        leaf.attribute for leaf in asked if isinstance(leaf, Is | OneOf | AtLeast | Below | Between | Prefix)
    }
    return Policies(
        book=book,
        needs=Needs(
            attributes=tuple(attribute for name, attribute in book.attributes.items() if name in looked_at),
            queues=tuple(sorted({leaf.queue for leaf in asked if isinstance(leaf, Load)})),
        ),
        unknown=Caller(
            customer={name: attribute.missing for name, attribute in book.attributes.items()},
            contacts=(),
            loads={},
        ),
        longest_window=max(_windows(asked, trees), default=0),
        trees={number: tree for tree in trees for number in tree.hotline.numbers},
        decisions=tuple(
            decision
            for tree in trees
            for branch in tree.branches
            for decision in (*(choice for _, choice in branch.open), branch.settled)
        ),
    )


def _windows(asked: Iterable[InSegment | Leaf], trees: Iterable[Tree]) -> Iterator[int]:
    """How far back contacts are looked for: by conditions, for owners, and to tell a repeated call."""
    yield from (leaf.within for leaf in asked if isinstance(leaf, Contacts))
    for tree in trees:
        yield tree.repeat_within
        for route in tree.hotline.routes:
            if isinstance(route.action, ToQueue) and route.action.owner is not None:
                yield route.action.owner.within


def _tree(book: Rulebook, hotline: Hotline) -> Tree:
    segments = hotline.segments
    closures = Closures(segments, book.hours)
    earlier: dict[str, bool] = {}
    branches: list[Branch] = []
    for segment in [*segments, NO_SEGMENT]:
        belongs = closures.of(segments[segment]) if segment in segments else always
        choices = [
            (
                True if route.when is None else settle(route.when, {**earlier, segment: True}),
                Decision(
                    action=route.action,
                    hotline=hotline.name,
                    rule=route.name,
                    segment=segment,
                    policy=book.version,
                ),
            )
            for route in hotline.routes
        ]
        branches.append(_branch(belongs, choices, closures))
        earlier[segment] = False
    return Tree(
        hotline=hotline,
        branches=tuple(branches),
        repeat_within=REPEAT_WITHIN if hotline.report is None else hotline.report.repeat_within,
        closures=closures,
    )


def _branch(belongs: Test, choices: Iterable[tuple[Node | bool, Decision]], closures: Closures) -> Branch:
    still_open: list[tuple[Test, Decision]] = []
    for left, decision in choices:
        if left is True:
            return Branch(belongs=belongs, open=tuple(still_open), settled=decision)
        if left is not False:
            still_open.append((closures.of(left), decision))
    raise AssertionError("the last route takes every call")  # a file without such a route is inconsistent
