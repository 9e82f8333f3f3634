"""Suites played: what differs, and what is covered."""

from dataclasses import replace

import pytest

from router.errors import NoHotline
from router.policy.rulebook import GoesTo, PersonWithin
from router.policy.suite.run import Part, Results, run, wording
from tests.policy.suite.folder import HEAD, SAMPLE, policies, suite

CALLERS = "callers: {old: {age: 90}, star: {star: 5}}\n"


def played(*tests: str) -> Results:
    lines = "".join(f"  - {{name: t{number}, {test}}}\n" for number, test in enumerate(tests))
    return run(policies(), [suite(f"{HEAD}{CALLERS}tests:\n{lines}")])


def differences(test: str) -> list[str]:
    (case,) = played(test).suites[0].cases
    assert case.passed == (not case.differences)
    return list(map(str, case.differences))


@pytest.mark.parametrize(
    ("test", "expected"),
    [
        ("caller: old, expect: {rule: seniors, to: {queue: elder-care, priority: 20}, segment: senior}", []),
        ("caller: old, expect: {to: human}", []),
        ("caller: old, expect: {to: {person_within_keys: 0}}", []),
        ("caller: old, expect: {to: {queue: [vip, elder-care], menu: main}}", []),
        ("caller: old, expect: {rule: the-rest}", ["rule: expected the-rest, got seniors"]),
        (
            "caller: old, expect: {to: {queue: [vip, general], menu: main}}",
            ["to: expected menu:main or queue:general or queue:vip, got queue:elder-care"],
        ),
        (
            "caller: old, expect: {to: {queue: elder-care, priority: 0}}",
            ["priority: expected 0, got 20"],
        ),
        (
            "caller: old, expect: {to: {queue: vip, priority: 0}}",
            ["to: expected queue:vip, got queue:elder-care"],
        ),
        ("caller: old, expect: {rule: seniors, segment: none}", ["segment: expected none, got senior"]),
        (
            "expect: {rule: seniors, to: {queue: vip}, segment: senior}",
            [
                "rule: expected seniors, got the-rest",
                "to: expected queue:vip, got menu:main",
                "segment: expected senior, got none",
            ],
        ),
        ("expect: {to: human}", ["to: expected a person without a key, in every stage, got menu:main"]),
        ("expect: {to: {menu: main, queue: vip, priority: 5}}", []),
        ("dialled: '4001010010', expect: {to: {queue: general, priority: 5}, rule: the-rest}", []),
    ],
)
def test_a_decision_is_compared_with_what_is_expected(test: str, expected: list[str]) -> None:
    assert differences(test) == expected


def test_an_outcome_is_worded() -> None:
    assert wording(GoesTo(destinations=frozenset({"queue:b", "menu:a"}))) == "menu:a or queue:b"
    assert wording(PersonWithin(keys=0)) == "a person without a key, in every stage"
    assert wording(PersonWithin(keys=1)) == "a person within 1 key"
    assert wording(PersonWithin(keys=2)) == "a person within 2 keys"


def test_passed_and_failed_cases_are_counted() -> None:
    results = played("expect: {rule: the-rest}", "expect: {rule: seniors}", "expect: {to: human}")
    assert (results.passed, results.failed) == (1, 2)
    assert [case.case.name for case in results.suites[0].failures] == ["t1", "t2"]
    assert results.policy == policies().version


def test_every_hotline_has_its_coverage() -> None:
    results = run(policies(), [suite(SAMPLE.read_text(encoding="utf-8"))])
    assert results.failed == 0
    coverage = {covered.hotline: covered for covered in results.coverage}
    assert list(coverage) == ["10010", "400"]
    assert coverage["10010"].rules == Part(names=("seniors", "the-rest"), missing=())
    assert coverage["10010"].segments == Part(names=("senior", "vip"), missing=("vip",))
    assert (coverage["400"].rules.reached, coverage["400"].segments.reached) == (4, 2)


def test_a_case_that_fails_covers_nothing() -> None:
    """A rule that takes the wrong call is not a rule that is tested."""
    (first, _) = played("caller: old, expect: {to: {menu: main}}").coverage
    assert first.rules.missing == ("seniors", "the-rest")
    assert first.segments.missing == ("senior", "vip")


def test_rules_of_one_name_are_told_apart_by_their_hotline() -> None:
    first, second = played("expect: {rule: the-rest}").coverage
    assert "the-rest" not in first.rules.missing
    assert "the-rest" in second.rules.missing


def test_what_is_covered_too_little_is_named() -> None:
    results = played("caller: old, expect: {rule: seniors}", "expect: {rule: the-rest}")
    assert [(hotline, kind) for hotline, kind, _ in results.below(100)] == [
        ("10010", "segments"),
        ("400", "rules"),
        ("400", "segments"),
    ]
    assert [(hotline, kind) for hotline, kind, _ in results.below(50)] == [
        ("400", "rules"),
        ("400", "segments"),
    ]
    assert list(results.below(0)) == []


def test_nothing_is_covered_in_full() -> None:
    """A hotline without segments lacks none."""
    assert Part(names=(), missing=()).percent == 100
    assert Part(names=("a", "b", "c"), missing=("b",)).percent == pytest.approx(200 / 3)


def test_suites_belong_to_the_policies_that_they_were_read_for() -> None:
    """Other policies may not have the number; nobody is told that such a case passed."""
    fewer = replace(policies(), trees={})
    with pytest.raises(NoHotline):
        run(fewer, [suite(HEAD + "tests: [{name: t, expect: {to: human}}]\n")])
