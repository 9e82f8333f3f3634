"""`ivr rollback`: go back to policies that were live before."""

import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from router.cli.live import Agi, Control, Versions, remote, told
from router.cli.options import Policies
from router.errors import PolicyError
from router.live import files
from router.live.archive import Archive
from router.live.remote import NoRouter
from router.policy.load import read_folder
from router.settings import Address


def rollback(
    version: Annotated[
        str | None, typer.Argument(help="A version that is kept; without it, the one before the live one.")
    ] = None,
    policies: Policies = Path("policies"),
    versions: Versions = Path("run/versions"),
    control: Control = None,
    agi: Agi = Address("127.0.0.1", 4573),
    show: Annotated[
        bool, typer.Option("--list", help="Print the versions that are kept, and do nothing.")
    ] = False,
) -> None:
    """Put the files of an earlier version back into the policy folder, and have the router load them.

    What was in the folder is kept as a version, too. Folders in it and files with a dot are not touched.
    Exit codes: 0 the version is live; 1 its files are refused; 2 there is no such version, or no router
    answers: then the files are back, and the next start loads them.
    """
    archive, router = Archive(versions), remote(control, agi)
    try:
        live: str | None = router.policy()["version"]
    except NoRouter:
        live = None
    if show:
        _print(archive, live)
        return
    left = live or _version(policies)
    wanted = version or archive.before(left)
    kept = archive.files(wanted)
    try:
        read_folder(versions / wanted)
    except PolicyError as error:
        typer.echo(f"{error}\n{wanted} has mistakes; nothing is changed", err=True)
        raise typer.Exit(1) from error
    if (now := _version(policies)) is None or now not in {found.version for found in archive.versions()}:
        saved = archive.saved(files.contents(policies), time.time())
        typer.echo(f"what was in {policies} is kept as {saved}")
    files.replace(policies, kept)
    typer.echo(f"{policies} has the files of {wanted}")
    try:
        code = told(router.reload())
    except NoRouter:
        code = 2
        typer.echo(f"no router answers at {router.control}; its next start loads them", err=True)
    if left is not None and left != wanted and code != 1:
        archive.withdraw(left)
    raise typer.Exit(code)


def _version(policies: Path) -> str | None:
    """The version that a folder's files are; None: they have mistakes."""
    try:
        return read_folder(policies).book.version
    except PolicyError:
        return None


def _print(archive: Archive, live: str | None) -> None:
    table = Table("version", "live last", "")
    for kept in archive.versions():
        note = "live" if kept.version == live else "withdrawn" if kept.withdrawn else ""
        table.add_row(kept.version, time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(kept.at)), note)
    Console().print(table)
