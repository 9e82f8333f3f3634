"""`ivr test`: the suites of tests beside the policies."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from router.cli.options import Format, Policies
from router.errors import PolicyError, Problem
from router.policy.load import load
from router.policy.suite import report
from router.policy.suite.reading import read_suites, suite_files
from router.policy.suite.run import Results, run


def suites(
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="[FILES]...", help="Suites; all of DIR/tests if none.")
    ] = None,
    policies: Policies = Path("policies"),
    junit: Annotated[Path | None, typer.Option(metavar="FILE", help="Write JUnit XML there, too.")] = None,
    form: Annotated[Format, typer.Option("--format", help="How results are printed.")] = Format.TEXT,
    verbose: Annotated[bool, typer.Option("--verbose", help="Name the cases that pass, too.")] = False,
    require_coverage: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=100,
            metavar="PERCENT",
            help="Fail when less than this of any hotline's rules or segments is reached by passed cases.",
        ),
    ] = None,
) -> None:
    """Play the tests of the policies: each case is decided as a call would be, and compared.

    Exit codes: 0 every case passed; 1 a case failed, or too little is covered; 2 a policy or a suite has
    mistakes, cannot be read, or there is none.
    """
    try:
        loaded = load(policies)
    except PolicyError as error:
        raise _refused(error.problems, form) from error
    found, problems = (files, []) if files else suite_files(policies)
    played, mistakes = read_suites(loaded, found)
    if problems := sorted([*problems, *mistakes]):
        raise _refused(problems, form)
    results = run(loaded, played)
    trace = report.explained(loaded)
    if junit is not None:
        junit.write_bytes(report.junit(results, trace))
    if form is Format.JSON:
        typer.echo(json.dumps(report.document(results, trace), ensure_ascii=False, indent=2))
    else:
        for line in report.text(results, trace, verbose=verbose):
            typer.echo(line)
    short = _short(results, require_coverage)
    for line in short:
        typer.echo(line, err=True)
    if results.failed or short:
        raise typer.Exit(1)


def _refused(problems: Iterable[Problem], form: Format) -> typer.Exit:
    """Tell the mistakes; nothing is played."""
    if form is Format.JSON:
        typer.echo(json.dumps({"problems": [asdict(problem) for problem in problems]}, ensure_ascii=False))
    else:
        for problem in problems:
            typer.echo(str(problem))
    return typer.Exit(2)


def _short(results: Results, percent: float | None) -> list[str]:
    """What is covered less than it must be."""
    return [
        f"{hotline}: {part.percent:.1f} % of its {kind} are covered; {percent:g} % are required"
        for hotline, kind, part in results.below(percent or 0)
    ]
