"""What a proof finds, each with its place in the files and, where there is one, a caller who shows it."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from router.decision import Decision
from router.errors import Problem
from router.facts import Facts
from router.policy.load import Folder
from router.policy.source import Steps


class Kind(StrEnum):
    """What is found."""

    BROKEN_PROMISE = "broken-promise"
    EMPTY_PROMISE = "empty-promise"
    """About nobody: no caller meets its condition."""
    EMPTY_SEGMENT = "empty-segment"
    DEAD_ROUTE = "dead-route"
    RETURN = "return"
    """An overflow stage leads back to a queue where nobody was free."""
    OVERLAP = "overlap"

    @property
    def is_mistake(self) -> bool:
        """It cannot have been meant; else it is worth knowing."""
        return self not in {Kind.RETURN, Kind.OVERLAP}


class Verdict(StrEnum):
    """What is known of a promise."""

    PROVED = "proved"
    BROKEN = "broken"
    EMPTY = "empty"
    """Proved, but it is about nobody."""
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """A caller in a state, and what `decide` says."""

    words: str
    facts: Facts
    decision: Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is so."""

    kind: Kind
    hotline: str
    file: str
    steps: Steps
    """The way to it in the file."""
    name: str
    """The promise, the segment or the route that it is about."""
    message: str
    """In plain words, without the place."""
    routes: tuple[str, ...] = ()
    """The other routes that it is about: those that eat this one, the one that took the call."""
    witness: Witness | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A promise and what is known of it."""

    hotline: str
    name: str
    verdict: Verdict
    finding: Finding | None = None
    """If it is broken or empty."""


class Why(StrEnum):
    """Why something is undecided."""

    TIME = "time"
    """There was no time to find out."""
    DRAWN = "drawn"
    """The solver finds a caller, but nobody is known who is drawn for shares like that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Undecided:
    """What could not be decided."""

    hotline: str
    file: str
    steps: Steps
    what: Literal["promise", "segment", "route"]
    name: str
    why: Why = Why.TIME


MAX_DOUBTS = 20
"""What is undecided of a hotline is told up to so many lines; the rest is told as more."""
_DRAWN = (
    "may be broken, but only for callers so rare that none was found: no number that was tried is drawn for "
    "its shares like that"
)
_OPEN = {
    "promise": "there was no time to find out whether it holds",
    "segment": "there was no time to find out whether anybody can belong to it",
    "route": "there was no time to find out whether it ever takes a call",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """All that is known of a folder of policies."""

    version: str
    promises: tuple[Judged, ...]
    """Every promise, in the files' order."""
    findings: tuple[Finding, ...]
    """Hotline by hotline: its promises, segments, routes, overlaps."""
    undecided: tuple[Undecided, ...]
    uncompared: int
    """Routes that were not looked at for overlaps: there were enough, or it was too late."""

    @property
    def mistakes(self) -> tuple[Finding, ...]:
        """The findings that cannot have been meant."""
        return tuple(finding for finding in self.findings if finding.kind.is_mistake)

    @property
    def notes(self) -> tuple[Finding, ...]:
        """The findings that are worth knowing."""
        return tuple(finding for finding in self.findings if not finding.kind.is_mistake)


def problems(proof: Proof, folder: Folder) -> list[Problem]:
    """The mistakes that a proof found, each at its place in the files, sorted."""
    return _placed(proof.mistakes, folder)


def notes(proof: Proof, folder: Folder) -> list[Problem]:
    """What a proof found worth knowing, each at its place in the files, sorted."""
    return _placed(proof.notes, folder)


def doubts(proof: Proof, folder: Folder) -> list[Problem]:
    """What a proof could not decide, each at its place in the files: promises, then the rest, each sorted.

    Up to `MAX_DOUBTS` of a hotline; one more line says how many others there are.
    """
    by_hotline: dict[str, list[Undecided]] = {}
    for left in proof.undecided:
        by_hotline.setdefault(left.hotline, []).append(left)
    promises: list[Problem] = []
    others: list[Problem] = []
    for undecided in by_hotline.values():
        undecided.sort(key=lambda left: left.what != "promise")
        for left in undecided[:MAX_DOUBTS]:
            message = _DRAWN if left.why is Why.DRAWN else _OPEN[left.what]
            (promises if left.what == "promise" else others).append(_doubt(folder, left, message))
        if rest := undecided[MAX_DOUBTS:]:
            were = "was" if len(rest) == 1 else "were"
            message = f"\N{HORIZONTAL ELLIPSIS} and {len(rest)} more of this hotline {were} not decided"
            others.append(_doubt(folder, rest[0], message))
    return sorted(promises) + sorted(others)


def _doubt(folder: Folder, left: Undecided, message: str) -> Problem:
    return folder.sources[left.file].problem(left.steps, message, at_key=left.what == "segment")


def _placed(findings: Iterable[Finding], folder: Folder) -> list[Problem]:
    return sorted(
        folder.sources[finding.file].problem(
            finding.steps, finding.message, at_key=finding.kind is Kind.EMPTY_SEGMENT
        )
        for finding in findings
    )
