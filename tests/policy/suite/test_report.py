"""What came of suites, as it is printed and written."""

import json
from collections.abc import Sequence
from xml.etree import ElementTree as ET

import pytest

from router.facts import Facts
from router.policy.explain import explain
from router.policy.suite import report
from router.policy.suite.run import Results, run
from router.policy.words import worded
from tests.policy.suite.folder import HEAD, SAMPLE, policies, suite

TEXT = """\
callers: {old: {age: 90}}
tests:
  - name: <right> & "plain"
    caller: old
    expect: {rule: seniors}
  - name: wrong
    matrix: {caller: [old, unknown], data: [fresh, absent]}
    expect:
      - {data: absent, rule: the-rest}
      - {rule: seniors, to: human}
"""


def trace(facts: Facts) -> Sequence[str]:
    return (f"because <{facts.data}> & so on", "  age is so")


@pytest.fixture
def results() -> Results:
    return run(policies(), [suite(HEAD + TEXT), suite(SAMPLE.read_text(encoding="utf-8"))])


def test_people_read_the_failures_with_their_traces_and_the_coverage(results: Results) -> None:
    assert list(report.text(results, trace)) == [
        "s_test.yaml: s: 4 passed, 1 failed",
        "s_test.yaml:13:9 failed wrong [caller=unknown, data=fresh]",
        "    rule: expected seniors, got the-rest",
        "    to: expected a person without a key, in every stage, got menu:main",
        "    given caller=unknown, now=2026-03-02T10:00:00+08:00, dialled=10010",
        "    because <fresh> & so on",
        "      age is so",
        "s_test.yaml: a sample: 34 passed",
        "10010: rules 2 of 2, segments 1 of 2; missing: segments vip",
        "400: rules 4 of 4, segments 2 of 2",
        f"{policies().version}: 38 passed, 1 failed",
    ]


def test_who_wants_to_reads_the_passed_cases_too() -> None:
    results = run(policies(), [suite(HEAD + "tests: [{name: t, expect: {rule: the-rest}}]\n")])
    missing = "rules surge, twice, pilot, the-rest; segments pilot, loyal"
    assert list(report.text(results, trace, verbose=True)) == [
        "s_test.yaml: s: 1 passed",
        "  passed t: the-rest, menu:main",
        "10010: rules 1 of 2, segments 0 of 2; missing: rules seniors; segments senior, vip",
        f"400: rules 0 of 4, segments 0 of 2; missing: {missing}",
        f"{policies().version}: 1 passed, 0 failed",
    ]


def test_the_trace_is_the_policies_explanation() -> None:
    """It shows what a caller is, since a suite's callers are made up, and why each rule did not match."""
    (case,) = suite(
        HEAD + "callers: {a: {age: 64}}\ntests: [{name: t, caller: a, expect: {to: human}}]\n"
    ).cases
    lines = report.explained(policies())(case.facts)
    assert list(lines) == worded(explain(policies(), case.facts), "en", show_sensitive=True)
    assert any("64" in line for line in lines)


def test_programs_read_the_same(results: Results) -> None:
    document = report.document(results, trace)
    assert json.loads(json.dumps(document)) == document
    assert (document["policy"], document["passed"], document["failed"]) == (policies().version, 38, 1)
    first, second = document["suites"]
    assert (first["name"], first["file"], len(first["cases"])) == ("s", "s_test.yaml", 5)
    assert first["cases"][0] == {
        "test": '<right> & "plain"',
        "name": '<right> & "plain"',
        "given": {
            "caller": "old",
            "contacts": "none",
            "load": "none",
            "share": "none",
            "now": "2026-03-02T10:00:00+08:00",
            "dialled": "10010",
            "data": "fresh",
        },
        "line": 8,
        "column": 13,
        "passed": True,
        "rule": "seniors",
        "to": "queue:elder-care",
        "segment": "senior",
    }
    assert [case["passed"] for case in first["cases"]] == [True, True, True, False, True]
    failed = first["cases"][3]
    assert failed["trace"] == ["because <fresh> & so on", "  age is so"]
    assert failed["differences"] == [
        {"what": "rule", "expected": "seniors", "got": "the-rest"},
        {"what": "to", "expected": "a person without a key, in every stage", "got": "menu:main"},
    ]
    assert len(second["cases"]) == 34
    assert document["coverage"][0] == {
        "hotline": "10010",
        "rules": {"reached": 2, "of": 2, "missing": []},
        "segments": {"reached": 1, "of": 2, "missing": ["vip"]},
    }


ALLOWED = {
    "testsuites": ({"name", "tests", "failures", "errors", "skipped"}, {"testsuite"}),
    "testsuite": ({"name", "tests", "failures", "errors", "skipped", "file"}, {"testcase"}),
    "testcase": ({"classname", "name", "file", "line"}, {"failure"}),
    "failure": ({"type", "message"}, set()),
}
"""What JUnit's readers know: of each element the attributes and the elements in it."""


def check(element: ET.Element) -> None:
    """The element has the attributes and elements of its kind, and its counts are those of what is in it."""
    attributes, children = ALLOWED[element.tag]
    assert set(element.attrib) == attributes
    assert {child.tag for child in element} <= children
    if "tests" in attributes:
        assert int(element.get("tests")) == len(list(element.iter("testcase")))
        assert int(element.get("failures")) == len(list(element.iter("failure")))
        assert (element.get("errors"), element.get("skipped")) == ("0", "0")
    for child in element:
        check(child)


def test_ci_servers_read_junit(results: Results) -> None:
    written = report.junit(results, trace)
    root = ET.fromstring(written)  # noqa: S314 - our own
    assert written.startswith(b"<?xml version='1.0' encoding='utf-8'?>\n<testsuites ")
    assert root.tag == "testsuites"
    check(root)
    assert [(suite.get("name"), suite.get("tests"), suite.get("failures")) for suite in root] == [
        ("s", "5", "1"),
        ("a sample", "34", "0"),
    ]
    first = root[0][0]
    assert first.attrib == {
        "classname": "s",
        "name": '<right> & "plain"',
        "file": "s_test.yaml",
        "line": "8",
    }
    (failure,) = root.iter("failure")
    assert failure.get("message") == (
        "rule: expected seniors, got the-rest; "
        "to: expected a person without a key, in every stage, got menu:main"
    )
    assert failure.text.splitlines() == [
        "s_test.yaml:13:9",
        "rule: expected seniors, got the-rest",
        "to: expected a person without a key, in every stage, got menu:main",
        "given caller=unknown, now=2026-03-02T10:00:00+08:00, dialled=10010",
        "because <fresh> & so on",
        "  age is so",
    ]


def test_every_case_of_junit_has_a_name_of_its_own(results: Results) -> None:
    """A CI server joins cases of one class and name."""
    root = ET.fromstring(report.junit(results, trace))  # noqa: S314 - the same
    names = [(case.get("classname"), case.get("name")) for case in root.iter("testcase")]
    assert len(set(names)) == len(names) == 39


def test_names_in_any_script_are_written(results: Results) -> None:
    text = (
        HEAD.replace("suite: s", "suite: 老人直达") + "tests: [{name: 六十五岁, expect: {rule: the-rest}}]\n"
    )
    root = ET.fromstring(report.junit(run(policies(), [suite(text)]), trace))  # noqa: S314 - the same
    assert (root[0].get("name"), root[0][0].get("name")) == ("老人直达", "六十五岁")
    assert results.failed == 1
