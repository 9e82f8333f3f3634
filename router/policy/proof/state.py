"""A state as facts that `decide` takes: from the classes that a solver found to one caller, made plain."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from router.facts import CALM, QUIET, Call, CallId, Contact, Data, Facts, QueueLoad
from router.policy.attributes import KNOWN
from router.policy.conditions import somebody
from router.policy.nodes import FIGURES, SHARES
from router.policy.proof.classes import Values
from router.policy.proof.runs import contains
from router.policy.proof.space import Point, Space

ANYBODY = "caller-0"
"""The identity that is tried first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """One caller in one state, for every version under proof."""

    customer: Mapping[str, Values]
    """Every attribute of any version."""
    contacts: tuple[tuple[int, bool], ...]
    """How long ago, in seconds, and whether a person answered."""
    loads: Mapping[str, QueueLoad]
    identity: str
    now: int

    def facts(self, side: int, dnis: str) -> Facts:
        """The facts of a call to this number in the eyes of a version."""
        contacts = (
            Contact(
                at=self.now - ago,
                call_id=CallId(f"earlier-{number}"),
                answered=answered,
                queue="general" if answered else "",
            )
            for number, (ago, answered) in enumerate(self.contacts)
        )
        return Facts(
            call=Call(call_id=CallId("now"), ani=None, dnis=dnis),
            customer={
                name: value for name, values in self.customer.items() if (value := values[side]) is not None
            },
            contacts=tuple(contacts),
            loads=self.loads,
            identity=self.identity,
            now=self.now,
            data=Data.FRESH,
        )


def state(space: Space, point: Point) -> State | None:
    """The state of a point; None when no identity was found whose shares are drawn like that."""
    identity = _identity(space, point)
    if identity is None:
        return None
    customer = {
        name: space.attributes[name].examples[point.attributes[name]]
        if name in space.attributes
        else missing(space, name)
        for name in space.columns
    }
    if KNOWN not in space.attributes:  # nobody asks, and whoever has attributes is known
        customer[KNOWN] = tuple(True for _ in space.books)
    return State(
        customer=customer,
        contacts=tuple(_contacts(space, point)),
        loads=_loads(space, point),
        identity=identity,
        now=space.moments.examples[point.moment],
    )


def missing(space: Space, name: str) -> Values:
    """What an attribute is for an unknown caller."""
    return tuple(None if column is None else column.missing for column in space.columns[name])


def _contacts(space: Space, point: Point) -> Iterator[tuple[int, bool]]:
    """Each at the far end of its window: exactly that long ago still counts."""
    before = (0, 0)
    for within, (answered, unanswered) in zip(space.windows, point.contacts, strict=True):
        yield from [(within, True)] * (answered - before[0])
        yield from [(within, False)] * (unanswered - before[1])
        before = (answered, unanswered)


def _loads(space: Space, point: Point) -> Mapping[str, QueueLoad]:
    loads: dict[str, QueueLoad] = {}
    for (queue, measure), number in point.loads.items():
        value = space.loads[queue, measure].examples[number]
        loads[queue] = replace(loads.get(queue, QUIET), **{measure.value: value})
    return {queue: _possible(load) for queue, load in loads.items() if load.known}


def _possible(load: QueueLoad) -> QueueLoad:
    """Somebody waits where somebody has waited long, also when nobody asks how many do."""
    return replace(load, waiting=1) if load.longest_wait and not load.waiting else load


def _identity(space: Space, point: Point) -> str | None:
    """Somebody whose draws lie between the shares that he must be in and those that he must not."""
    wanted: dict[str, tuple[int, int]] = {}
    for of, number in point.shares.items():
        answers = space.shares[of].answers
        outside = [share.below for share, numbers in answers.items() if not contains(numbers, number)]
        inside = [share.below for share, numbers in answers.items() if contains(numbers, number)]
        wanted[of] = max(outside, default=0), min(inside, default=SHARES)
    # the rarest first
    return somebody(dict(sorted(wanted.items(), key=lambda each: each[1][1] - each[1][0])))


def simplest(space: Space, found: State, still: Callable[[State], bool]) -> State:
    """As much of a state as can be made plain, one thing after another, while ``still`` is true of it."""
    for simpler in (_plainer_customers, _plainer_contacts, _plainer_loads, _plainer_times):
        changed = True
        while changed:
            changed = False
            for candidate in simpler(space, found):
                if still(candidate):
                    found, changed = candidate, True
                    break
    return found


def _plainer_customers(space: Space, found: State) -> Iterator[State]:
    special = [name for name in found.customer if found.customer[name] != missing(space, name)]
    for name in special:
        if name != KNOWN or special == [KNOWN]:  # an unknown caller has no attributes
            yield replace(found, customer={**found.customer, name: missing(space, name)})


def _plainer_contacts(_space: Space, found: State) -> Iterator[State]:
    if found.contacts:
        yield replace(found, contacts=())
    for place in range(len(found.contacts)):
        yield replace(found, contacts=found.contacts[:place] + found.contacts[place + 1 :])


def _plainer_loads(_space: Space, found: State) -> Iterator[State]:
    for queue, load in found.loads.items():
        others = {name: other for name, other in found.loads.items() if name != queue}
        yield replace(found, loads=others)
        for measure in FIGURES:
            calmer = _possible(replace(load, **{measure.value: getattr(CALM, measure)}))
            if calmer != load:
                yield replace(found, loads={**others, queue: calmer})


def _plainer_times(space: Space, found: State) -> Iterator[State]:
    plain = space.moments.examples[space.moments.plain]
    if found.now != plain:
        yield replace(found, now=plain)
    if found.identity != ANYBODY:
        yield replace(found, identity=ANYBODY)
