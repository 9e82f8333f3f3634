"""`ivr customers`: the customers in the store."""

import csv
import os
import random
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Annotated, BinaryIO, TextIO

import redis
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from router.cli.customer import shown
from router.cli.options import KeyFile, Policies, Region, Store
from router.errors import IvrError, SettingsError
from router.numbers import masked, normalise
from router.policy.attributes import load_attributes
from router.settings import DEFAULT_STORE, StoreUrl
from router.store.bulk_cluster import bulk_of
from router.store.customers import exported, record
from router.store.embedded import connected
from router.store.generate import MOST, generated
from router.store.imports import Import, Mark
from router.store.keyfile import check_key, load_key, make_key
from router.store.rejects import Rejects
from router.store.table import Table

app = typer.Typer(no_args_is_help=True, help="The customers in the store.", rich_markup_mode=None)

STORE = StoreUrl(DEFAULT_STORE)
POLICIES = Path("policies")


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(metavar="FILE.csv|-", help="- is standard input.")],
    store: Store = STORE,
    policies: Policies = POLICIES,
    key_file: KeyFile = None,
    region: Region = "CN",
    reject: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Where rows go that cannot be taken, with line number and reason."),
    ] = None,
    batch: Annotated[int, typer.Option(min=1, max=100_000, help="Rows that are sent at once.")] = 300,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on where an import of this file was cut off.")
    ] = False,
) -> None:
    """Import customers from CSV (UTF-8): a column "number", the others named like the attributes.

    An empty cell: not known. A row replaces all that was known of its number; of two rows with one number
    the last one counts. The number itself is not stored, only its pseudonym. Exit code 3: some rows were
    rejected.
    """
    attributes = load_attributes(policies)
    key = load_key(key_file, store)
    with _source(file) as source, _rejects(reject, file) as rejects, connected(store) as client:
        check_key(client, key, claim=True)
        with bulk_of(client) as pipe, _progress(source, file) as progress:
            run = Import(
                source=source,
                name=file.name,
                client=client,
                bulk=pipe,
                batch=batch,
                rejects=rejects,
                tell=progress,
            )
            began = time.perf_counter()
            try:
                done = run.run(lambda header: Table(header, attributes, key, region), resume=resume)
            except (IvrError, redis.RedisError, OSError, KeyboardInterrupt):
                if run.done.lines > 1:
                    _say(
                        f"cut off near line {run.done.lines:,}; the same command with --resume goes on there"
                    )
                raise
            seconds = time.perf_counter() - began
    _summary(done, run.begun, rejects, seconds)
    if done.rejected:
        raise typer.Exit(3)


@app.command()
def show(
    number: Annotated[str, typer.Argument(help="A telephone number, as dialled or with country code.")],
    store: Store = STORE,
    policies: Policies = POLICIES,
    key_file: KeyFile = None,
    region: Region = "CN",
    reveal: Annotated[bool, typer.Option("--reveal", help="Show sensitive values too.")] = False,
) -> None:
    """Show what is known of a number: attributes, what the missing ones count as, contacts.

    Exit code 1: it is not the number of a customer.
    """
    found = normalise(number, region)
    if found is None:
        raise SettingsError("this is not a telephone number")
    attributes = load_attributes(policies)
    key = load_key(key_file, store)
    with connected(store) as client:
        check_key(client, key, claim=False)
        known = record(client, key.pseudonym(found), attributes)
    for table in shown(masked(found), known, attributes, reveal=reveal):
        Console().print(table)
    if not known.is_customer:
        _say(f"{masked(found)} is not a customer: every attribute counts as missing")
        raise typer.Exit(1)


@app.command()
def export(
    store: Store = STORE,
    policies: Policies = POLICIES,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A new file; else standard output.")
    ] = None,
) -> None:
    """Write all customers as CSV, with a pseudonym in place of the number.

    The store has no numbers, and none can be got back from a pseudonym. A store with the same key file can
    import the file.
    """
    attributes = load_attributes(policies)
    with connected(store) as client, _output(out) as target:
        csv.writer(target, lineterminator="\n").writerows(exported(client, attributes))


