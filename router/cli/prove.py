"""`ivr prove`: what the policies promise, proved for every caller and every state."""

import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from router.cli.options import PROOF_SECONDS, Budget, Format, Policies
from router.errors import PolicyError, Problem
from router.policy.load import Folder, read_folder
from router.policy.proof import prove as proving
from router.policy.proof.findings import Finding, Proof, Verdict, doubts, notes, problems
from router.policy.proof.words import plain

Form = Annotated[Format, typer.Option("--format", help="How findings are printed.")]


def prove(
    policies: Policies = Path("policies"), budget: Budget = PROOF_SECONDS, form: Form = Format.TEXT
) -> None:
    """Prove every promise for every caller in every state, and find routes that never take a call.

    A broken promise is shown with one concrete caller, whom the policies have really been asked about.
    Overlaps and the like are told as notes, and are no mistakes.

    Exit codes: 0 all is proved; 1 a promise is broken, or a promise, segment or route is about nobody; 2 the
    files have mistakes or cannot be read; 3 something is undecided, and nothing is broken.
    """
    try:
        folder = read_folder(policies)
    except PolicyError as error:
        print_refusal(error.problems, form)
        raise typer.Exit(2) from error
    proof = proving.prove(folder.book, budget=budget, clock=time.monotonic, since=int(time.time()))
    if form is Format.JSON:
        typer.echo(json.dumps(_document(proof, folder), ensure_ascii=False, indent=2))
    else:
        for line in _lines(proof, folder):
            typer.echo(line)
    raise typer.Exit(1 if proof.mistakes else 3 if proof.undecided else 0)


def print_refusal(found: Iterable[Problem], form: Format) -> None:
    """Say why files cannot be used."""
    if form is Format.JSON:
        typer.echo(json.dumps({"problems": [asdict(problem) for problem in found]}, indent=2))
    else:
        for problem in found:
            typer.echo(str(problem))


def _lines(proof: Proof, folder: Folder) -> Iterator[str]:
    for judged in proof.promises:
        yield f"{judged.verdict.value:9}  {judged.hotline}: {judged.name}"
    for problem in [*problems(proof, folder), *doubts(proof, folder)]:
        yield str(problem)
    for problem in notes(proof, folder):
        yield f"note: {problem}"
    if proof.uncompared:
        routes = "route was" if proof.uncompared == 1 else "routes were"
        yield f"note: {proof.uncompared} {routes} not looked at for more overlaps"
    yield f"{proof.version}: {_summary(proof)}"


def _summary(proof: Proof) -> str:
    verdicts = [judged.verdict for judged in proof.promises]
    of_promises = ", ".join(
        f"{count} {verdict.value}" for verdict in Verdict if (count := verdicts.count(verdict))
    )
    counts = {
        "mistake": len(proof.mistakes),
        "note": len(proof.notes),
        "undecided": len(proof.undecided),
    }
    listed = ", ".join(
        f"{count} {name}{'' if count == 1 or name == 'undecided' else 's'}" for name, count in counts.items()
    )
    promises = "promise" if len(verdicts) == 1 else "promises"
    return f"{len(verdicts)} {promises}{f' ({of_promises})' if verdicts else ''}, {listed}"


def _document(proof: Proof, folder: Folder) -> dict[str, Any]:
    return {
        "version": proof.version,
        "promises": [
            {"hotline": judged.hotline, "name": judged.name, "verdict": judged.verdict}
            for judged in proof.promises
        ],
        "findings": [_finding(finding, folder) for finding in proof.findings],
        "undecided": [
            {"hotline": left.hotline, "what": left.what, "name": left.name, "why": left.why}
            for left in proof.undecided
        ],
        "uncompared": proof.uncompared,
    }


def _finding(finding: Finding, folder: Folder) -> dict[str, Any]:
    place = folder.sources[finding.file].problem(finding.steps, finding.message)
    witness = finding.witness
    return {
        "kind": finding.kind,
        "mistake": finding.kind.is_mistake,
        "hotline": finding.hotline,
        "name": finding.name,
        **asdict(place),
        "routes": finding.routes,
        "witness": None
        if witness is None
        else {
            "words": witness.words,
            "facts": plain(witness.facts),
            "rule": witness.decision.rule,
            "destination": witness.decision.destination,
        },
    }
