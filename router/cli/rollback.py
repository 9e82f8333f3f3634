"""`ivr rollback`: go back to policies that were live before."""

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from router.cli.live import Agi, Control, Versions, each, name_of, remotes, told
from router.cli.options import Policies
from router.errors import PolicyError, SettingsError
from router.live import files
from router.live.archive import NOT_LIVE, Archive
from router.live.remote import NoRouter, Remote
from router.policy.load import read_folder
from router.policy.source import MAX_BYTES
from router.policy.version import folder_name, folder_of, hash_of
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
    Exit codes: 0 the version is live; 1 it is not, with why; 2 there is no such version, the folder is not
    the one that the router follows, or no router answers: then the files are back for its next start.
    """
    archive, routers = Archive(versions), remotes(control, agi)
    router, state = _answering(routers)
    live: str | None = None if state is None else state["version"]
    if show:
        _print(archive, live)
        return
    _check(policies, state, router)
    left = live or _version(policies)
    wanted = version or archive.before(left, folder=folder_of(left) if left else folder_name(policies))
    kept, sought = archive.files(wanted), _sought(versions / wanted)
    _save(policies, archive)
    files.replace(policies, kept)
    typer.echo(f"{policies} has the files of {wanted}")
    if policies.is_symlink():
        typer.echo(f"{policies} is a link to {policies.readlink()}: its files were replaced")
    code = 0
    for each_of_them, answer in zip(routers, each(routers, Remote.reload), strict=True):
        name = name_of(each_of_them, routers)
        if isinstance(answer, NoRouter):
            if live is None and left is not None and hash_of(left) != sought:
                archive.withdraw(left)  # the next start is without it
            typer.echo(f"{name}{answer}; its next start loads them", err=True)
            code = 2
        else:
            done = _done(answer, archive, left=left, wanted=wanted, sought=sought, name=name)
            code = max(code, done)
    raise typer.Exit(code)


def _answering(routers: Sequence[Remote]) -> tuple[Remote, Mapping[str, Any] | None]:
    """The first that answers, and what is live there; none: the first, and nothing."""
    for router in routers:
        with suppress(NoRouter):
            return router, router.policy()
    return routers[0], None


def _check(policies: Path, state: Mapping[str, Any] | None, router: Remote) -> None:
    """Refuse a folder that the router does not follow, or that is not there."""
    if state is not None and state["folder"] != files.place(policies):
        raise SettingsError(
            f"the router at {router.control} follows {state['folder']}, not {policies}; "
            f"give it with --policies; nothing is changed"
        )
    if not policies.is_dir():
        raise SettingsError(f"{policies}: there is no such folder; give the router's --policies")


def _sought(kept: Path) -> str:
    """The hash that a version in the archive will have when it is live, if it is what was kept."""
    try:
        found = hash_of(read_folder(kept).book.version)
    except PolicyError as error:
        typer.echo(f"{error}\n{kept.name} has mistakes; nothing is changed", err=True)
        raise typer.Exit(1) from error
    # the hash of what was never live is of all its files as they are, in another order
    if folder_of(kept.name) != NOT_LIVE and found != hash_of(kept.name):
        typer.echo(f"the files in {kept} were changed since it was live; nothing is changed", err=True)
        raise typer.Exit(1)
    return found


def _save(policies: Path, archive: Archive) -> None:
    """Keep what is in the way, unless it is kept already."""
    now = _version(policies)
    if now is not None and hash_of(now) in {hash_of(kept.version) for kept in archive.versions()}:
        return
    found = files.contents(policies)
    for name, content in found.items():
        if len(content) > MAX_BYTES:
            raise SettingsError(
                f"{policies / name} is too large to be kept; move it elsewhere first; nothing is changed"
            )
    typer.echo(f"what was in {policies} is kept as {archive.saved(found, time.time())}")


def _done(
    outcomes: Mapping[str, Any], archive: Archive, *, left: str | None, wanted: str, sought: str, name: str
) -> int:
    """Say what is live now, and withdraw what no longer is; the exit code."""
    code = told(outcomes, name=name)
    live = outcomes["policies"]["version"]
    if left is not None and hash_of(live) != hash_of(left):
        archive.withdraw(left)
    if hash_of(live) == sought:
        return code
    typer.echo(f"{name}{wanted} is not live: {live} is", err=True)
    return 1


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
