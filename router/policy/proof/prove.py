"""The proof of a folder of policies: promises, segments, routes, overflow and overlaps of every hotline."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from router.decision import ToQueue
from router.facts import Facts
from router.policy.compile import compiled
from router.policy.proof.findings import Finding, Judged, Kind, Proof, Undecided, Verdict, Witness
from router.policy.proof.formulas import any_of
from router.policy.proof.ladder import eaters
from router.policy.proof.overlaps import overlaps, returns
from router.policy.proof.solver import Answer, Deadline
from router.policy.proof.subject import Subject, subject
from router.policy.proof.words import outcome
from router.policy.rulebook import Promise, Route, Rulebook, keeps
from router.policy.source import Steps


def prove(book: Rulebook, *, budget: float, clock: Callable[[], float], since: int) -> Proof:
    """Prove what the policies promise, and find what cannot have been meant.

    ``budget``: seconds by ``clock``; what is not decided by then is told as undecided. ``since``: seconds
    since the epoch; hours are taken as they are in the years from then on. Promises of all hotlines come
    first, then segments and routes, then overlaps.
    """
    deadline = Deadline(clock, clock() + budget)
    policies = compiled(book)
    subjects = [_Examined(subject(policies, hotline, since, deadline)) for hotline in book.hotlines]
    for each in subjects:
        each.promises()
    for each in subjects:
        each.segments()
        each.routes()
    uncompared = 0
    for each in subjects:
        more, left = overlaps(each.subject, each.living)
        each.found += more
        uncompared += left
    return Proof(
        version=book.version,
        promises=tuple(judged for each in subjects for judged in each.judged),
        findings=tuple(finding for each in subjects for finding in each.found),
        undecided=tuple(left for each in subjects for left in each.undecided),
        uncompared=uncompared,
    )


@dataclass(slots=True)
class _Examined:
    """A hotline, and what has been found of it so far."""

    subject: Subject
    judged: list[Judged] = field(default_factory=list)
    found: list[Finding] = field(default_factory=list)
    undecided: list[Undecided] = field(default_factory=list)
    living: list[int] = field(default_factory=list)
    """Places of the routes that take calls."""

    # --- promises --------------------------------------------------------------------------

    def promises(self) -> None:
        hotline = self.subject.hotline
        for place, promise in enumerate(hotline.promises):
            steps = ("promises", place)
            verdict, finding = self.promise(promise, steps)
            if finding is not None:
                self.found.append(finding)
            if verdict is Verdict.UNDECIDED:
                self.leave(steps, "promise", promise.name)
            self.judged.append(
                Judged(hotline=hotline.name, name=promise.name, verdict=verdict, finding=finding)
            )

    def promise(self, promise: Promise, steps: Steps) -> tuple[Verdict, Finding | None]:
        solver, ladder, book = self.subject.solver, self.subject.ladder, self.subject.policies.book
        meant = ladder.condition(promise.when)
        wrong = [
            takes
            for takes, route in zip(ladder.takes, self.subject.hotline.routes, strict=True)
            if not keeps(book, route.action, promise.always)
        ]
        answer = solver.ask(meant, solver.formulas.literal(any_of(wrong))) if wrong else Answer.NO
        if answer is Answer.YES:
            witness = self.broken(promise)
            if witness is None:
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
        return (Verdict.UNDECIDED if answer is Answer.UNDECIDED else Verdict.PROVED), None

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

    # --- segments and routes ---------------------------------------------------------------

    def segments(self) -> None:
        for name, node in self.subject.hotline.segments.items():
            answer = self.subject.solver.ask(self.subject.ladder.condition(node))
            if answer is Answer.NO:
                message = "nobody can belong to it: its condition can never hold"
                self.found.append(self.finding(Kind.EMPTY_SEGMENT, ("segments", name), name, message))
            elif answer is Answer.UNDECIDED:
                self.leave(("segments", name), "segment", name)

    def routes(self) -> None:
        """Those that take no call; the others are the living."""
        for place, route in enumerate(self.subject.hotline.routes):
            answer = self.subject.solver.ask(self.subject.ladder.takes[place])
            if answer is Answer.YES:
                self.living.append(place)
            eating = eaters(self.subject.ladder, place, self.living) if answer is Answer.NO else None
            if answer is Answer.NO and eating is not None:
                self.found.append(self.dead(route, place, eating))
            elif answer is not Answer.YES:
                self.leave(("routes", place), "route", route.name)
            if answer is not Answer.NO:
                self.found += returns(self.subject.hotline, place)

    def dead(self, route: Route, place: int, eating: list[int]) -> Finding:
        names = tuple(self.subject.hotline.routes[other].name for other in eating)
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

    def leave(self, steps: Steps, what: Literal["promise", "segment", "route"], name: str) -> None:
        hotline = self.subject.hotline
        self.undecided.append(
            Undecided(hotline=hotline.name, file=hotline.file, steps=steps, what=what, name=name)
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
            hotline=self.subject.hotline.name,
            file=self.subject.hotline.file,
            steps=steps,
            name=name,
            message=message,
            routes=routes,
            witness=witness,
        )
