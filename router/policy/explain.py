"""Why a call goes where it goes: the decision, and every condition on the way to it with the value it saw.

An explanation runs the functions that decide: each answer in it is that of `Tree.closures`, the same closures
as in `decide`. Nothing here knows what a condition means; what it looked at is only shown.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from router.decision import Decision
from router.facts import CALM, Facts, Value
from router.policy.attributes import Attribute
from router.policy.conditions import Closures, drawn
from router.policy.decide import Policies, Tree, decide
from router.policy.hours import Hours
from router.policy.nodes import (
    AllOf,
    AnyOf,
    Contacts,
    InSegment,
    Leaf,
    Load,
    Measure,
    Node,
    Not,
    Open,
    Share,
)
from router.policy.owner import owner_for
from router.policy.rulebook import Hotline, Route


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerValue:
    """A question looked at an attribute."""

    attribute: Attribute
    value: Value

    @property
    def is_missing(self) -> bool:
        """It is the value that counts where nobody knows one (a customer may have it all the same)."""
        return self.value == self.attribute.missing


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactCount:
    """A window had this many earlier calls of the kind that is counted."""

    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueMeasure:
    """A queue was measured."""

    value: int
    """Callers, agents or seconds, by the measure."""
    is_news: bool
    """False: there was no fresh news, and the queue counts as calm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockTime:
    """Hours were compared with the time of the call."""

    hours: Hours
    at: int
    """Seconds since the epoch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """A share drew the caller."""

    part: int
    """From 0 to `SHARES` - 1."""


Seen = CustomerValue | ContactCount | QueueMeasure | ClockTime | Draw
"""What a leaf looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """A condition, and how it came out for one call."""

    node: Node
    holds: bool
    asked: bool
    """It was needed. False: what stands before it in its ``all`` or ``any`` had settled the answer."""
    seen: Seen | None
    """Of a leaf, the value it looked at; None for a condition that has parts."""
    parts: tuple["Trace", ...]
    """In the order of the node; of a segment, the one condition that it stands for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentTrace:
    """Whether the caller belongs to a segment."""

    name: str
    trace: Trace
    """``asked`` is false behind the first segment that the caller belongs to: a decision names no other."""

    @property
    def belongs(self) -> bool:
        """The caller belongs to it."""
        return self.trace.holds


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteTrace:
    """Whether a route takes the call."""

    route: Route
    trace: Trace | None
    """None: the route takes every call."""

    @property
    def matches(self) -> bool:
        """It would take the call, were it the first."""
        return self.trace is None or self.trace.holds


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why a call goes where it goes.

    Conditions are asked as the file is read: first segment first, first route first, part by part. The
    compiled policies ask less (a route of another segment is never asked) and come out the same.
    """

    facts: Facts
    decision: Decision
    """The very object that `decide` returns; it names the version."""
    hotline: Hotline
    segments: tuple[SegmentTrace, ...]
    """All of the hotline, in its order."""
    routes: tuple[RouteTrace, ...]
    """In order, up to the one that took the call."""
    owner: str
    """The agent who is rung first; empty: nobody in particular."""

    @property
    def route(self) -> Route:
        """The one that took the call."""
        return self.routes[-1].route


def explain(policies: Policies, facts: Facts) -> Explanation:
    """The decision for a call, and how each condition on the way to it came out.

    Raises:
        NoHotline: the number dialled belongs to no hotline.
    """
    decision = decide(policies, facts)
    tree = policies.trees[facts.call.dnis]
    tracer = _Tracer(policies, tree, facts)
    return Explanation(
        facts=facts,
        decision=decision,
        hotline=tree.hotline,
        segments=tuple(tracer.segments()),
        routes=tuple(tracer.routes()),
        owner=owner_for(decision.action, facts),
    )


@dataclass(frozen=True, slots=True)
class _Tracer:
    """Follows one call through the conditions of one hotline."""

    policies: Policies
    tree: Tree
    facts: Facts

    def segments(self) -> Iterator[SegmentTrace]:
        asked = True
        for name, node in self.tree.hotline.segments.items():
            segment = SegmentTrace(name=name, trace=self.trace(node, asked=asked))
            yield segment
            asked = asked and not segment.belongs

    def routes(self) -> Iterator[RouteTrace]:
        for route in self.tree.hotline.routes:
            trace = None if route.when is None else self.trace(route.when, asked=True)
            taken = RouteTrace(route=route, trace=trace)
            yield taken
            if taken.matches:
                return

    def trace(self, node: Node, *, asked: bool) -> Trace:
        return Trace(
            node=node,
            holds=self.tree.closures.of(node)(self.facts),
            asked=asked,
            seen=None if isinstance(node, AllOf | AnyOf | Not | InSegment) else self.seen(node),
            parts=tuple(self.parts(node, asked=asked)),
        )

    def parts(self, node: Node, *, asked: bool) -> Iterator[Trace]:
        match node:
            case AllOf(nodes=nodes) | AnyOf(nodes=nodes):
                settles = isinstance(node, AnyOf)  # the answer of a part after which no other is asked
                for inner in nodes:
                    part = self.trace(inner, asked=asked)
                    yield part
                    asked = asked and part.holds is not settles
            case Not(node=inner):
                yield self.trace(inner, asked=asked)
            case InSegment(segment=segment):
                yield self.trace(self.tree.hotline.segments[segment], asked=asked)
            case _:
                return

    def seen(self, leaf: Leaf) -> Seen:
        facts = self.facts
        match leaf:
            case Contacts():
                return ContactCount(count=_counted(leaf, facts))
            case Open(hours=hours):
                return ClockTime(hours=self.policies.book.hours[hours], at=facts.now)
            case Load(queue=queue, measure=measure):
                value: int = getattr(facts.loads.get(queue, CALM), measure)
                return QueueMeasure(value=value, is_news=measure is Measure.KNOWN or queue in facts.loads)
            case Share(of=of):
                return Draw(part=drawn(of, facts.identity))
            case _:
                attribute = self.policies.book.attributes[leaf.attribute]
                return CustomerValue(attribute=attribute, value=facts.customer[attribute.name])


def traces(explanation: Explanation) -> Iterator[Trace]:
    """Every trace of an explanation, a condition before its parts."""
    left = [route.trace for route in reversed(explanation.routes) if route.trace is not None]
    left += [segment.trace for segment in reversed(explanation.segments)]
    while left:
        trace = left.pop()
        yield trace
        left += reversed(trace.parts)


def _counted(leaf: Contacts, facts: Facts) -> int:
    """How many contacts the condition counts: the most that it would hold for."""
    closures = Closures({}, {})  # of its own: each number asked for is a function more
    count = 0
    while closures.of(replace(leaf, at_least=count + 1))(facts):
        count += 1
    return count
