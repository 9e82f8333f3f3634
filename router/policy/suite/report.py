"""What came of suites, for people, for programs and for CI servers."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any
from xml.etree import ElementTree as ET

from router.facts import Data, Facts
from router.policy.decide import Policies
from router.policy.explain import explain
from router.policy.suite.cases import AXES, labelled
from router.policy.suite.run import Coverage, Part, Played, PlayedSuite, Results
from router.policy.suite.schema import NONE
from router.policy.words import worded

Trace = Callable[[Facts], Sequence[str]]
"""Why a call goes where it goes, in lines for people."""


def explained(policies: Policies) -> Trace:
    """The trace by the policies' own explanation, in English.

    What is sensitive is shown: a suite's callers are made up, and what they are stands in its file.
    """
    return lambda facts: worded(explain(policies, facts), "en", show_sensitive=True)


def text(results: Results, trace: Trace, *, verbose: bool = False) -> Iterator[str]:
    """The lines for people: a line a suite, the failures with their traces, the coverage, the sum."""
    for suite in results.suites:
        yield f"{suite.suite.file}: {suite.suite.name}: {_counted(suite)}"
        for played in suite.cases:
            if not played.passed:
                yield from _failure(suite, played, trace)
            elif verbose:
                yield f"  passed {played.case.name}: {_outcome(played)}"
    for covered in results.coverage:
        yield coverage_line(covered)
    yield f"{results.policy}: {results.passed} passed, {results.failed} failed"


def _counted(suite: PlayedSuite) -> str:
    failed = len(suite.failures)
    passed = f"{len(suite.cases) - failed} passed"
    return f"{passed}, {failed} failed" if failed else passed


def _outcome(played: Played) -> str:
    return f"{played.decision.rule}, {played.decision.destination}"


def _failure(suite: PlayedSuite, played: Played, trace: Trace) -> Iterator[str]:
    yield f"{_place(suite, played)} failed {played.case.name}"
    for line in _told(played, trace):
        yield f"    {line}"


def _place(suite: PlayedSuite, played: Played) -> str:
    line, column = played.case.place
    return f"{suite.suite.file}:{line}:{column}"


def _told(played: Played, trace: Trace) -> list[str]:
    return [
        *map(str, played.differences),
        f"given {labelled(played.case.given, _telling(played))}",
        *trace(played.case.facts),
    ]


def _telling(played: Played) -> tuple[str, ...]:
    """Those of the case's names that say more than that nothing is out of the ordinary."""
    return tuple(axis for axis in AXES if played.case.given[axis] not in {NONE, Data.FRESH})


def coverage_line(covered: Coverage) -> str:
    """What is reached of a hotline and what is not: ``10010: rules 4 of 5, segments 4 of 4; missing …``."""
    parts = {"rules": covered.rules, "segments": covered.segments}
    counts = ", ".join(f"{kind} {part.reached} of {len(part.names)}" for kind, part in parts.items())
    missing = [f"{kind} {', '.join(part.missing)}" for kind, part in parts.items() if part.missing]
    return f"{covered.hotline}: {counts}" + (f"; missing: {'; '.join(missing)}" if missing else "")


def document(results: Results, trace: Trace) -> dict[str, Any]:
    """The results as plain values, for JSON."""
    return {
        "policy": results.policy,
        "passed": results.passed,
        "failed": results.failed,
        "suites": [
            {
                "name": suite.suite.name,
                "file": suite.suite.file,
                "cases": [_case(played, trace) for played in suite.cases],
            }
            for suite in results.suites
        ],
        "coverage": [
            {
                "hotline": covered.hotline,
                "rules": _part(covered.rules),
                "segments": _part(covered.segments),
            }
            for covered in results.coverage
        ],
    }


def _case(played: Played, trace: Trace) -> dict[str, Any]:
    line, column = played.case.place
    decision = played.decision
    told = {
        "differences": [
            {"what": difference.what, "expected": difference.expected, "got": difference.got}
            for difference in played.differences
        ],
        "trace": list(trace(played.case.facts)),
    }
    return {
        "test": played.case.test,
        "name": played.case.name,
        "given": dict(played.case.given),
        "line": line,
        "column": column,
        "passed": played.passed,
        "rule": decision.rule,
        "to": decision.destination,
        "segment": decision.segment,
        **({} if played.passed else told),
    }


def _part(part: Part) -> dict[str, Any]:
    return {"reached": part.reached, "of": len(part.names), "missing": list(part.missing)}


def junit(results: Results, trace: Trace) -> bytes:
    """The results as JUnit XML (UTF-8): a testsuite each suite, a testcase each case.

    Nothing is said of times: a case takes some microseconds. There are no errors: what cannot be played is
    not read in the first place.
    """
    total = results.passed + results.failed
    root = ET.Element("testsuites", _counts("ivr test", total, results.failed))
    for suite in results.suites:
        counts = _counts(suite.suite.name, len(suite.cases), len(suite.failures))
        element = ET.SubElement(root, "testsuite", counts | {"file": suite.suite.file})
        for played in suite.cases:
            _testcase(element, suite, played, trace)
    ET.indent(root)
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written + b"\n"


def _counts(name: str, tests: int, failures: int) -> dict[str, str]:
    return {"name": name, "tests": str(tests), "failures": str(failures), "errors": "0", "skipped": "0"}


def _testcase(parent: ET.Element, suite: PlayedSuite, played: Played, trace: Trace) -> None:
    case = ET.SubElement(
        parent,
        "testcase",
        {
            "classname": suite.suite.name,
            "name": played.case.name,
            "file": suite.suite.file,
            "line": str(played.case.place[0]),
        },
    )
    if not played.passed:
        message = "; ".join(map(str, played.differences))
        failure = ET.SubElement(case, "failure", {"type": "expectation", "message": message})
        failure.text = "\n".join([_place(suite, played), *_told(played, trace)])
