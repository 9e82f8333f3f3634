"""Questions to z3 about a state space: is there a state for which something holds, and which?

z3 sees only bits (logic QF_FD) and decides by search alone. Conditions are told to it once; questions about
them are assumptions, and what was learned by one question serves the next.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from router.policy.proof.formulas import Formula, Formulas, Variable
from router.policy.proof.space import Point, Space


class Answer(Enum):
    """What becomes of a question."""

    YES = auto()
    """There is such a state."""
    NO = auto()
    """There is none."""
    UNDECIDED = auto()
    """There was no time to find out."""


class OutOfTime(Exception):
    """The time is over in the midst of something long."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """When to stop."""

    clock: Callable[[], float]
    """Seconds, never going back."""
    at: float

    @property
    def left(self) -> float:
        """Seconds until then; 0 when it has passed."""
        return max(0.0, self.at - self.clock())

    def after(self, share: float) -> "Deadline":
        """An earlier one: when this share of the time that is left, from 0 to 1, has passed."""
        now = self.clock()
        return Deadline(self.clock, now + max(0.0, self.at - now) * share)

    def check(self) -> None:
        """Look at the clock.

        Raises:
            OutOfTime: it has passed.
        """
        if self.left <= 0:
            raise OutOfTime


class Solver:
    """Questions about one state space. Not for two threads at once; two solvers share nothing."""

    def __init__(self, space: Space, deadline: Deadline) -> None:
        # here, since it takes 20 to 90 ms and 7 MB that nobody who only decides calls should pay
        import z3  # type: ignore[import-untyped]  # noqa: PLC0415

        self._z3 = z3
        self._context = z3.Context()
        self._solver = z3.SolverFor("QF_FD", ctx=self._context)
        self.deadline = deadline
        """When to stop; later questions may have another one."""
        self._expressions: dict[Formula, Any] = {}
        """Literals as z3 has them."""
        self.formulas = Formulas(space)

    def ask(self, *literals: Formula) -> Answer:
        """Whether there is a state for which all of these hold.

        One question takes half of the time that is left at most, so that it does not starve all others.
        """
        left = self.deadline.left
        if left <= 0:
            return Answer.UNDECIDED
        if script := self.formulas.script():
            self._solver.from_string(script)  # it remembers what was declared before
        self._solver.set("timeout", max(1, int(left * 1000 / 2)))
        answer = self._solver.check(*map(self._expression, literals))
        if answer == self._z3.sat:
            return Answer.YES
        return Answer.NO if answer == self._z3.unsat else Answer.UNDECIDED

    def _expression(self, literal: Formula) -> Any:
        if literal not in self._expressions:
            name = literal.removeprefix("(not ").removesuffix(")")
            positive = self._z3.Bool(name, ctx=self._context)
            self._expressions[literal] = positive if name == literal else self._z3.Not(positive)
        return self._expressions[literal]

    def core(self, literals: Iterable[Formula]) -> list[Formula]:
        """After a NO: those of the literals that are enough for it; maybe not the fewest."""
        ids = {expression.get_id() for expression in self._solver.unsat_core()}
        return [literal for literal in literals if self._expression(literal).get_id() in ids]

    def holds(self, literal: Formula) -> bool:
        """After a YES: whether a literal holds in the state that was found."""
        return bool(self._z3.is_true(self._solver.model().eval(self._expression(literal))))

    def point(self) -> Point:
        """After a YES: the state that was found."""
        model = self._solver.model()

        def value(variable: Variable, bits: int) -> int:
            found = model[self._z3.BitVec(variable, bits, ctx=self._context)]
            return 0 if found is None else int(found.as_long())

        return self.formulas.point(value)
