"""Questions, and the time that they may take."""

import sys
from subprocess import run

import pytest

from router.policy.nodes import AtLeast, Below, Is
from router.policy.proof.formulas import negated
from router.policy.proof.solver import Answer, Deadline, Solver
from router.policy.proof.space import space
from tests.policy.callers import NOW
from tests.policy.proof.books import book, hotline


@pytest.fixture
def solver() -> Solver:
    leaves = [(0, leaf) for leaf in (AtLeast("star", 3), Below("star", 2), Is("vip", True))]
    return Solver(space((book(hotline((None, None))),), leaves, NOW), Deadline(lambda: 0.0, 60.0))


def literal(solver: Solver, node: AtLeast | Below | Is) -> str:
    return solver.formulas.literal(solver.formulas.condition(0, "x", {}, node))


def test_there_is_a_state_or_there_is_none(solver: Solver) -> None:
    high, low, vip = (
        literal(solver, node) for node in (AtLeast("star", 3), Below("star", 2), Is("vip", True))
    )
    assert solver.ask(high) is Answer.YES
    assert solver.ask(high, low) is Answer.NO
    assert set(solver.core([high, low, vip])) == {high, low}
    assert solver.ask(negated(high), vip) is Answer.YES
    assert (solver.holds(vip), solver.holds(high), solver.holds(negated(high))) == (True, False, True)


def test_what_is_required_holds_from_then_on(solver: Solver) -> None:
    high = literal(solver, AtLeast("star", 3))
    assert solver.ask(high) is Answer.YES
    solver.formulas.require(negated(high))
    assert solver.ask(high) is Answer.NO


def test_names_made_after_a_question_are_told_with_the_next(solver: Solver) -> None:
    assert solver.ask(literal(solver, AtLeast("star", 3))) is Answer.YES
    assert solver.ask(literal(solver, Is("vip", True)), literal(solver, Below("star", 2))) is Answer.YES


def test_when_the_time_is_over_nothing_is_asked() -> None:
    late = Solver(space((book(hotline((None, None))),), [], NOW), Deadline(lambda: 2.0, 1.0))
    assert late.ask() is Answer.UNDECIDED


def test_the_solver_is_loaded_only_by_who_proves() -> None:
    """A service that decides calls must not pay for it."""
    code = (
        "import sys, router.cli.app, router.policy.proof.prove, router.policy.proof.difference; "
        "sys.exit('z3' in sys.modules)"
    )
    assert run([sys.executable, "-c", code], check=False).returncode == 0
