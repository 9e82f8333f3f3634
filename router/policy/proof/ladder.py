"""A hotline's routes for the solver: whom each one matches, and whom it takes since no earlier one did."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from router.policy.nodes import Node
from router.policy.proof.formulas import TRUE, Formula, all_of, negated
from router.policy.proof.solver import Answer, Solver
from router.policy.proof.space import SideLeaf, opened
from router.policy.rulebook import Hotline


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """Literals of one hotline of one version, by the place of the route."""

    solver: Solver
    side: int
    hotline: Hotline
    matches: tuple[Formula, ...]
    takes: tuple[Formula, ...]

    def condition(self, node: Node | None) -> Formula:
        """A literal of any other condition of the hotline."""
        return literal(self.solver, self.side, self.hotline, node)


def ladder(solver: Solver, side: int, hotline: Hotline) -> Ladder:
    """Turn a hotline's routes into literals.

    Raises:
        OutOfTime: there are too many of them for the time.
    """
    matches: list[Formula] = []
    for route in hotline.routes:
        solver.deadline.check()
        matches.append(literal(solver, side, hotline, route.when))
    takes: list[Formula] = []
    free = TRUE
    for match in matches:
        takes.append(solver.formulas.literal(all_of((free, match))))
        free = solver.formulas.literal(all_of((free, negated(match))))
    return Ladder(solver=solver, side=side, hotline=hotline, matches=tuple(matches), takes=tuple(takes))


def literal(solver: Solver, side: int, hotline: Hotline, node: Node | None) -> Formula:
    """A literal of a condition."""
    return solver.formulas.literal(solver.formulas.condition(side, hotline.name, hotline.segments, node))


def asked(side: int, hotline: Hotline, conditions: Iterable[Node | None]) -> Iterator[SideLeaf]:
    """All that conditions of a hotline ask."""
    told: set[str] = set()
    for node in conditions:
        for leaf in opened(hotline.segments, node, told):
            yield side, leaf


def eaters(of: Ladder, place: int, living: Iterable[int]) -> list[int] | None:
    """The fewest of the living earlier routes that leave a dead one no caller; None if there was no time.

    The fewest in the sense that none can be left out; empty if no caller can meet the condition at all.
    """
    solver, match = of.solver, of.matches[place]
    barred = {negated(of.matches[other]): other for other in living}
    if solver.ask(match, *barred) is not Answer.NO:
        return None
    needed = solver.core(barred)
    for candidate in tuple(needed):
        if candidate not in needed:
            continue
        rest = [literal for literal in needed if literal != candidate]
        answer = solver.ask(match, *rest)
        if answer is Answer.UNDECIDED:
            return None
        if answer is Answer.NO:
            needed = solver.core(rest)
    return sorted(barred[literal] for literal in needed)
