"""What is no mistake but worth knowing: overlaps of routes, and overflow that comes back."""

from collections.abc import Iterator

from router.decision import Penalty, ToQueue
from router.facts import Facts
from router.policy.proof.findings import Finding, Kind
from router.policy.proof.formulas import any_of, negated
from router.policy.proof.solver import Answer
from router.policy.proof.subject import Subject
from router.policy.rulebook import Hotline

MAX_OVERLAPS = 20
"""The overlaps of a hotline that are told; with more, nobody reads them."""


def overlaps(subject: Subject, living: list[int]) -> tuple[list[Finding], int]:
    """Pairs of routes with different destinations, both met by one caller, neither within the other.

    Only pairs that the order decides: the one takes a call that the other would have. Besides, how many
    routes were not looked at.
    """
    found: list[Finding] = []
    routes = subject.hotline.routes
    for position, place in enumerate(living):
        others = [
            other
            for other in living[position + 1 :]
            if routes[other].when is not None
            and routes[other].action.destination != routes[place].action.destination
        ]
        for finding in _overlaps(subject, place, others):
            if len(found) == MAX_OVERLAPS or finding is None:
                return found, len(living) - position
            found.append(finding)
    return found, 0


def _overlaps(subject: Subject, place: int, others: list[int]) -> Iterator[Finding | None]:
    """Overlaps of a route with later ones; None and no more when there is no time.

    One question finds a caller whom the route takes from any of the others, so most take one question.
    """
    solver, ladder = subject.solver, subject.ladder
    matches = ladder.matches
    while others:
        either = solver.formulas.literal(any_of(matches[other] for other in others))
        answer = solver.ask(ladder.takes[place], either)
        if answer is Answer.NO:
            return
        found = subject.found() if answer is Answer.YES else None
        if found is None:
            yield None
            return
        facts = found.facts(0, subject.dnis)
        met = next(other for other in others if subject.meets(subject.hotline.routes[other].when, facts))
        others = [other for other in others if other != met]
        crossing = [
            solver.ask(matches[place], negated(matches[met])),
            solver.ask(matches[met], negated(matches[place])),
        ]
        if Answer.UNDECIDED in crossing or (finding := _overlap(subject, place, met)) is None:
            yield None
            return
        if Answer.NO not in crossing:
            yield finding


def _overlap(subject: Subject, place: int, other: int) -> Finding | None:
    one, two = subject.hotline.routes[place], subject.hotline.routes[other]
    ladder = subject.ladder
    if subject.solver.ask(ladder.takes[place], ladder.matches[other]) is not Answer.YES:
        return None

    def shows(facts: Facts, rule: str) -> bool:
        return rule == one.name and subject.meets(two.when, facts)

    witness = subject.witness(shows, [two.when])
    if witness is None:
        return None
    message = (
        f'overlaps with "{two.name}": {witness.words}; "{one.name}" takes the call to '
        f'{one.action.destination}, "{two.name}" would take it to {two.action.destination}'
    )
    return Finding(
        kind=Kind.OVERLAP,
        hotline=subject.hotline.name,
        file=subject.hotline.file,
        steps=("routes", place),
        name=one.name,
        message=message,
        routes=(two.name,),
        witness=witness,
    )


def returns(hotline: Hotline, place: int) -> Iterator[Finding]:
    """Overflow of a route that leads back to a queue and gains nothing by it: neither priority nor agents."""
    route = hotline.routes[place]
    if not isinstance(route.action, ToQueue):
        return
    before = [(route.action.queue, route.action.priority, route.action.penalty)]
    for number, stage in enumerate(route.action.overflow):
        if any(
            queue == stage.queue and stage.priority <= priority and not _wider(stage.penalty, penalty)
            for queue, priority, penalty in before
        ):
            yield Finding(
                kind=Kind.RETURN,
                hotline=hotline.name,
                file=hotline.file,
                steps=("routes", place, "overflow", number),
                name=route.name,
                message=(
                    f'comes back to queue "{stage.queue}", where nobody was free, with no greater priority '
                    "and no more agents: the caller loses his place"
                ),
            )
        before.append((stage.queue, stage.priority, stage.penalty))


def _wider(later: Penalty | None, earlier: Penalty | None) -> bool:
    """Whether other agents may take the call than before; without limits the dialplan chooses them."""
    if later is None or earlier is None:
        return later != earlier
    return later.low < earlier.low or later.high > earlier.high
