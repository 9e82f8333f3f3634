"""`ivr purge`: removes a caller from everything that this service keeps."""

import json
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from router.cli.options import Format, Region, Store
from router.cli.removal import Purge
from router.errors import SettingsError
from router.numbers import PseudonymKey, masked, normalise
from router.queue_log import rotated
from router.settings import DEFAULT_STORE, StoreUrl
from router.store.embedded import connected
from router.store.keyfile import FILE, check_key, load_key
from router.store.purge import forget_files
from router.store.spools import spools
from router.store.traces import Traces

SPOOL = Path("run/spool")
STATE = Path("run/watch")


def purge(
    number: Annotated[
        str,
        typer.Argument(help="As dialled or with country code; - reads it from standard input."),
    ],
    store: Store = StoreUrl(DEFAULT_STORE),
    key_files: Annotated[
        list[Path] | None,
        typer.Option(
            "--key-file", envvar="IVR_KEY_FILE", help="As of the processes; again for each former key."
        ),
    ] = None,
    region: Region = "CN",
    spool: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="DIR",
            envvar="IVR_SPOOL",
            help="A process's spool, or a folder of them. Default: run/spool.",
        ),
    ] = None,
    state: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="DIR", envvar="IVR_WATCH_STATE", help="An observer's folder. Default: run/watch."
        ),
    ] = None,
    queue_log: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE", help="The switch's: hide the number in what FILE was rotated to, look into FILE."
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Remove nothing, say what would be.")] = False,
    form: Annotated[Format, typer.Option("--format", help="How it is told what was removed.")] = Format.TEXT,
) -> None:
    """Remove a caller: attributes, contacts, the journal's events of his calls, and what waits in files.

    Processes may run meanwhile. Exit codes: 0 all of it is gone, or there was nothing; 1 something is still
    there, and it is said what; 2 it could not begin.
    """
    began = time.monotonic()
    found = normalise(sys.stdin.readline().strip() if number == "-" else number, region)
    if found is None:
        raise SettingsError("this is not a telephone number")
    if queue_log and not found.startswith("+"):
        raise SettingsError("--queue-log: a short code is a service's, and in all its calls' lines")
    if store.embedded is not None and not store.embedded.is_dir():
        raise SettingsError(f"{store.embedded}: there is no store")
    keys = _keys(key_files or [], store)
    states = _folders(state, STATE)
    run = Purge(
        number=found,
        traces=Traces(pseudonyms=tuple(key.pseudonym(found) for key in keys)),
        keys=keys,
        spools=spools([*_folders(spool, SPOOL), *states]),
        states=states,
        logs=_log_files(queue_log or []),
        remove=not dry_run,
    )
    with connected(store) as client:
        for key in keys:
            check_key(client, key, claim=False)
        run.run(client)
        if store.embedded is not None and run.remove and any(run.found.values()):
            forget_files(client)
    _tell(run, store, time.monotonic() - began, form)
    raise typer.Exit(1 if run.left else 0)


def _keys(files: Sequence[Path], store: StoreUrl) -> list[PseudonymKey]:
    """The keys given, and an embedded store's own."""
    keys = [load_key(file, store) for file in files]
    if not files or (store.embedded is not None and (store.embedded / FILE).exists()):
        keys.append(load_key(None, store))
    return list(dict.fromkeys(keys))


def _folders(given: Sequence[Path] | None, default: Path) -> list[Path]:
    """Folders that were given have to be there: a misspelt one would be one that was not looked into."""
    for folder in given or ():
        if not folder.is_dir():
            raise SettingsError(f"{folder}: there is no such folder")
    return list(given or ([default] if default.is_dir() else []))


def _log_files(given: Sequence[Path]) -> list[Path]:
    files: dict[Path, None] = {}
    for path in given:
        found = [each for each in rotated.family(path) if each.is_file()]
        if not found:
            raise SettingsError(f"{path}: there is no such file")
        files.update(dict.fromkeys(found))
    return list(files)


def _tell(run: Purge, store: StoreUrl, seconds: float, form: Format) -> None:
    if form is Format.JSON:
        document = {
            "number": masked(run.number),
            "pseudonyms": run.traces.pseudonyms,
            "dry_run": not run.remove,
            "calls": len(run.traces.calls),
            "found": run.found,
            "left": [{"where": left.where, "count": left.count, "why": left.why} for left in run.left],
            "looked_at": _looked_at(run, store),
            "out_of_reach": list(_out_of_reach(run, store)),
            "seconds": round(seconds, 3),
        }
        typer.echo(json.dumps(document, ensure_ascii=False, indent=2))
    else:
        for line in _lines(run, store, seconds):
            typer.echo(line)


def _looked_at(run: Purge, store: StoreUrl) -> list[str]:
    return [str(store), *map(str, dict.fromkeys([*run.spools, *run.states, *run.logs]))]


def _lines(run: Purge, store: StoreUrl, seconds: float) -> Iterator[str]:
    calls = f"{len(run.traces.calls)} calls in the journal"
    yield f"{masked(run.number)}, known as {', '.join(run.traces.pseudonyms)}; {calls}"
    yield f"{'removed' if run.remove else 'would be removed'}, in {seconds:.1f} s:"
    for kind, count in run.found.items():
        yield f"  {count:>7,}  {kind}"
    if run.left:
        yield "still there:"
    for left in run.left:
        yield f"  {left.count:>7,}  {left.where}: {left.why}" if left.count else f"  {left.where}: {left.why}"
    yield f"looked at: {', '.join(_looked_at(run, store))}"
    yield "out of reach:"
    for place in _out_of_reach(run, store):
        yield f"  {place}"


def _out_of_reach(run: Purge, store: StoreUrl) -> Iterator[str]:
    """Where he may be and nobody of ours can look: whoever is asked to forget him has to."""
    if not run.logs:
        yield "the switch's queue_log, whose ENTERQUEUE lines have the number (--queue-log FILE)"
    yield "the switch's CDRs and other logs, recordings and voicemail"
    yield "logs that the processes' standard output went to: they have the pseudonym and the masked number"
    yield "files that were exported or imported; rejected rows have the number itself"
    own = "replicas and backups of the store, and copies of its folder"
    yield own if store.embedded else f"the store's files until it writes them anew (BGREWRITEAOF), {own}"
    yield "other machines' spools and observers: run it there, too"
