"""Options of the commands that have to do with live policies, and how they print what came of a reload."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from router.cli.options import address
from router.live.following import Result
from router.live.remote import Remote, default_control
from router.settings import Address

Versions = Annotated[
    Path,
    typer.Option(
        "--versions", envvar="IVR_VERSIONS", metavar="DIR", help="Where versions that went live are kept."
    ),
]
Control = Annotated[
    Path | None,
    typer.Option(
        "--control",
        envvar="IVR_CONTROL",
        metavar="PATH",
        help="The router's control socket; without it run/control-PORT.sock, by FastAGI's port.",
        show_default=False,
    ),
]
Agi = Annotated[
    Address,
    typer.Option(
        "--agi",
        parser=address,
        envvar="IVR_AGI",
        metavar="HOST:PORT",
        help="Where the router's FastAGI listens: its port is in the control socket's name.",
    ),
]


def remote(control: Path | None, agi: Address) -> Remote:
    """The router that is meant."""
    return Remote(control=control or default_control(agi.port))


def told(outcomes: Mapping[str, Any]) -> int:
    """Print what came of a reload; the command's exit code."""
    outcome = outcomes["policies"]
    for problem in outcome["problems"]:
        typer.echo(problem)
    version = outcome["version"]
    said = {
        Result.LOADED: f"{version} is live",
        Result.UNCHANGED: f"{version} is live; its files have not changed",
        Result.REFUSED: f"not loaded; {version} goes on",
        Result.FAILED: f"the files could not be looked at; {version} goes on",
    }
    result = Result(outcome["result"])
    typer.echo(said[result], err=result in {Result.REFUSED, Result.FAILED})
    if shadow := outcomes.get("shadow"):
        for problem in shadow["problems"]:
            typer.echo(f"shadow: {problem}")
        typer.echo(f"shadow: {shadow['version'] or 'none'}")
    return {Result.REFUSED: 1, Result.FAILED: 2}.get(result, 0)
