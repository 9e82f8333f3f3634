"""The state space as a problem for z3: what is asked is yes or no, what is found is a state.

Each thing asked for is a bit vector that holds the number of its class, so z3 sees only bits (logic QF_FD)
and decides by search alone. Conditions are turned into formulas once; questions about them are assumptions,
and what was learned by one question serves the next. Formulas are SMT-LIB text: z3 reads a whole hotline at
once, three times as fast as its Python functions put one together.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, NewType, TypeVar

from router.policy.attributes import KNOWN
from router.policy.nodes import (
    AllOf,
    AnyOf,
    Contacts,
    InSegment,
    Leaf,
    Load,
    Node,
    Not,
    Open,
    Share,
)
from router.policy.proof.classes import Classes
from router.policy.proof.space import Point, Space

Formula = NewType("Formula", str)
"""A Boolean expression of SMT-LIB; a literal is a name or the negation of one."""
Variable = NewType("Variable", str)
"""The name of a bit vector."""
Key = TypeVar("Key")

TRUE = Formula("true")


class Answer(Enum):
    """What becomes of a question."""

    YES = auto()
    """There is such a state."""
    NO = auto()
    """There is none."""
    UNDECIDED = auto()
    """There was no time to find out."""


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


def all_of(formulas: Iterable[Formula]) -> Formula:
    """Each of them holds."""
    return Formula(f"(and true {' '.join(formulas)})")


def any_of(formulas: Iterable[Formula]) -> Formula:
    """At least one of them holds."""
    return Formula(f"(or false {' '.join(formulas)})")


def negated(formula: Formula) -> Formula:
    """It does not hold."""
    return Formula(f"(not {formula})")


class Solver:
    """Questions about one state space. Not for two threads at once; two solvers share nothing."""

    def __init__(self, space: Space, deadline: Deadline) -> None:
        # here, since it takes 50 to 100 ms and 30 MB that nobody who only decides calls should pay
        import z3  # type: ignore[import-untyped]  # noqa: PLC0415

        self._z3 = z3
        self._context = z3.Context()
        self._solver = z3.SolverFor("QF_FD", ctx=self._context)
        self._space = space
        self._deadline = deadline
        self._sorts: dict[str, str] = {}
        # what z3 has not been told yet: names and their sorts, what must hold
        self._undeclared: dict[str, str] = {}
        self._unread: list[Formula] = []
        self._expressions: dict[Formula, Any] = {}
        """Literals as z3 has them."""
        self._formulas: dict[tuple[int, str, Node], Formula] = {}
        self._attributes = self._variables(space.attributes)
        self._loads = self._variables(space.loads)
        self._shares = self._variables(space.shares)
        self._moment = self._variable(len(space.moments.examples))
        self._answered = self._counters()
        self._unanswered = self._counters()
        self._unknown_callers()

    # --- formulas --------------------------------------------------------------------------

    def literal(self, formula: Formula) -> Formula:
        """A name for a formula; only literals can be asked about."""
        name = self._name("l", "Bool")
        self._unread.append(Formula(f"(= {name} {formula})"))
        return Formula(name)

    def condition(self, side: int, hotline: str, segments: Mapping[str, Node], node: Node | None) -> Formula:
        """A condition of a hotline of a version; the same one is the same formula."""
        if node is None:
            return TRUE
        key = (side, hotline, node)
        if key not in self._formulas:
            self._formulas[key] = self._condition(side, hotline, segments, node)
        return self._formulas[key]

    def _condition(self, side: int, hotline: str, segments: Mapping[str, Node], node: Node) -> Formula:
        match node:
            case AllOf(nodes=nodes):
                return all_of(self.condition(side, hotline, segments, part) for part in nodes)
            case AnyOf(nodes=nodes):
                return any_of(self.condition(side, hotline, segments, part) for part in nodes)
            case Not(node=part):
                return negated(self.condition(side, hotline, segments, part))
            case InSegment(segment=segment):  # a name: what many routes ask for is read once
                return self.literal(self.condition(side, hotline, segments, segments[segment]))
            case _:
                return self._leaf(side, node)

    def _leaf(self, side: int, leaf: Leaf) -> Formula:
        space = self._space
        match leaf:
            case Contacts(within=within, answered=answered, at_least=wanted):
                place = space.windows.index(within)
                count: str = self._answered[place]
                if not answered:
                    count = f"(bvadd {count} {self._unanswered[place]})"
                return Formula(f"(bvuge {count} {self._number(self._answered[place], wanted)})")
            case Open(hours=hours):
                return self._member(self._moment, space.moments, (side, hours))
            case Load(queue=queue, measure=measure):
                measured = (queue, measure)
                return self._member(self._loads[measured], space.loads[measured], leaf)
            case Share(of=of):
                return self._member(self._shares[of], space.shares[of], leaf)
            case _:
                name = leaf.attribute
                return self._member(self._attributes[name], space.attributes[name], (side, leaf))

    def _member(self, variable: Variable, of: Classes[Any, Any], key: Any) -> Formula:
        """The class is one of those for which a question is answered with yes."""
        numbers, last = of.answers[key], len(of.examples) - 1
        runs, others = _runs(numbers), _runs(frozenset(range(last + 1)) - numbers)
        if len(others) < len(runs):
            return negated(any_of(self._run(variable, *run, last) for run in others))
        return any_of(self._run(variable, *run, last) for run in runs)

    def _run(self, variable: Variable, low: int, high: int, last: int) -> Formula:
        if low == high:
            return self._equal(variable, low)
        above = [Formula(f"(bvuge {variable} {self._number(variable, low)})")] if low > 0 else []
        below = [Formula(f"(bvule {variable} {self._number(variable, high)})")] if high < last else []
        return all_of(above + below)

    def _equal(self, variable: Variable, number: int) -> Formula:
        return Formula(f"(= {variable} {self._number(variable, number)})")

    def _number(self, variable: Variable, number: int) -> str:
        """A number as wide as the variable."""
        return f"(_ bv{number} {self._sorts[variable].split()[-1]}"

    # --- what may come together ------------------------------------------------------------

    def _name(self, letter: str, sort: str) -> str:
        name = f"{letter}{len(self._sorts)}"
        self._sorts[name] = self._undeclared[name] = sort
        return name

    def _variables(self, things: Mapping[Key, Classes[Any, Any]]) -> dict[Key, Variable]:
        return {key: self._variable(len(of.examples)) for key, of in things.items()}

    def _variable(self, count: int) -> Variable:
        """One that can have so many values, from 0."""
        variable = Variable(self._name("v", f"(_ BitVec {max(1, (count - 1).bit_length())})"))
        self._unread.append(Formula(f"(bvule {variable} {self._number(variable, count - 1)})"))
        return variable

    def _counters(self) -> list[Variable]:
        """How many contacts of a kind lie in each window; in a longer one as many at least."""
        most = self._space.most
        counters: list[Variable] = []
        for _ in self._space.windows:
            # wide enough for a sum of two
            counter = Variable(self._name("v", f"(_ BitVec {(2 * most).bit_length()})"))
            self._unread.append(Formula(f"(bvule {counter} {self._number(counter, most)})"))
            self._unread += [Formula(f"(bvule {before} {counter})") for before in counters[-1:]]
            counters.append(counter)
        return counters

    def _unknown_callers(self) -> None:
        """Every attribute of an unknown caller is missing, `known` too."""
        if KNOWN in self._attributes:
            missing = {
                name: self._equal(self._attributes[name], of.plain)
                for name, of in self._space.attributes.items()
            }
            self._unread.append(any_of((negated(missing[KNOWN]), all_of(missing.values()))))

    # --- questions -------------------------------------------------------------------------

    def require(self, formula: Formula) -> None:
        """From now on, look only at states for which it holds."""
        self._unread.append(formula)

    def ask(self, *literals: Formula) -> Answer:
        """Whether there is a state for which all of these hold."""
        left = self._deadline.left
        if left <= 0:
            return Answer.UNDECIDED
        self._read()
        self._solver.set("timeout", max(1, int(left * 1000)))
        answer = self._solver.check(*map(self._expression, literals))
        if answer == self._z3.sat:
            return Answer.YES
        return Answer.NO if answer == self._z3.unsat else Answer.UNDECIDED

    def _read(self) -> None:
        if not self._unread:
            return
        declared = (f"(declare-const {name} {sort})" for name, sort in self._undeclared.items())
        asserted = (f"(assert {formula})" for formula in self._unread)
        self._solver.from_string("\n".join((*declared, *asserted)))  # it remembers what has been declared
        self._undeclared.clear()
        self._unread.clear()

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

        def number(variable: Variable) -> int:
            bits = int(self._sorts[variable].split()[-1].removesuffix(")"))
            value = model[self._z3.BitVec(variable, bits, ctx=self._context)]
            return 0 if value is None else int(value.as_long())

        return Point(
            attributes={name: number(variable) for name, variable in self._attributes.items()},
            loads={measured: number(variable) for measured, variable in self._loads.items()},
            shares={of: number(variable) for of, variable in self._shares.items()},
            moment=number(self._moment),
            contacts=tuple(
                (number(answered), number(unanswered))
                for answered, unanswered in zip(self._answered, self._unanswered, strict=True)
            ),
        )


def _runs(numbers: frozenset[int]) -> list[tuple[int, int]]:
    """First and last of each unbroken run."""
    runs: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if runs and runs[-1][1] == number - 1:
            runs[-1] = (runs[-1][0], number)
        else:
            runs.append((number, number))
    return runs
