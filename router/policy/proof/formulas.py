"""Conditions and the state space as formulas: SMT-LIB text over bit vectors.

Each thing asked for is a bit vector that holds the number of its class. Text, since z3 reads a whole hotline
at once, three times as fast as its Python functions put one together.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NewType, TypeVar

from router.policy.attributes import KNOWN
from router.policy.nodes import (
    FIGURES,
    AllOf,
    AnyOf,
    Contacts,
    InSegment,
    Leaf,
    Load,
    Measure,
    Node,
    Not,
    Open,
    Share,
)
from router.policy.proof.classes import Classes
from router.policy.proof.runs import others
from router.policy.proof.space import Point, Space, waits

Formula = NewType("Formula", str)
"""A Boolean expression; a literal is a name or the negation of one."""
Variable = NewType("Variable", str)
"""The name of a bit vector."""
Key = TypeVar("Key")

TRUE = Formula("true")


def all_of(formulas: Iterable[Formula]) -> Formula:
    """Each of them holds."""
    return Formula(f"(and true {' '.join(formulas)})")


def any_of(formulas: Iterable[Formula]) -> Formula:
    """At least one of them holds."""
    return Formula(f"(or false {' '.join(formulas)})")


def negated(formula: Formula) -> Formula:
    """It does not hold."""
    return Formula(f"(not {formula})")


class Formulas:
    """The formulas of one state space, and what of them is still to be told to a solver."""

    def __init__(self, space: Space) -> None:
        self._space = space
        self._sorts: dict[str, str] = {}
        self._undeclared: list[str] = []
        self._unsaid: list[Formula] = []
        self._conditions: dict[tuple[int, str, Node], Formula] = {}
        self._attributes = self._variables(space.attributes)
        self._loads = self._variables(space.loads)
        self._shares = self._variables(space.shares)
        self._moment = self._variable(len(space.moments.examples))
        self._answered = self._counters()
        self._unanswered = self._counters()
        self._unknown_callers()
        self._empty_queues()
        self._queues_without_news()

    def script(self) -> str:
        """What is new since the last time: declarations, and what must hold."""
        declared = [f"(declare-const {name} {self._sorts[name]})" for name in self._undeclared]
        said = [f"(assert {formula})" for formula in self._unsaid]
        self._undeclared.clear()
        self._unsaid.clear()
        return "\n".join((*declared, *said))

    def require(self, formula: Formula) -> None:
        """From now on, look only at states for which it holds."""
        self._unsaid.append(formula)

    def literal(self, formula: Formula) -> Formula:
        """A name for a formula; only literals can be asked about."""
        name = self._name("l", "Bool")
        self.require(Formula(f"(= {name} {formula})"))
        return Formula(name)

    def condition(self, side: int, hotline: str, segments: Mapping[str, Node], node: Node | None) -> Formula:
        """A condition of a hotline of a version; the same one is the same formula."""
        if node is None:
            return TRUE
        key = (side, hotline, node)
        if key not in self._conditions:
            self._conditions[key] = self._condition(side, hotline, segments, node)
        return self._conditions[key]

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
        runs, last = of.answers[key], len(of.examples) - 1
        rest = others(runs, last + 1)
        if len(rest) < len(runs):
            return negated(any_of(self._run(variable, *run, last) for run in rest))
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
        self._sorts[name] = sort
        self._undeclared.append(name)
        return name

    def _variables(self, things: Mapping[Key, Classes[Any, Any]]) -> dict[Key, Variable]:
        return {key: self._variable(len(of.examples)) for key, of in things.items()}

    def _variable(self, count: int) -> Variable:
        """One that can have so many values, from 0."""
        variable = Variable(self._name("v", f"(_ BitVec {max(1, (count - 1).bit_length())})"))
        self.require(Formula(f"(bvule {variable} {self._number(variable, count - 1)})"))
        return variable

    def _counters(self) -> list[Variable]:
        """How many contacts of a kind lie in each window; in a longer one as many at least."""
        most = self._space.most
        counters: list[Variable] = []
        for _ in self._space.windows:
            # wide enough for a sum of two
            counter = Variable(self._name("v", f"(_ BitVec {(2 * most).bit_length()})"))
            self.require(Formula(f"(bvule {counter} {self._number(counter, most)})"))
            for before in counters[-1:]:
                self.require(Formula(f"(bvule {before} {counter})"))
            counters.append(counter)
        return counters

    def _unknown_callers(self) -> None:
        """Every attribute of an unknown caller is missing, `known` too."""
        if KNOWN in self._attributes:
            missing = {
                name: self._equal(self._attributes[name], of.plain)
                for name, of in self._space.attributes.items()
            }
            self.require(any_of((negated(missing[KNOWN]), all_of(missing.values()))))

    def _empty_queues(self) -> None:
        """Where nobody waits, nobody has waited for a second."""
        for queue in dict.fromkeys(queue for queue, _ in self._loads):
            someone, long = waits(queue)
            if (queue, someone.measure) in self._loads and (queue, long.measure) in self._loads:
                self.require(any_of((self._leaf(0, someone), negated(self._leaf(0, long)))))

    def _queues_without_news(self) -> None:
        """Every figure of a queue of which there is no news is that of a calm one."""
        for queue in dict.fromkeys(queue for queue, measure in self._loads if measure is Measure.KNOWN):
            known = self._leaf(0, Load(queue, Measure.KNOWN, 1))
            calm = [
                self._equal(self._loads[queue, figure], self._space.loads[queue, figure].plain)
                for figure in FIGURES
                if (queue, figure) in self._loads
            ]
            self.require(any_of((known, all_of(calm))))

    def point(self, value: Callable[[Variable, int], int]) -> Point:
        """A state, by the values of variables of so many bits."""

        def number(variable: Variable) -> int:
            return value(variable, self._bits(variable))

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

    def _bits(self, variable: Variable) -> int:
        return int(self._sorts[variable].split()[-1].removesuffix(")"))
