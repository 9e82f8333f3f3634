"""What a doctor has found, as text and for programs."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict

from router.doctor.finding import Finding, Part, Severity

MARKS = {Severity.OK: "✓", Severity.WARNING: "!", Severity.ERROR: "✗", Severity.SKIPPED: "-"}
_COUNTED = {
    Severity.ERROR: ("error", "errors"),
    Severity.WARNING: ("warning", "warnings"),
    Severity.OK: ("ok", "ok"),
    Severity.SKIPPED: ("skipped", "skipped"),
}


def as_text(found: Mapping[Part, Sequence[Finding]]) -> Iterator[str]:
    """A line a finding, under its part, and below it what to do; at last how many of each."""
    for part, findings in found.items():
        yield part
        for one in findings:
            said = f"not looked at: {one.text}" if one.severity is Severity.SKIPPED else one.text
            yield f"  {MARKS[one.severity]} {one.check}: {_line(said)}"
            if one.remedy:
                yield f"      {_line(one.remedy)}"
    counts = _counts(found)
    yield ", ".join(f"{counts[kind]} {words[counts[kind] != 1]}" for kind, words in _COUNTED.items())


def as_json(found: Mapping[Part, Sequence[Finding]]) -> str:
    """One object: the findings, each with its part, and how many of each severity."""
    findings = [{"part": part, **asdict(one)} for part, of_part in found.items() for one in of_part]
    counts = _counts(found)
    document = {"findings": findings, "summary": {kind: counts[kind] for kind in Severity}}
    return json.dumps(document, ensure_ascii=False, indent=2)


def _counts(found: Mapping[Part, Sequence[Finding]]) -> Counter[Severity]:
    return Counter(one.severity for findings in found.values() for one in findings)


def _line(text: str) -> str:
    """In one line, whatever a peer has said."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())
