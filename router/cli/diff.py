"""`ivr diff`: how two versions of the policies decide differently."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from router.cli.options import PROOF_SECONDS, Budget, Format
from router.cli.prove import Form, print_refusal
from router.errors import PolicyError
from router.policy.load import read_folder
from router.policy.proof.difference import Comparison, Difference, compare
from router.policy.proof.words import plain
from router.policy.rulebook import Rulebook


def diff(
    old: Annotated[Path, typer.Argument(metavar="OLD", help="The folder of the old version.")],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="The folder of the new version.")],
    budget: Budget = PROOF_SECONDS,
    form: Form = Format.TEXT,
) -> None:
    """Say how two versions of the policies decide differently, with a concrete caller for each way.

    The files are not compared; what they decide is, for every caller in every state. What is said otherwise
    and decides alike is told as a note at most.

    Exit codes: 0 they decide alike for every caller; 1 they differ; 2 files have mistakes or cannot be read;
    3 undecided, and no difference was found.
    """
    books = (_book(old, form), _book(new, form))
    comparison = compare(*books, budget=budget, clock=time.monotonic, since=int(time.time()))
    if form is Format.JSON:
        typer.echo(json.dumps(_document(comparison), ensure_ascii=False, indent=2))
    else:
        for line in _lines(comparison):
            typer.echo(line)
    raise typer.Exit(1 if comparison.changes else 3 if comparison.undecided else 0)


def _book(folder: Path, form: Format) -> Rulebook:
    try:
        return read_folder(folder).book
    except PolicyError as error:
        if form is Format.TEXT:
            typer.echo(f"{folder} cannot be used:")
        print_refusal(error.problems, form)
        raise typer.Exit(2) from error


def _lines(comparison: Comparison) -> Iterator[str]:
    for change in comparison.changes:
        yield f"{change.hotline}: {change.message}"
    for remark in comparison.remarks:
        yield f"note: {remark.hotline}: {remark.message}"
    for hotline in comparison.undecided:
        yield f"{hotline}: undecided: there may be more"
    old, new = comparison.versions
    if comparison.alike:
        yield f"{old} and {new} decide alike for every caller"
    elif not comparison.undecided:
        yield f"{old} and {new} differ in nothing else"


def _document(comparison: Comparison) -> dict[str, Any]:
    return {
        "old": comparison.versions[0],
        "new": comparison.versions[1],
        "alike": comparison.alike,
        "changes": [_difference(change) for change in comparison.changes],
        "remarks": [_difference(remark) for remark in comparison.remarks],
        "undecided": list(comparison.undecided),
    }


def _difference(difference: Difference) -> dict[str, Any]:
    shown = difference.shown
    sides = () if shown is None else zip(("old", "new"), shown.facts, shown.decisions, strict=True)
    return {
        "kind": difference.kind,
        "hotline": difference.hotline,
        "message": difference.message,
        "words": None if shown is None else shown.words,
        **{
            side: {
                "facts": plain(facts),
                "rule": decision.rule,
                "destination": decision.destination,
            }
            for side, facts, decision in sides
        },
    }
