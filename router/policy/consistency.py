"""What must fit together in a hotline file beyond each value by itself.

These checks read the plain values, not the models: so they find their mistakes also in a file that
has others, and one run tells them all. What is no mapping or list here is pydantic's to tell.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from router.errors import Problem
from router.policy.schema import MAX_SEGMENTS, RouteEntry
from router.policy.source import Plain, Source, Steps

MAX_HEIGHT = 10
"""How deep segments may be built of segments."""
MAX_QUESTIONS = 1_000
"""How many single questions a segment may come to when its segments are opened."""

_ACTIONS = ("queue", "menu", "announce", "refuse")
_OF_QUEUES = {"priority", "penalty", "announcement", "owner"}
"""What a route says beside its queue."""


def inconsistencies(source: Source) -> Iterator[Problem]:
    """The mistakes inside one hotline file."""
    routes = _list(_mapping(source.value).get("routes"))
    yield from _order(source, routes)
    for kind in ("route", "promise"):
        yield from _repeated(source, kind)
    for place, route in enumerate(routes):
        yield from _action(source, ("routes", place), _mapping(route))
    segments = _mapping(_mapping(source.value).get("segments"))
    if len(segments) <= MAX_SEGMENTS:  # the schema tells of more; following them could exhaust the stack
        yield from _Weighing(source, segments).problems()


def conflicts(sources: Iterable[Source]) -> Iterator[Problem]:
    """Names and numbers that two hotlines claim, or one of them twice."""
    owners: dict[tuple[str, str], Problem] = {}
    for source in sources:
        for kind, name, steps in _claims(_mapping(source.value)):
            here = source.problem(steps, "")
            owner = owners.setdefault((kind, name), here)
            if owner is not here:
                where = f"{owner.file}:{owner.line}:{owner.column}"
                yield replace(here, message=f'the {kind} "{name}" is claimed already at {where}')


def _claims(hotline: Mapping[str, Any]) -> Iterator[tuple[str, str, Steps]]:
    if isinstance(name := hotline.get("hotline"), str):
        yield "hotline", name, ("hotline",)
    for place, number in enumerate(_list(hotline.get("numbers"))):
        if isinstance(number, str):
            yield "number", number, ("numbers", place)


def _mapping(value: Plain) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Plain) -> list[Any]:
    return value if isinstance(value, list) else []


def _order(source: Source, routes: list[Any]) -> Iterator[Problem]:
    """The last route matches every call, and no route before it does."""
    for place, route in enumerate(routes[:-1]):
        # a route with an unknown key may have meant that one for its when
        if isinstance(route, dict) and "when" not in route and set(route) <= set(RouteEntry.model_fields):
            line = source.places["routes", place][0]
            message = f"is never reached: the route on line {line} has no when and takes every call"
            yield source.problem(("routes", place + 1), message)
            return
    if routes and isinstance(routes[-1], dict) and "when" in routes[-1]:
        steps = ("routes", len(routes) - 1, "when")
        yield source.problem(steps, "the last route must take every call; leave out its when", at_key=True)


def _repeated(source: Source, kind: str) -> Iterator[Problem]:
    """No two routes have one name, and no two promises."""
    owners: dict[str, Steps] = {}
    for place, entry in enumerate(_list(_mapping(source.value).get(f"{kind}s"))):
        steps = (f"{kind}s", place, "name")
        name = _mapping(entry).get("name")
        if isinstance(name, str) and (owner := owners.setdefault(name, steps)) != steps:
            line = source.places[owner][0]
            yield source.problem(steps, f'"{name}" is the name of the {kind} on line {line} already')


def _action(source: Source, steps: Steps, route: Mapping[str, Any]) -> Iterator[Problem]:
    """A call goes one way, and only a queue has priorities and later stages."""
    to = route.get("to")
    if not isinstance(to, dict):
        return
    actions = [key for key in to if key in _ACTIONS]
    # any other key is an unknown one, and told as such
    if not actions and set(to) <= _OF_QUEUES:
        yield source.problem((*steps, "to"), "must have one of queue, menu, announce, refuse")
    for action in actions[1:]:
        message = f"a call goes one way: {actions[0]} is there already"
        yield source.problem((*steps, "to", action), message, at_key=True)
    if "refuse" in actions and "reason" not in route:
        message = "a call that is refused needs a reason; add reason: {en: …, zh: …} to the route"
        yield source.problem((*steps, "to", "refuse"), message, at_key=True)
    if actions and "queue" not in actions:
        for key in to:
            if key in _OF_QUEUES:
                yield source.problem((*steps, "to", key), "is for a queue only", at_key=True)
        if "overflow" in route:
            yield source.problem((*steps, "overflow"), "is for a queue only", at_key=True)


def references(value: Plain, steps: Steps) -> Iterator[tuple[Steps, str]]:
    """The segments that a condition names, and where."""
    if isinstance(value, str):
        yield steps, value
    elif isinstance(value, dict):
        if isinstance(segment := value.get("segment"), str):
            yield (*steps, "segment"), segment
        yield from references(value.get("not"), (*steps, "not"))
        for key in ("all", "any"):
            for place, part in enumerate(_list(value.get(key))):
                yield from references(part, (*steps, key, place))


def questions(value: Plain) -> int:
    """How many single questions a condition asks itself, its segments not opened."""
    if not isinstance(value, dict):
        return 0
    parts = [part for key in ("all", "any") for part in _list(value.get(key))]
    own = len(set(value) - {"all", "any", "not", "segment"})
    return own + sum(map(questions, [*parts, value.get("not")]))


@dataclass(slots=True)
class _Weighing:
    """Follows segments into segments: none may lead back to itself, none may grow beyond measure."""

    source: Source
    segments: Mapping[str, Any]
    weights: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Height and number of questions of the segments that have been followed."""
    found: list[Problem] = field(default_factory=list)

    def problems(self) -> list[Problem]:
        for name in self.segments:
            self.weigh(name, ())
        return self.found

    def weigh(self, name: str, above: tuple[str, ...]) -> tuple[int, int]:
        if name in self.weights:
            return self.weights[name]
        height, asked = 0, questions(self.segments[name])
        for steps, other in references(self.segments[name], ("segments", name)):
            if other in (line := (*above, name)):
                circle = " → ".join([*line[line.index(other) :], other])
                self.found.append(self.source.problem(steps, f"leads back to itself: {circle}"))
            elif other in self.segments:
                weight = self.weigh(other, (*above, name))
                height, asked = max(height, weight[0]), asked + weight[1]
        self.weights[name] = self.bounded(name, height + 1, asked)
        return self.weights[name]

    def bounded(self, name: str, height: int, asked: int) -> tuple[int, int]:
        """The weight; past a bound the problem is told once, and what stands above starts again."""
        if height <= MAX_HEIGHT and asked <= MAX_QUESTIONS:
            return height, asked
        message = (
            f"is built of segments more than {MAX_HEIGHT} deep"
            if height > MAX_HEIGHT
            else f"asks more than {MAX_QUESTIONS} questions when its segments are opened"
        )
        self.found.append(self.source.problem(("segments", name), message))
        return 1, 1
