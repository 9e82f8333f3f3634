"""From a hotline file that is right to a hotline that decides.

A call's decision names the caller's first segment, so that segment is looked for first. Once it is
known, most routes are settled: those that ask for it match, those that ask for an earlier one do not.
What is left is worked out here once for each segment, not for each call.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from router.decision import Action, Announce, Decision, Overflow, Refuse, ToMenu, ToQueue
from router.policy.clauses import Condition, tests_of
from router.policy.conditions import Closures, Test, always
from router.policy.decide import Branch, Hotline, Report, Route
from router.policy.names import NO_SEGMENT
from router.policy.nodes import (
    AllOf,
    AnyOf,
    AtLeast,
    Below,
    Between,
    Contacts,
    InSegment,
    Is,
    Node,
    Not,
    OneOf,
    Prefix,
    settle,
)
from router.policy.schema import HotlineFile, RouteEntry, To


def compile_hotline(file: HotlineFile, version: str) -> Hotline:
    """The hotline of a file; its decisions carry ``version``."""
    segments = {name: node_of(condition) for name, condition in file.segments.items()}
    routes = tuple(map(_route, file.routes))
    report = file.report
    return Hotline(
        name=file.hotline,
        numbers=tuple(file.numbers),
        report=None if report is None else Report(**report.model_dump()),
        segments=segments,
        routes=routes,
        branches=_branches(file.hotline, version, segments, routes),
    )


def node_of(condition: Condition) -> Node:
    """A condition of the file as a node; several keys become one `AllOf`."""
    nodes: list[Node] = []
    if condition.segment is not None:
        nodes.append(InSegment(condition.segment))
    if condition.all is not None:
        nodes.append(AllOf(tuple(map(node_of, condition.all))))
    if condition.any is not None:
        nodes.append(AnyOf(tuple(map(node_of, condition.any))))
    if condition.not_ is not None:
        nodes.append(Not(node_of(condition.not_)))
    if (contacts := condition.contacts) is not None:
        nodes.append(Contacts(contacts.within, contacts.answered, contacts.at_least))
    for name, tests in tests_of(condition).items():
        nodes.extend(_question(name, test, value) for test, value in tests.items())
    return nodes[0] if len(nodes) == 1 else AllOf(tuple(nodes))


def _question(attribute: str, test: str, value: Any) -> Node:
    match test:
        case "is":
            return Is(attribute, value)
        case "one_of":
            return OneOf(attribute, frozenset(value))
        case "at_least":
            return AtLeast(attribute, value)
        case "below":
            return Below(attribute, value)
        case "between":
            return Between(attribute, *value)
        case "prefix":
            return Prefix(attribute, value)
    raise AssertionError(test)  # the schema has no other test


def _route(entry: RouteEntry) -> Route:
    return Route(
        name=entry.name,
        when=None if entry.when is None else node_of(entry.when),
        action=_action(entry.to, entry),
        reason=None if entry.reason is None else {"en": entry.reason.en, "zh": entry.reason.zh},
    )


def _action(to: To, entry: RouteEntry) -> Action:
    match to:
        case To(queue=str(queue)):
            return ToQueue(queue=queue, priority=to.priority, overflow=_overflow(to.priority, entry))
        case To(menu=str(menu)):
            return ToMenu(menu=menu)
        case To(announce=str(prompt)):
            return Announce(prompt=prompt)
        case To(refuse=str(prompt)):
            return Refuse(prompt=prompt)
    raise AssertionError(to)  # a file with any other is inconsistent


def _overflow(priority: int, entry: RouteEntry) -> tuple[Overflow, ...]:
    stages: list[Overflow] = []
    for stage in entry.overflow:
        priority = priority if stage.to.priority is None else stage.to.priority
        stages.append(Overflow(after=stage.after, queue=stage.to.queue, priority=priority))
    return tuple(stages)


def _branches(
    hotline: str, version: str, segments: Mapping[str, Node], routes: tuple[Route, ...]
) -> tuple[Branch, ...]:
    closures = Closures(segments)
    earlier: dict[str, bool] = {}
    branches: list[Branch] = []
    for segment in [*segments, NO_SEGMENT]:
        belongs = closures.of(segments[segment]) if segment in segments else always
        choices = [
            (
                True if route.when is None else settle(route.when, {**earlier, segment: True}),
                Decision(
                    action=route.action, hotline=hotline, rule=route.name, segment=segment, policy=version
                ),
            )
            for route in routes
        ]
        branches.append(_branch(belongs, choices, closures))
        earlier[segment] = False
    return tuple(branches)


def _branch(belongs: Test, choices: Iterable[tuple[Node | bool, Decision]], closures: Closures) -> Branch:
    still_open: list[tuple[Test, Decision]] = []
    for left, decision in choices:
        if left is True:
            return Branch(belongs=belongs, open=tuple(still_open), settled=decision)
        if left is not False:
            still_open.append((closures.of(left), decision))
    raise AssertionError("the last route takes every call")  # a file without such a route is inconsistent
