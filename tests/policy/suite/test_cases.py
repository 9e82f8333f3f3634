"""What a matrix comes to, and which expectation is whose; mistakes are in tests/policy/mistakes."""

import pytest

from router.policy.source import parse
from router.policy.suite.cases import AXES, labelled, layouts
from router.policy.suite.schema import MAX_CASES
from tests.policy.suite.folder import HEAD, policies

TESTS = """\
callers: {one: {age: 1}, two: {age: 2}}
tests:
  - name: t
    matrix: {caller: [one, two], data: [fresh, absent]}
    expect:
"""


def taken(expectations: str) -> list[tuple[str, int]]:
    """Each case of the matrix with the place of its expectation."""
    (layout,), problems = layouts(parse((HEAD + TESTS + expectations).encode(), "s"), policies())
    assert problems == []
    return [(labelled(given, ("caller", "data")), place) for given, place in layout.cases]


def told(text: str) -> list[str]:
    _, problems = layouts(parse((HEAD + text).encode(), "s"), policies())
    return list(map(str, problems))


def test_every_combination_is_a_case() -> None:
    assert taken("      - {rule: the-rest}\n") == [
        ("caller=one, data=fresh", 0),
        ("caller=one, data=absent", 0),
        ("caller=two, data=fresh", 0),
        ("caller=two, data=absent", 0),
    ]


@pytest.mark.parametrize(
    ("first", "places"),
    [
        ("{caller: one, rule: the-rest}", [0, 0, 1, 1]),
        ("{data: absent, rule: the-rest}", [1, 0, 1, 0]),
        ("{caller: two, data: absent, rule: the-rest}", [1, 1, 1, 0]),
        ("{caller: [one, two], data: [fresh], rule: the-rest}", [0, 1, 0, 1]),
    ],
)
def test_the_first_expectation_that_fits_is_the_cases_own(first: str, places: list[int]) -> None:
    expectations = f"      - {first}\n      - {{rule: the-rest}}\n"
    assert [place for _, place in taken(expectations)] == places


def test_all_cases_without_an_expectation_are_counted() -> None:
    assert told(TESTS + "      - {caller: one, data: fresh, rule: the-rest}\n") == [
        "s:9:7 tests[0].expect: says nothing of the case caller=one, data=absent and of 2 more"
    ]


def test_a_test_without_a_matrix_names_all_that_its_case_is_made_of() -> None:
    """An expectation with an empty list fits nothing, so the case has none."""
    text = "tests:\n  - name: t\n    expect: {contacts: [], rule: the-rest}\n"
    case = ", ".join(
        f"{axis}={name}"
        for axis, name in zip(
            AXES,
            ["unknown", "none", "none", "none", "2026-03-02T10:00:00+08:00", "10010", "fresh"],
            strict=True,
        )
    )
    assert told(text) == [
        f"s:6:13 tests[0].expect: says nothing of the case {case}",
        "s:6:13 tests[0].expect: is never reached: no case fits it",
    ]


def test_a_mistake_in_a_name_does_not_make_others() -> None:
    """A case whose expectation may be the misspelt one is not said to have none."""
    assert told(
        TESTS + "      - {caller: onne, rule: the-rest}\n      - {caller: two, rule: the-rest}\n"
    ) == ['s:9:18 tests[0].expect[0].caller: no case with caller "onne"; did you mean "one"?']


def test_the_cases_of_a_suite_are_bounded_in_all_its_tests_together() -> None:
    """The bound says what there is: a suite of many tests is as slow as one great matrix."""
    names = ", ".join(f"c{number}" for number in range(99))
    test = f"    matrix: {{caller: [{names}], load: [{names}]}}\n    expect: {{rule: the-rest}}\n"
    text = f"tests:\n  - name: a\n{test}  - name: b\n{test}"
    assert 99 * 99 < MAX_CASES < 2 * 99 * 99
    assert told(text) == [
        "s:9:5 tests[1].matrix: makes 9,801 cases; a suite may have 10,000, in all its tests together"
    ]


@pytest.mark.parametrize(
    "text",
    [
        "tests: 5\n",
        "tests: [5, [], t]\n",
        "- a\n",
        "tests:\n  - {name: t, matrix: 5, expect: 5}\n",
        "tests:\n  - {name: t, matrix: {caller: 5, load: [5]}, expect: [5, {caller: 5, load: [5]}]}\n",
        "tests:\n  - {name: 5, caller: 5, dialled: 5, expect: {rule: 5, segment: []}}\n",
        "callers: 5\ntests: []\n",
        "callers: {a: 5}\ntests: []\n",
    ],
)
def test_what_has_the_wrong_shape_is_left_to_the_schema(text: str) -> None:
    content = text if text.startswith("-") else HEAD + text
    assert layouts(parse(content.encode(), "s"), policies()) == ([], [])
