"""A hotline in two versions, before one solver: which calls they send different ways."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from router.decision import Decision
from router.facts import Facts
from router.policy.decide import Policies, decide
from router.policy.nodes import AtLeast, Below, Between, Is, Leaf, OneOf, Open, Prefix
from router.policy.proof.formulas import Formula, all_of, any_of, negated
from router.policy.proof.ladder import Ladder, asked, ladder
from router.policy.proof.solver import Deadline, Solver
from router.policy.proof.space import Space, opened, space
from router.policy.proof.state import State, simplest, state
from router.policy.proof.words import NOTHING_SPECIAL, parts
from router.policy.rulebook import Hotline, Route, Rulebook


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairing:
    """Two versions of what answers one number; the old one is first everywhere."""

    policies: tuple[Policies, Policies]
    ladders: tuple[Ladder, Ladder]
    dnis: str
    space: Space
    solver: Solver
    differ: tuple[Formula, ...]
    """Literals of the calls that are decided differently."""
    renamed: tuple[Formula, ...]
    """Literals of the calls that are decided alike, by routes of different names."""

    def takes(self, side: int, rule: str) -> Formula:
        """The literal of the calls that a route takes."""
        names = [route.name for route in self.ladders[side].hotline.routes]
        return self.ladders[side].takes[names.index(rule)]

    def shown(self) -> tuple[str, tuple[Facts, Facts], tuple[Decision, Decision]] | None:
        """The caller whom the solver has just found, made plain, in words and as facts; what was decided.

        None if nobody is drawn for shares like that.

        Raises:
            AssertionError: `decide` says otherwise than the solver; one of the two is wrong.
        """
        found = state(self.space, self.solver.point())
        if found is None:
            return None
        rules = self._rules(found)
        if not all(self.solver.holds(self.takes(side, rule)) for side, rule in enumerate(rules)):
            raise AssertionError(f"{rules} take a call that the proof denies them: {found}")

        def still(other: State) -> bool:  # when the time is over, the caller is told as he was found
            return self.solver.deadline.left > 0 and self._rules(other) == rules

        plain = simplest(self.space, found, still)
        facts = (plain.facts(0, self.dnis), plain.facts(1, self.dnis))
        decisions = (decide(self.policies[0], facts[0]), decide(self.policies[1], facts[1]))
        return self._words(facts, rules), facts, decisions

    def _rules(self, found: State) -> tuple[str, ...]:
        return tuple(
            decide(policies, found.facts(side, self.dnis)).rule for side, policies in enumerate(self.policies)
        )

    def _words(self, facts: tuple[Facts, Facts], rules: tuple[str, ...]) -> str:
        leaves: list[Leaf] = []
        for routes, rule in zip(self.ladders, rules, strict=True):
            when = next(route.when for route in routes.hotline.routes if route.name == rule)
            leaves += opened(routes.hotline.segments, when)
        old, new = (
            parts(policies.book, seen, list(_known(policies.book, leaves)))
            for policies, seen in zip(self.policies, facts, strict=True)
        )
        told = [*new, *(f"{part} in the old version" for part in old if part not in new)]
        return ", ".join(told) or NOTHING_SPECIAL


def _known(book: Rulebook, leaves: Iterable[Leaf]) -> Iterable[Leaf]:
    """What is asked of things that a version has."""
    for leaf in leaves:
        match leaf:
            case Is() | OneOf() | AtLeast() | Below() | Between() | Prefix():
                if leaf.attribute in book.attributes:
                    yield leaf
            case Open(hours=hours):
                if hours in book.hours:
                    yield leaf
            case _:
                yield leaf


def pairing(
    policies: tuple[Policies, Policies],
    hotlines: tuple[Hotline, Hotline],
    dnis: str,
    since: int,
    deadline: Deadline,
) -> Pairing:
    """Put the two hotlines that a number has in two versions to a solver.

    Raises:
        OutOfTime: they are too large for the time.
    """
    leaves = [
        leaf
        for side, hotline in enumerate(hotlines)
        for leaf in asked(side, hotline, (route.when for route in hotline.routes))
    ]
    states = space((policies[0].book, policies[1].book), leaves, since, deadline.check)
    solver = Solver(states, deadline)
    ladders = (ladder(solver, 0, hotlines[0]), ladder(solver, 1, hotlines[1]))
    actions = solver.formulas.literal(_same(ladders, lambda route: route.action))
    names = solver.formulas.literal(_same(ladders, lambda route: route.name))
    return Pairing(
        policies=policies,
        ladders=ladders,
        dnis=dnis,
        space=states,
        solver=solver,
        differ=(negated(actions),),
        renamed=(actions, negated(names)),
    )


def _same(ladders: tuple[Ladder, Ladder], of: Callable[[Route], object]) -> Formula:
    """Both calls are taken by routes that have the same of something."""
    groups: dict[object, tuple[list[Formula], list[Formula]]] = {}
    for side, routes in enumerate(ladders):
        for route, takes in zip(routes.hotline.routes, routes.takes, strict=True):
            groups.setdefault(of(route), ([], []))[side].append(takes)
    return any_of(all_of((any_of(old), any_of(new))) for old, new in groups.values())
