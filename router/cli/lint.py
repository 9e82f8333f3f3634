"""`ivr lint`: every mistake in the policy files, at once."""

import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated

import typer

from router.cli.options import PROOF_SECONDS, Budget, Policies
from router.cli.problems import Form, Severity, Told, as_gcc, as_json, as_text
from router.errors import PolicyError, Problem
from router.policy import switch
from router.policy.compile import compiled
from router.policy.load import QUEUES_FILE, Folder, read_folder
from router.policy.proof import findings
from router.policy.proof.prove import prove
from router.policy.source import read

Asterisk = Annotated[
    Path | None,
    typer.Option(
        envvar="IVR_ASTERISK_CONF",
        metavar="DIR",
        help="The switch's configuration; else asterisk_conf beside the policies, if it is there.",
    ),
]


def lint(
    policies: Policies = Path("policies"),
    asterisk: Asterisk = None,
    form: Annotated[
        Form, typer.Option("--format", help="text; gcc, as compilers print; or json.")
    ] = Form.TEXT,
    notes: Annotated[bool, typer.Option("--notes", help="Tell also what is worth knowing.")] = False,
    no_prove: Annotated[bool, typer.Option("--no-prove", help="Check the files, and prove nothing.")] = False,
    budget: Budget = PROOF_SECONDS,
) -> None:
    """Check the policy files and print every mistake, one a line: FILE:LINE:COLUMN WHERE: WHAT.

    Queues, menus and prompts are held to the switch's configuration. Files without a mistake are proved, as
    by "ivr prove": a broken promise is a mistake, and so is a route that takes no call.

    Exit codes: 0 all is well; 1 there are mistakes; 2 a file or the folder cannot be read. What the proof
    could not decide in time is told in a line that begins with "warning", and is no mistake.
    """
    told = set(_of_switch(policies, asterisk))
    folder: Folder | None = None
    try:
        folder = read_folder(policies)
    except PolicyError as refused:
        told.update(_all(Severity.ERROR, refused.problems))
    if folder is not None and not no_prove:
        told.update(_of_proof(folder, budget))
    _print(sorted(one for one in told if notes or one.severity is not Severity.NOTE), folder, policies, form)
    mistakes = [one.problem for one in told if one.severity is Severity.ERROR]
    if mistakes:
        raise typer.Exit(2 if any(problem.line == 0 for problem in mistakes) else 1)


def _of_switch(policies: Path, asterisk: Path | None) -> Iterator[Told]:
    """What the policies name and the switch has not."""
    folder = asterisk or _beside(policies)
    if asterisk is None and not folder.is_dir():
        return
    try:
        there = switch.read_switch(folder)
    except PolicyError as refused:
        yield from _all(Severity.ERROR, refused.problems)
        return
    yield from _all(Severity.ERROR, switch.strangers(there, read(policies / QUEUES_FILE)))
    yield from _all(Severity.NOTE, switch.unread(there))


def _beside(policies: Path) -> Path:
    above = policies / ".." if policies.name in {"", ".."} else policies.parent
    return above / switch.FOLDER


def _of_proof(folder: Folder, budget: float) -> Iterator[Told]:
    proof = prove(folder.book, budget=budget, clock=time.monotonic, since=int(time.time()))
    yield from _all(Severity.ERROR, findings.problems(proof, folder))
    yield from _all(Severity.WARNING, findings.doubts(proof, folder))
    yield from _all(Severity.NOTE, findings.notes(proof, folder))


def _all(severity: Severity, problems: Iterable[Problem]) -> Iterator[Told]:
    return (Told(problem, severity) for problem in problems)


def _print(told: list[Told], folder: Folder | None, policies: Path, form: Form) -> None:
    good = all(one.severity is not Severity.ERROR for one in told)
    match form:
        case Form.JSON:
            version = None if folder is None else folder.book.version
            typer.echo(as_json(told, version, {} if folder is None else _counts(folder)))
        case Form.GCC:
            for line in as_gcc(told, policies):
                typer.echo(line)
        case Form.TEXT:
            for line in as_text(told):
                typer.echo(line)
            if folder is not None and good:
                typer.echo(f"{folder.book.version} is good: {_summary(_counts(folder))}")


def _counts(folder: Folder) -> Mapping[str, int]:
    book, policies = folder.book, compiled(folder.book)
    return {
        "hotlines": len(book.hotlines),
        "segments": sum(len(hotline.segments) for hotline in book.hotlines),
        "routes": sum(len(hotline.routes) for hotline in book.hotlines),
        "promises": sum(len(hotline.promises) for hotline in book.hotlines),
        "decisions": len(policies.decisions),
        "queues": len(book.queues),
        "attributes": len(book.attributes),
        "attributes_looked_at": len(policies.needs.attributes),
    }


def _summary(counts: Mapping[str, int]) -> str:
    *listed, (_, looked) = counts.items()
    numbers = (f"{count} {name[:-1] if count == 1 else name}" for name, count in listed)
    return f"{', '.join(numbers)}, {looked} of them looked at"
