"""Suites played: each case decided as a call is, compared with what is expected, and what that covers."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import assert_never

from router.decision import Decision, ToQueue
from router.policy.decide import Policies, decide
from router.policy.rulebook import GoesTo, Hotline, Outcome, PersonWithin, Rulebook, keeps
from router.policy.suite.reading import Case, Suite


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What is not as expected, in words."""

    what: str
    """rule, to, priority or segment."""
    expected: str
    got: str

    def __str__(self) -> str:
        return f"{self.what}: expected {self.expected}, got {self.got}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """A case that has been decided."""

    case: Case
    decision: Decision
    differences: tuple[Difference, ...]

    @property
    def passed(self) -> bool:
        """Everything is as expected."""
        return not self.differences


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayedSuite:
    """A suite whose cases have been decided."""

    suite: Suite
    cases: tuple[Played, ...]

    @property
    def failures(self) -> tuple[Played, ...]:
        """The cases that are not as expected."""
        return tuple(played for played in self.cases if not played.passed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Names that can be reached, in the file's order, and which of them no passed case has reached."""

    names: tuple[str, ...]
    missing: tuple[str, ...]

    @property
    def reached(self) -> int:
        """How many passed cases have reached."""
        return len(self.names) - len(self.missing)

    @property
    def percent(self) -> float:
        """From 0 to 100; 100 of nothing."""
        return 100 * self.reached / len(self.names) if self.names else 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """What the passed cases have reached of a hotline."""

    hotline: str
    rules: Part
    """Its routes that have taken a call."""
    segments: Part
    """Its segments that a caller was reported under."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """What came of all suites."""

    policy: str
    """The version of the policies."""
    suites: tuple[PlayedSuite, ...]
    coverage: tuple[Coverage, ...]
    """By hotline, in the policies' order."""

    @property
    def passed(self) -> int:
        """How many cases are as expected."""
        return sum(len(suite.cases) for suite in self.suites) - self.failed

    @property
    def failed(self) -> int:
        """How many cases are not."""
        return sum(len(suite.failures) for suite in self.suites)

    def below(self, percent: float) -> Iterator[tuple[str, str, Part]]:
        """The hotlines and the parts of them that are covered by less than this."""
        for covered in self.coverage:
            for kind, part in (("rules", covered.rules), ("segments", covered.segments)):
                if part.percent < percent:
                    yield covered.hotline, kind, part


def run(policies: Policies, suites: Iterable[Suite]) -> Results:
    """Play suites that were read for these policies.

    Raises:
        NoHotline: they were read for others, and a number dialled belongs to none of these hotlines.
    """
    played = tuple(
        PlayedSuite(suite=suite, cases=tuple(_play(policies, case) for case in suite.cases))
        for suite in suites
    )
    passed = [case.decision for suite in played for case in suite.cases if case.passed]
    rules = {(decision.hotline, decision.rule) for decision in passed}
    segments = {(decision.hotline, decision.segment) for decision in passed}
    return Results(
        policy=policies.version,
        suites=played,
        coverage=tuple(_coverage(hotline, rules, segments) for hotline in policies.book.hotlines),
    )


def _play(policies: Policies, case: Case) -> Played:
    decision = decide(policies, case.facts)
    return Played(case=case, decision=decision, differences=tuple(_compare(policies.book, case, decision)))


def _compare(book: Rulebook, case: Case, decision: Decision) -> Iterator[Difference]:
    expected = case.expected
    if expected.rule is not None and expected.rule != decision.rule:
        yield Difference(what="rule", expected=expected.rule, got=decision.rule)
    if expected.outcome is not None and not keeps(book, decision.action, expected.outcome):
        yield Difference(what="to", expected=wording(expected.outcome), got=decision.destination)
    elif isinstance(decision.action, ToQueue) and expected.priority not in {None, decision.action.priority}:
        got = str(decision.action.priority)
        yield Difference(what="priority", expected=str(expected.priority), got=got)
    if expected.segment is not None and expected.segment != decision.segment:
        yield Difference(what="segment", expected=expected.segment, got=decision.segment)


def wording(outcome: Outcome) -> str:
    """Where a call must go, in words: ``queue:vip or queue:general``, ``a person within 2 keys``."""
    match outcome:
        case GoesTo(destinations=destinations):
            return " or ".join(sorted(destinations))
        case PersonWithin(keys=0):
            return "a person without a key, in every stage"
        case PersonWithin(keys=keys):
            return f"a person within {keys} key{'' if keys == 1 else 's'}"
        case _ as never:
            assert_never(never)


def _coverage(hotline: Hotline, rules: set[tuple[str, str]], segments: set[tuple[str, str]]) -> Coverage:
    routes = tuple(route.name for route in hotline.routes)
    named = tuple(hotline.segments)
    return Coverage(
        hotline=hotline.name,
        rules=Part(names=routes, missing=tuple(name for name in routes if (hotline.name, name) not in rules)),
        segments=Part(
            names=named, missing=tuple(name for name in named if (hotline.name, name) not in segments)
        ),
    )
