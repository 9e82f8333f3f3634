"""From files that are right to a rulebook: the schema's models become plain values."""

from collections.abc import Iterator, Mapping
from typing import Any

from router.decision import Action, Announce, Overflow, Owner, Penalty, Refuse, ToMenu, ToQueue
from router.policy.clauses import Condition, LoadTest, tests_of
from router.policy.nodes import (
    FIGURES,
    SHARES,
    AllOf,
    AnyOf,
    AtLeast,
    Below,
    Between,
    Contacts,
    InSegment,
    Is,
    Load,
    Measure,
    Node,
    Not,
    OneOf,
    Open,
    Prefix,
    Share,
)
from router.policy.rulebook import GoesTo, Hotline, Menu, Outcome, PersonWithin, Promise, Queue, Report, Route
from router.policy.schema import (
    GoesToEntry,
    HotlineFile,
    KeyTo,
    PenaltyEntry,
    PromiseEntry,
    QueuesFile,
    RouteEntry,
    To,
)


def hotline_of(file: HotlineFile, name: str) -> Hotline:
    """The hotline that a file of this name says."""
    report = file.report
    return Hotline(
        name=file.hotline,
        file=name,
        numbers=tuple(file.numbers),
        report=None if report is None else Report(**report.model_dump()),
        segments={name: node_of(condition) for name, condition in file.segments.items()},
        routes=tuple(map(_route, file.routes)),
        promises=tuple(map(_promise, file.promises)),
    )


def queues_of(file: QueuesFile) -> Mapping[str, Queue]:
    """The queues of queues.yaml, by name."""
    return {name: Queue(name=name, **entry.model_dump()) for name, entry in file.queues.items()}


def menus_of(file: QueuesFile) -> Mapping[str, Menu]:
    """The menus of queues.yaml, by name."""
    return {
        name: Menu(name=name, keys=_keys(entry.keys), description=entry.description)
        for name, entry in file.menus.items()
    }


def _keys(keys: Mapping[str, KeyTo]) -> Mapping[str, str]:
    queues = {key: f"queue:{to.queue}" for key, to in keys.items() if to.queue is not None}
    return queues | {key: f"menu:{to.menu}" for key, to in keys.items() if to.menu is not None}


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
    if condition.open is not None:
        nodes.append(Open(condition.open))
    if condition.load is not None:
        nodes.extend(_loads(condition.load))
    if (share := condition.share) is not None:
        nodes.append(Share(share.of, round(share.percent * SHARES / 100)))
    for name, tests in tests_of(condition).items():
        nodes.extend(_question(name, test, value) for test, value in tests.items())
    return nodes[0] if len(nodes) == 1 else AllOf(tuple(nodes))


def _loads(test: LoadTest) -> Iterator[Node]:
    if test.known is not None:
        known = Load(test.queue, Measure.KNOWN, 1)
        yield known if test.known else Not(known)
    for measure in FIGURES:
        asked = getattr(test, measure)
        if asked is not None and asked.at_least is not None:
            yield Load(test.queue, measure, asked.at_least)
        if asked is not None and asked.below is not None:
            yield Not(Load(test.queue, measure, asked.below))


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
            return ToQueue(
                queue=queue,
                priority=to.priority,
                penalty=_penalty(to.penalty),
                announcement=to.announcement,
                owner=None if to.owner is None else Owner(within=to.owner.within, wait=to.owner.wait),
                overflow=_overflow(to.priority, entry),
            )
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
        stages.append(
            Overflow(
                after=stage.after,
                queue=stage.to.queue,
                priority=priority,
                penalty=_penalty(stage.to.penalty),
            )
        )
    return tuple(stages)


def _penalty(entry: PenaltyEntry | None) -> Penalty | None:
    return None if entry is None else Penalty(low=entry.min, high=entry.max)


def _promise(entry: PromiseEntry) -> Promise:
    when = None if entry.when is None else node_of(entry.when)
    return Promise(name=entry.name, when=when, always=outcome_of(entry.always))


def outcome_of(entry: GoesToEntry) -> Outcome:
    """What is promised, or expected, of a call."""
    if entry.person_within_keys is not None:
        return PersonWithin(keys=entry.person_within_keys)
    kinds = ("queue", "menu", "announce", "refuse")
    return GoesTo(destinations=frozenset(f"{kind}:{name}" for kind in kinds for name in getattr(entry, kind)))
