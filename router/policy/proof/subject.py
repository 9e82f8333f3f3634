"""One hotline under proof: the solver that knows its routes, and the callers whom it finds."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from router.facts import Facts
from router.policy.decide import Policies, Tree, decide
from router.policy.nodes import Node, leaves
from router.policy.proof.findings import Witness
from router.policy.proof.ladder import Ladder, asked, ladder
from router.policy.proof.solver import Deadline, Solver
from router.policy.proof.space import Space, opened, space
from router.policy.proof.state import State, simplest, state
from router.policy.proof.words import caller
from router.policy.rulebook import Hotline


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A hotline, as the solver sees it and as it decides."""

    policies: Policies
    hotline: Hotline
    tree: Tree
    space: Space
    solver: Solver
    ladder: Ladder

    @property
    def dnis(self) -> str:
        """A number of the hotline; all are decided alike."""
        return self.hotline.numbers[0]

    def meets(self, node: Node | None, facts: Facts) -> bool:
        """Whether a caller meets a condition, by the functions that decide."""
        return node is None or self.tree.closures.of(node)(facts)

    def found(self) -> State | None:
        """The caller whom the solver has just found; None if nobody is drawn for shares like that.

        Raises:
            AssertionError: `decide` says otherwise than the solver; one of the two is wrong.
        """
        found = state(self.space, self.solver.point())
        if found is None:
            return None
        place = [route.name for route in self.hotline.routes].index(self.decided(found))
        if not self.solver.holds(self.ladder.takes[place]):
            route = self.hotline.routes[place].name
            raise AssertionError(
                f"{self.hotline.file}: {route} takes a call that the proof denies it: {found}"
            )
        return found

    def witness(
        self, shows: Callable[[Facts, str], bool], conditions: Iterable[Node | None]
    ) -> Witness | None:
        """The caller whom the solver has just found, as plain as can be; None if nobody is drawn like that.

        ``shows`` says of facts and the name of the route that takes the call whether they show what is to be
        shown. ``conditions``: what the caller is described by, besides the condition of that route.

        Raises:
            AssertionError: the caller who was found does not show it.
        """
        found = self.found()
        if found is None:
            return None
        if not shows(found.facts(0, self.dnis), self.decided(found)):
            raise AssertionError(f"{self.hotline.file}: what the proof found is not so: {found}")

        def still(other: State) -> bool:  # when the time is over, the caller is told as he was found
            in_time = self.solver.deadline.left > 0
            return in_time and shows(other.facts(0, self.dnis), self.decided(other))

        plain = simplest(self.space, found, still)
        facts = plain.facts(0, self.dnis)
        decision = decide(self.policies, facts)
        conditions = [*conditions, self.route(decision.rule)]
        asks = [leaf for node in conditions for leaf in opened(self.hotline.segments, node)]
        return Witness(words=caller(self.policies.book, facts, asks), facts=facts, decision=decision)

    def decided(self, found: State) -> str:
        """The route that takes a call."""
        return decide(self.policies, found.facts(0, self.dnis)).rule

    def route(self, name: str) -> Node | None:
        """The condition of a route."""
        return next(route.when for route in self.hotline.routes if route.name == name)


def size(hotline: Hotline) -> int:
    """How much a hotline asks: the leaves of its conditions."""
    return sum(1 for node in _conditions(hotline) if node is not None for _ in leaves(node))


def _conditions(hotline: Hotline) -> Iterator[Node | None]:
    yield from (route.when for route in hotline.routes)
    yield from hotline.segments.values()
    yield from (promise.when for promise in hotline.promises)


def subject(policies: Policies, hotline: Hotline, since: int, deadline: Deadline) -> Subject:
    """Put a hotline to a solver.

    Raises:
        OutOfTime: it is too large for the time.
    """
    states = space((policies.book,), asked(0, hotline, _conditions(hotline)), since, deadline.check)
    solver = Solver(states, deadline)
    return Subject(
        policies=policies,
        hotline=hotline,
        tree=policies.trees[hotline.numbers[0]],
        space=states,
        solver=solver,
        ladder=ladder(solver, 0, hotline),
    )
