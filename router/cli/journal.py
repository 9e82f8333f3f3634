"""`ivr journal`: what is in the journal, to look at and to take away."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from itertools import islice
from math import inf
from pathlib import Path
from typing import IO, Annotated, Any

import orjson
import typer

from router.cli.options import Store
from router.cli.span import Since, Until, moment
from router.errors import SettingsError
from router.settings import DEFAULT_STORE, StoreUrl
from router.store.client import translated
from router.store.embedded import connected
from router.store.stream import entries, latest

BATCH = 10_000
"""Events that a group of rows has in a Parquet file, and so what is in memory at once."""
LOOK_SECONDS = 0.2
COLUMNS = {
    **dict.fromkeys(
        ("event", "call_id", "caller", "masked", "hotline", "rule", "segment", "province"), "string"
    ),
    **dict.fromkeys(
        ("destination", "policy", "data", "queue", "asked", "agent", "by", "to", "why"), "string"
    ),
    **dict.fromkeys(("at", "seconds"), "double"),
    **dict.fromkeys(("wait", "waited", "talk"), "int64"),
    **dict.fromkeys(("repeat", "refused"), "bool"),
}
"""Each field that any event has, and its type; `grounds` is JSON, where it is asked for."""

app = typer.Typer(no_args_is_help=True, help="Look at the journal of decisions and calls, or take it away.")

Grounds = Annotated[
    bool, typer.Option("--grounds", help="With what decisions looked at: personal data, if pseudonymous.")
]


class Kind(StrEnum):
    """What an export is written as."""

    JSONL = "jsonl"
    PARQUET = "parquet"


@app.command()
def tail(
    count: Annotated[int, typer.Option("-n", min=0, max=10_000, help="How many of the last events.")] = 10,
    follow: Annotated[
        bool, typer.Option("-f", "--follow", help="Go on with what comes, until Ctrl-C.")
    ] = False,
    call: Annotated[str | None, typer.Option(metavar="CALL_ID", help="Of this call only.")] = None,
    grounds: Grounds = False,
    store: Store = StoreUrl(DEFAULT_STORE),
) -> None:
    """Print the last events, a JSON object a line."""
    with translated(store), connected(store) as client, _quietly():
        after, last = latest(client, count)
        for fields in last:
            _print(fields, call, grounds=grounds)
        while follow:
            for place, fields in entries(client, after):
                after = place
                _print(fields, call, grounds=grounds)
            sys.stdout.flush()
            time.sleep(LOOK_SECONDS)


@app.command()
def export(
    since: Since = None,
    until: Until = None,
    kind: Annotated[
        Kind, typer.Option("--format", help="JSON lines, or Parquet (needs pyarrow).")
    ] = Kind.JSONL,
    grounds: Grounds = False,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Default: standard output.")] = None,
    store: Store = StoreUrl(DEFAULT_STORE),
) -> None:
    """Write the events of a span of time, in the order in which they were journaled."""
    span = -inf if since is None else moment(since), inf if until is None else moment(until)
    with translated(store), connected(store) as client, _quietly(), _opened(output) as out:
        after = "0" if span[0] == -inf else f"{max(int(span[0]) - 60, 0)}000"
        within = (fields for _, fields in entries(client, after) if _is_within(fields, *span))
        if kind is Kind.PARQUET:
            _parquet(out, within, grounds=grounds)
        else:
            out.writelines(_text(fields, grounds=grounds) + b"\n" for fields in within)


def _is_within(fields: dict[bytes, bytes], since: float, until: float) -> bool:
    at = _read(fields).get("at")
    return isinstance(at, int | float) and since <= at <= until


def _read(fields: dict[bytes, bytes]) -> dict[str, Any]:
    try:
        found = orjson.loads(fields[b"event"])
    except (KeyError, orjson.JSONDecodeError):
        return {}
    return found if isinstance(found, dict) else {}


def _print(fields: dict[bytes, bytes], call: str | None, *, grounds: bool) -> None:
    if call is None or _read(fields).get("call_id") == call:
        typer.echo(_text(fields, grounds=grounds).decode("utf-8", "replace"))


def _text(fields: dict[bytes, bytes], *, grounds: bool) -> bytes:
    """An event as it is stored; grounds become a key of it."""
    event = fields.get(b"event", b"{}")
    kept = fields.get(b"grounds")
    return event if not grounds or not kept else event[:-1] + b',"grounds":' + kept + b"}"


def _parquet(out: IO[bytes], found: Iterator[dict[bytes, bytes]], *, grounds: bool) -> None:
    try:
        import pyarrow as pa  # noqa: PLC0415  an extra: nobody else needs it
        from pyarrow import parquet  # noqa: PLC0415
    except ImportError as missing:
        raise SettingsError("Parquet needs pyarrow: pip install ivr-router[parquet]") from missing
    columns = {**COLUMNS, **({"grounds": "string"} if grounds else {})}
    schema = pa.schema([(name, pa.type_for_alias(kind)) for name, kind in columns.items()])
    with parquet.ParquetWriter(out, schema) as writer:
        while batch := list(islice(found, BATCH)):
            rows = [_row(fields, columns) for fields in batch]
            writer.write_table(pa.Table.from_pylist(rows, schema=schema))


def _row(fields: dict[bytes, bytes], columns: dict[str, str]) -> dict[str, Any]:
    row = {name: value for name, value in _read(fields).items() if name in columns}
    if "grounds" in columns and (kept := fields.get(b"grounds")):
        row["grounds"] = kept.decode()
    if isinstance(row.get("at"), int):
        row["at"] = float(row["at"])
    return row


@contextmanager
def _opened(output: Path | None) -> Iterator[IO[bytes]]:
    if output is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
    else:
        with output.open("wb") as file:
            yield file


@contextmanager
def _quietly() -> Iterator[None]:
    """Whoever reads may stop reading, and whoever follows may have enough."""
    try:
        yield
    except (BrokenPipeError, KeyboardInterrupt):
        sys.stderr.close()  # nothing more can be said about standard output either
        raise typer.Exit(0) from None
