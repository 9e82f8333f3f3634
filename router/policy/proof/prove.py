"""The proof of a folder of policies: promises, segments, routes, overflow and overlaps of every hotline."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal

from router.decision import ToQueue
from router.facts import Facts
from router.policy.compile import compiled
from router.policy.decide import Policies
from router.policy.nodes import Node
from router.policy.proof.findings import Finding, Judged, Kind, Proof, Undecided, Verdict, Why, Witness
from router.policy.proof.formulas import any_of
from router.policy.proof.ladder import eaters
from router.policy.proof.overlaps import overlaps, returns
from router.policy.proof.solver import Answer, Deadline, OutOfTime
from router.policy.proof.subject import Subject, size, subject
from router.policy.proof.words import outcome
from router.policy.rulebook import Hotline, Promise, Route, Rulebook, keeps
from router.policy.source import Steps

_SHARES = (0.8, 0.95, 1.0)
"""Of the time left, how much promises may take, then segments and routes, then overlaps."""


def prove(book: Rulebook, *, budget: float, clock: Callable[[], float], since: int) -> Proof:
    """Prove what the policies promise, and find what cannot have been meant.

    ``budget``: seconds by ``clock``; what is not decided by then is told as undecided. ``since``: seconds
    since the epoch; hours are taken as they are in the years from then on. Promises of all hotlines come
    first, then segments and routes, then overlaps; each time the smallest hotlines first, and each with a
    fair share of the time that is left, so that a large one leaves none of the others undecided.
    """
    deadline = Deadline(clock, clock() + budget)
    policies = compiled(book)
    examined = [_Examined(policies, hotline, since) for hotline in book.hotlines]
    smallest_first = sorted(examined, key=lambda each: size(each.hotline))
    steps = (_Examined.promises, _Examined.segments_and_routes, _Examined.overlaps)
    for step, share in zip(steps, _SHARES, strict=True):
        until = deadline.after(share)
        for place, each in enumerate(smallest_first):
            step(each, until.after(1 / (len(examined) - place)))
    return Proof(
        version=book.version,
        promises=tuple(judged for each in examined for judged in each.judged),
        findings=tuple(finding for each in examined for finding in each.found),
        undecided=tuple(left for each in examined for left in each.undecided),
        uncompared=sum(each.uncompared for each in examined),
    )


@dataclass(slots=True)
class _Examined:
    """A hotline, and what has been found of it so far."""

    policies: Policies
    hotline: Hotline
    since: int
    asking: Subject | None = None
    """None: not yet, or there was no time to put it to a solver."""
    judged: list[Judged] = field(default_factory=list)
    found: list[Finding] = field(default_factory=list)
    undecided: list[Undecided] = field(default_factory=list)
    living: list[int] = field(default_factory=list)
    """Places of the routes that take calls."""
    uncompared: int = 0
    """Routes that were not looked at for overlaps."""

    @property
    def subject(self) -> Subject:
        """The hotline before its solver.

        Raises:
            OutOfTime: there was no time for that.
        """
        if self.asking is None:
            raise OutOfTime
        self.asking.solver.deadline.check()
        return self.asking

    # --- promises --------------------------------------------------------------------------

    def promises(self, deadline: Deadline) -> None:
        with suppress(OutOfTime):
            self.asking = subject(self.policies, self.hotline, self.since, deadline)
        for place, promise in enumerate(self.hotline.promises):
            steps = ("promises", place)
            try:
                verdict, finding = self.promise(promise, steps)
            except OutOfTime:
                self.leave(steps, "promise", promise.name)
                verdict, finding = Verdict.UNDECIDED, None
            self.found += [] if finding is None else [finding]
            self.judged.append(
                Judged(hotline=self.hotline.name, name=promise.name, verdict=verdict, finding=finding)
            )

    def promise(self, promise: Promise, steps: Steps) -> tuple[Verdict, Finding | None]:
        subject = self.subject
        solver, ladder, book = subject.solver, subject.ladder, subject.policies.book
        meant = ladder.condition(promise.when)
        wrong = [
            takes
            for takes, route in zip(ladder.takes, self.hotline.routes, strict=True)
            if not keeps(book, route.action, promise.always)
        ]
        answer = solver.ask(meant, solver.formulas.literal(any_of(wrong))) if wrong else Answer.NO
        if answer is Answer.YES:
            witness = self.broken(promise)
            if witness is None:
                self.leave(steps, "promise", promise.name, Why.DRAWN)
                return Verdict.UNDECIDED, None
            message = (
                f'is broken: {witness.words}; route "{witness.decision.rule}" takes the call to '
                f"{witness.decision.destination}, promised is {outcome(promise.always)}"
            )
            return Verdict.BROKEN, self.finding(
                Kind.BROKEN_PROMISE,
                steps,
                promise.name,
                message,
                routes=(witness.decision.rule,),
                witness=witness,
            )
        if answer is Answer.NO:
            answer = solver.ask(meant)
            if answer is Answer.NO:
                message = "is about nobody: no caller can meet its condition"
                return Verdict.EMPTY, self.finding(Kind.EMPTY_PROMISE, steps, promise.name, message)
        if answer is Answer.UNDECIDED:
            raise OutOfTime
        return Verdict.PROVED, None

    def broken(self, promise: Promise) -> Witness | None:
        subject = self.subject
        breaking = {
            route.name
            for route in subject.hotline.routes
            if not keeps(subject.policies.book, route.action, promise.always)
        }

        def shows(facts: Facts, rule: str) -> bool:
            return rule in breaking and subject.meets(promise.when, facts)

        return subject.witness(shows, [promise.when])

    # --- segments, routes and overlaps -----------------------------------------------------

    def segments_and_routes(self, deadline: Deadline) -> None:
        if self.asking is not None:
            self.asking.solver.deadline = deadline
        for name, node in self.hotline.segments.items():
            try:
                self.segment(name, node)
            except OutOfTime:
                self.leave(("segments", name), "segment", name)
        for place, route in enumerate(self.hotline.routes):
            try:
                takes = self.route(route, place)
            except OutOfTime:
                takes = True
                self.leave(("routes", place), "route", route.name)
            self.found += returns(self.hotline, place) if takes else ()

    def segment(self, name: str, node: Node) -> None:
        subject = self.subject
        answer = subject.solver.ask(subject.ladder.condition(node))
        if answer is Answer.NO:
            message = "nobody can belong to it: its condition can never hold"
            self.found.append(self.finding(Kind.EMPTY_SEGMENT, ("segments", name), name, message))
        elif answer is Answer.UNDECIDED:
            raise OutOfTime

    def route(self, route: Route, place: int) -> bool:
        """Whether it takes a call; if not, it is told, or there was no time to find out why."""
        subject = self.subject
        answer = subject.solver.ask(subject.ladder.takes[place])
        if answer is Answer.UNDECIDED:
            raise OutOfTime
        if answer is Answer.YES:
            self.living.append(place)
            return True
        eating = eaters(subject.ladder, place, self.living)
        if eating is None:
            self.leave(("routes", place), "route", route.name)
        else:
            self.found.append(self.dead(route, place, eating))
        return False

    def overlaps(self, deadline: Deadline) -> None:
        self.uncompared = len(self.living)
        if self.asking is not None:
            self.asking.solver.deadline = deadline
            found, self.uncompared = overlaps(self.asking, self.living)
            self.found += found

    # --- what is told ----------------------------------------------------------------------

    def dead(self, route: Route, place: int, eating: list[int]) -> Finding:
        names = tuple(self.hotline.routes[other].name for other in eating)
        if not names:
            message = "takes no call: its condition can never hold"
        elif len(names) == 1:
            message = f'takes no call: "{names[0]}" takes all of its callers before'
        else:
            listed = ", ".join(f'"{name}"' for name in names)
            message = f"takes no call: {listed} together take all of its callers before"
        if isinstance(route.action, ToQueue) and route.action.overflow:
            message += "; so its overflow is never reached"
        return self.finding(Kind.DEAD_ROUTE, ("routes", place), route.name, message, routes=names)

    def leave(
        self, steps: Steps, what: Literal["promise", "segment", "route"], name: str, why: Why = Why.TIME
    ) -> None:
        hotline = self.hotline
        self.undecided.append(
            Undecided(hotline=hotline.name, file=hotline.file, steps=steps, what=what, name=name, why=why)
        )

    def finding(
        self,
        kind: Kind,
        steps: Steps,
        name: str,
        message: str,
        *,
        routes: tuple[str, ...] = (),
        witness: Witness | None = None,
    ) -> Finding:
        return Finding(
            kind=kind,
            hotline=self.hotline.name,
            file=self.hotline.file,
            steps=steps,
            name=name,
            message=message,
            routes=routes,
            witness=witness,
        )
