"""Suites as they are read: from which files, and what their cases expect."""

from pathlib import Path

from router.policy.rulebook import GoesTo, PersonWithin
from router.policy.suite.reading import Expected, read_suites, suite_files
from tests.policy.suite.folder import HEAD, SAMPLE, lay_out, policies, suite


def test_the_sample_is_read_whole() -> None:
    (sample,), problems = read_suites(policies(), [SAMPLE])
    assert problems == []
    assert (sample.name, sample.file) == ("a sample", str(SAMPLE))
    tests = list(dict.fromkeys(case.test for case in sample.cases))
    assert [sum(case.test == test for case in sample.cases) for test in tests] == [1, 18, 6, 3, 6]


def test_a_case_knows_its_names_and_the_place_of_its_expectation() -> None:
    (case,) = suite(HEAD + "tests:\n  - name: t\n    expect: {rule: the-rest}\n").cases
    assert (case.test, case.name, case.place) == ("t", "t", (6, 13))
    assert case.given == {
        "caller": "unknown",
        "contacts": "none",
        "load": "none",
        "share": "none",
        "now": "2026-03-02T10:00:00+08:00",
        "dialled": "10010",
        "data": "fresh",
    }


def test_a_case_of_a_matrix_is_named_for_what_is_varied() -> None:
    text = """\
callers: {old: {age: 90}}
tests:
  - name: t
    matrix: {data: [fresh, absent], caller: [old]}
    expect:
      - {data: absent, rule: the-rest}
      - {rule: seniors}
"""
    cases = suite(HEAD + text).cases
    assert [case.name for case in cases] == ["t [caller=old, data=fresh]", "t [caller=old, data=absent]"]
    assert [case.place for case in cases] == [(10, 9), (9, 9)]


def test_expectations_are_read() -> None:
    text = """\
tests:
  - {name: a, expect: {rule: seniors, segment: none}}
  - {name: b, expect: {to: human}}
  - {name: c, expect: {to: {person_within_keys: 2}}}
  - {name: d, expect: {to: {queue: vip, priority: 20}}}
  - {name: e, expect: {to: {queue: [vip, general], menu: main, announce: closed, refuse: closed}}}
"""
    every = frozenset({"queue:vip", "queue:general", "menu:main", "announce:closed", "refuse:closed"})
    vip = GoesTo(destinations=frozenset({"queue:vip"}))
    assert [case.expected for case in suite(HEAD + text).cases] == [
        Expected(rule="seniors", outcome=None, priority=None, segment="none"),
        Expected(rule=None, outcome=PersonWithin(keys=0), priority=None, segment=None),
        Expected(rule=None, outcome=PersonWithin(keys=2), priority=None, segment=None),
        Expected(rule=None, outcome=vip, priority=20, segment=None),
        Expected(rule=None, outcome=GoesTo(destinations=every), priority=None, segment=None),
    ]


def test_a_folder_has_its_suites_in_tests(tmp_path: Path) -> None:
    folder = lay_out(tmp_path / "policies")
    (folder / "tests" / "another_test.yaml").touch()
    (folder / "tests" / ".hidden_test.yaml").touch()
    (folder / "tests" / "notes.txt").touch()
    assert suite_files(folder) == (
        [folder / "tests" / "another_test.yaml", folder / "tests" / "sample_test.yaml"],
        [],
    )


def test_a_file_that_would_be_overlooked_is_a_mistake(tmp_path: Path) -> None:
    """A suite under another name would be taken for one that passes."""
    folder = lay_out(tmp_path / "policies")
    for name in ("10010.yaml", "400_test.yml"):
        (folder / "tests" / name).touch()
    _, problems = suite_files(folder)
    assert list(map(str, problems)) == [
        f"{folder}/tests/10010.yaml:1:1 is not read; name it 10010_test.yaml",
        f"{folder}/tests/400_test.yml:1:1 is not read; name it 400_test.yaml",
    ]


def test_a_folder_without_a_suite_is_a_mistake(tmp_path: Path) -> None:
    files, (problem,) = suite_files(tmp_path)
    assert files == []
    assert str(problem) == f"{tmp_path}/tests:0:0 has no suite; add a file like 10010_test.yaml"


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    suites, (problem,) = read_suites(policies(), [tmp_path / "absent_test.yaml", SAMPLE])
    assert str(problem) == f"{tmp_path}/absent_test.yaml:0:0 cannot be read: no such file or directory"
    assert [suite.name for suite in suites] == ["a sample"]


def test_no_two_suites_have_one_name(tmp_path: Path) -> None:
    """A CI server would show them as one."""
    again = tmp_path / "again_test.yaml"
    again.write_bytes(SAMPLE.read_bytes())
    _, (problem,) = read_suites(policies(), [SAMPLE, again])
    message = f'"a sample" is the name of a suite already, at {SAMPLE}:1:8'
    assert str(problem) == f"{again}:1:8 suite: {message}"
