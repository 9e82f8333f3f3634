"""Problems with policy files as text, for editors and for programs."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from router.errors import Problem


class Form(StrEnum):
    """How problems are printed."""

    TEXT = "text"
    GCC = "gcc"
    JSON = "json"


class Severity(StrEnum):
    """What a problem means: the words are those that compilers use and editors know."""

    ERROR = "error"
    """A mistake."""
    WARNING = "warning"
    """Something that is not known."""
    NOTE = "note"
    """Worth knowing."""


@dataclass(frozen=True, slots=True, order=True)
class Told:
    """A problem and what it means."""

    problem: Problem
    severity: Severity


def as_text(told: Iterable[Told]) -> Iterator[str]:
    """``10010.yaml:14:13 routes[1].to.queue: no queue …``; other words than "error" stand before it."""
    for one in told:
        said = "" if one.severity is Severity.ERROR else f"{one.severity}: "
        yield f"{said}{one.problem}"


def as_gcc(told: Iterable[Told], policies: Path) -> Iterator[str]:
    """``policies/10010.yaml:14:13: error: no queue … [routes[1].to.queue]``, from the working directory.

    A file that cannot be read has line 1: editors and matchers want one.
    """
    for one in told:
        problem = one.problem
        place = f"{_from_here(problem.file, policies)}:{max(problem.line, 1)}:{max(problem.column, 1)}"
        path = f" [{problem.path}]" if problem.path else ""
        yield f"{place}: {one.severity}: {problem.message}{path}"


def _from_here(file: str, policies: Path) -> Path:
    """A file of the folder is named by its name alone; all else as it was given."""
    path = Path(file)
    whole = policies / path if path.name == file and path != policies else path
    return whole.relative_to(Path.cwd()) if whole.is_relative_to(Path.cwd()) else whole


def as_json(told: Iterable[Told], version: str | None, counts: Mapping[str, int]) -> str:
    """One object: the version (null where there are mistakes in the files), the problems, and how many."""
    problems = [{**asdict(one.problem), "severity": one.severity} for one in told]
    of_each = {f"{kind}s": sum(one["severity"] is kind for one in problems) for kind in Severity}
    document = {"version": version, "problems": problems, "summary": {**of_each, **counts}}
    return json.dumps(document, ensure_ascii=False, indent=2)