@app.command()
def generate(
    count: Annotated[int, typer.Argument(min=0, max=MOST, metavar="N", help="How many.")],
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = 1,
) -> None:
    """Make up N customers as CSV on standard output.

    About 15 % are seniors, 3 % truck drivers, 5 % have five stars or more, 1 % are key customers.
    """
    lines = generated(count, seed, random.Random(seed).random)  # noqa: S311  nothing here is a secret
    while some := "".join(islice(lines, 1000)):
        sys.stdout.write(some)


@app.command()
def key(
    file: Annotated[Path, typer.Argument(help="The file to make; it must not be there yet.")],
    key_id: Annotated[str, typer.Option("--id", help="One to four lower-case letters or digits.")] = "k1",
) -> None:
    """Make the key that turns numbers into pseudonyms; every process on one store needs the same."""
    try:
        make_key(file, key_id)
    except FileExistsError:
        raise SettingsError(f"{file} is there already; a key is never written over") from None
    _say(f"made {file}. Keep a copy in a safe place: without it no customer in the store is known.")


def _say(text: str) -> None:
    Console(stderr=True, highlight=False).print(text, markup=False, soft_wrap=True)


def _summary(done: Mark, begun: Mark, rejects: Rejects, seconds: float) -> None:
    for reason in rejects.first:
        _say(reason)
    before = f", {begun.imported:,} of them before" if begun.imported else ""
    replaced = f", {done.replaced:,} in place of an earlier one" if done.replaced else ""
    rate = (done.lines - begun.lines) / max(seconds, 1e-9)
    typer.echo(
        f"imported {done.imported:,}{before}{replaced}; rejected {done.rejected:,}; "
        f"{seconds:.1f} s, {rate:,.0f} rows/s"
    )


@contextmanager
def _source(file: Path) -> Iterator[BinaryIO]:
    if str(file) == "-":
        yield sys.stdin.buffer
    else:
        with file.open("rb", buffering=1 << 20) as source:
            yield source


@contextmanager
def _rejects(reject: Path | None, file: Path) -> Iterator[Rejects]:
    if reject is None:
        yield Rejects(None)
        return
    if reject.exists() and str(file) != "-" and reject.samefile(file):
        raise SettingsError("--reject: this is the file to import")
    with open(reject, "r+b", opener=_private) as out:
        yield Rejects(out)


@contextmanager
def _output(out: Path | None) -> Iterator[TextIO]:
    if out is None:
        yield sys.stdout
    else:
        with open(out, "x", encoding="utf-8", opener=_private) as target:
            yield target


def _private(path: str, flags: int) -> int:
    """Open a file of personal data: made when it is not there, for its owner only."""
    return os.open(path, flags | os.O_CREAT, 0o600)


@contextmanager
def _progress(source: BinaryIO, file: Path) -> Iterator["_Tell"]:
    console = Console(stderr=True)
    total = file.stat().st_size if file.is_file() else None
    columns = (BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[rows]}"), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        yield _Tell(bar, source, total)


class _Tell:
    """Moves the progress bar: bytes of the file, rows, rows a second."""

    def __init__(self, bar: Progress, source: BinaryIO, total: int | None) -> None:
        self._bar = bar
        self._source = source
        self._total = total
        self._task = bar.add_task("", total=total, rows="")
        self._began: tuple[float, int] | None = None

    def __call__(self, mark: Mark) -> None:
        if self._bar.disable:
            return
        now = time.perf_counter()
        if self._began is None:
            self._began = now, mark.lines
        seconds, lines = now - self._began[0], mark.lines - self._began[1]
        rate = f", {lines / seconds:,.0f}/s" if seconds else ""
        place = self._source.tell() if self._total is not None else None
        self._bar.update(self._task, completed=place, rows=f"{mark.lines - 1:,} rows{rate}")
