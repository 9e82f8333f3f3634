"""Options of the commands that have to do with live policies, and how they print what came of a reload."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from router.cli.options import address
from router.live.following import Result
from router.live.remote import NoRouter, Remote, default_control, workers_of
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

Answer = TypeVar("Answer")

SHOWN = 50
"""Mistakes and doubts that are printed of a folder; `ivr lint` and `ivr prove` print them all."""


def remotes(control: Path | None, agi: Address) -> list[Remote]:
    """The router that is meant: the process, or each of its workers."""
    found = workers_of(control or default_control(agi.port))
    return [Remote(control=path, worker=number) for number, path in found.items()]


def each(routers: Sequence[Remote], ask: Callable[[Remote], Answer]) -> list[Answer | NoRouter]:
    """Ask all of them at once; what each says, in their order."""

    def asked(router: Remote) -> Answer | NoRouter:
        try:
            return ask(router)
        except NoRouter as none:
            return none

    with ThreadPoolExecutor(len(routers)) as pool:
        return list(pool.map(asked, routers))


def name_of(router: Remote, among: Sequence[Remote]) -> str:
    """What its lines begin with: nothing where it is the only one."""
    return f"worker {router.worker}: " if len(among) > 1 else ""


def told(outcomes: Mapping[str, Any], *, since: float | None = None, name: str = "") -> int:
    """Print what came of a reload, the outcome first; the command's exit code.

    ``since``: when the live version went live, in seconds since the epoch, where that is to be told. ``name``
    is that of a worker, in front.
    """
    outcome = outcomes["policies"]
    version = outcome["version"]
    live = f"{version} is live" if since is None else f"{version} is live since {_local(since)}"
    said = {
        Result.LOADED: live,
        Result.UNCHANGED: live,
        Result.REFUSED: f"not loaded; {version} goes on",
        Result.FAILED: f"the files could not be looked at; {version} goes on",
    }
    result = Result(outcome["result"])
    typer.echo(name + said[result], err=result in {Result.REFUSED, Result.FAILED})
    _list(outcome["problems"])
    if shadow := outcomes.get("shadow"):
        typer.echo(f"shadow: {shadow['version'] or 'none'}")
        _list(f"shadow: {problem}" for problem in shadow["problems"])
    return {Result.REFUSED: 1, Result.FAILED: 2}.get(result, 0)


def _list(problems: Iterable[str]) -> None:
    lines = iter(problems)
    for problem in islice(lines, SHOWN):
        typer.echo(problem)
    if more := sum(1 for _ in lines):
        typer.echo(f"… and {more} more")


def _local(at: float) -> str:
    """A time as the clock on the wall shows it, with the date unless it is today's."""
    then, now = time.localtime(at), time.localtime(time.time())
    is_today = then[:3] == now[:3]
    return time.strftime("%H:%M:%S" if is_today else "%Y-%m-%d %H:%M:%S", then)
