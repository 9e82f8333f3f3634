"""`ivr lint`: every mistake in the policy files, at once."""

from pathlib import Path

import typer

from router.cli.options import Policies
from router.errors import PolicyError
from router.policy import decide
from router.policy.load import load


def lint(policies: Policies = Path("policies")) -> None:
    """Check the policy files and print every mistake, one a line: FILE:LINE:COLUMN WHERE: WHAT.

    Exit codes: 0 all is well; 1 there are mistakes; 2 a file or the folder cannot be read.
    """
    try:
        loaded = load(policies)
    except PolicyError as error:
        for problem in error.problems:
            typer.echo(str(problem))
        unreadable = any(problem.line == 0 for problem in error.problems)
        raise typer.Exit(2 if unreadable else 1) from error
    typer.echo(f"{loaded.version} {_summary(loaded)}")


def _summary(policies: decide.Policies) -> str:
    book = policies.book
    counts = {
        "hotline": len(book.hotlines),
        "segment": sum(len(hotline.segments) for hotline in book.hotlines),
        "route": sum(len(hotline.routes) for hotline in book.hotlines),
        "decision": len(policies.decisions),
        "queue": len(book.queues),
        "attribute": len(book.attributes),
    }
    listed = ", ".join(f"{count} {name}{'' if count == 1 else 's'}" for name, count in counts.items())
    return f"is good: {listed}, {len(policies.needs.attributes)} of them looked at"
