"""`ivr kpi`: the KPIs of a queue_log, or of a span of the journal."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from math import inf
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from metrics.erlang import erlang_c
from metrics.formulas import Figure, Totals, figures, totals
from metrics.kpis import CallKpis
from router.cli.options import Format, Policies, Store
from router.cli.prove import Form
from router.cli.span import Since, Until, moment
from router.errors import SettingsError
from router.events import Event
from router.live.yardsticks import hotline_of, yardsticks
from router.policy.load import Policies as Loaded
from router.policy.load import load
from router.queue_log.calls import Calls
from router.queue_log.lines import BadLine, parse
from router.settings import DEFAULT_STORE, StoreUrl
from router.store.client import translated
from router.store.embedded import connected
from router.store.stream import read

_SHOWN = (
    "connection rate",
    "15 s connection rate",
    "service level T/(A+B)",
    "abandon rate",
    "ASA",
    "repeat rate",
)


class Level(StrEnum):
    """What the KPIs are told by."""

    HOTLINE = "hotline"
    QUEUE = "queue"
    PROVINCE = "province"
    SEGMENT = "segment"


@dataclass(slots=True, kw_only=True)
class Counted:
    """What events have come to."""

    kpis: CallKpis
    since: float
    until: float
    first: float = inf
    last: float = -inf
    bad: list[str] = field(default_factory=list)
    """Lines that could not be read."""

    def take(self, event: Event) -> None:
        """Count an event of the span."""
        if self.since <= event.at <= self.until:
            self.first, self.last = min(self.first, event.at), max(self.last, event.at)
            self.kpis.observe(event)


def kpi(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[FILE]...", help="queue_log files, the oldest first; without one the journal."
        ),
    ] = None,
    since: Since = None,
    until: Until = None,
    by: Annotated[
        Level, typer.Option(help="What they are told by; queues and provinces within a hotline.")
    ] = (Level.HOTLINE),
    why: Annotated[
        bool, typer.Option("--why", help="Numerator and denominator of each, and how the dialects differ.")
    ] = False,
    agents: Annotated[
        int | None, typer.Option(min=1, help="What Erlang C expects of so many agents with these calls.")
    ] = None,
    store: Store = StoreUrl(DEFAULT_STORE),
    policies: Policies = Path("policies"),
    form: Form = Format.TEXT,
) -> None:
    """Compute the KPIs from a queue_log, or from the journal: the same functions that Prometheus is fed by.

    Exit codes: 0; 1 nothing happened; 2 a file, the store or the policies cannot be read.
    """
    loaded = load(policies)
    counted = Counted(
        kpis=CallKpis(yardsticks(loaded)),
        since=-inf if since is None else moment(since),
        until=inf if until is None else moment(until),
    )
    events = _logged(files, loaded, counted) if files else _journaled(store, counted.since)
    for event in events:
        counted.take(event)
    labels = ("hotline",) if by is Level.HOTLINE else ("hotline", by.value)
    found = totals(counted.kpis, labels)
    if form is Format.JSON:
        _print_json(labels, found)
    else:
        _print(labels, found, why=why)
        _print_staffing(counted, agents)
    for bad in counted.bad[:5]:
        typer.echo(f"passed over: {bad}", err=True)
    if len(counted.bad) > 5:
        typer.echo(f"passed over: {len(counted.bad) - 5} more lines", err=True)
    raise typer.Exit(0 if found else 1)


def _logged(files: Iterable[Path], policies: Loaded, counted: Counted) -> Iterator[Event]:
    """The events of queue_log files; who calls is of no interest here."""
    calls = Calls(pseudonym=lambda _: None, hotline_of=lambda dialled: hotline_of(policies, dialled))
    for file in files:
        with file.open("rb") as lines:
            for number, text in enumerate(lines, 1):
                try:
                    line = parse(text.rstrip(b"\n"))
                    yield from () if line is None else calls.take(line)
                except BadLine as bad:
                    counted.bad.append(f"{file}:{number}: {bad}")


def _journaled(store: StoreUrl, since: float) -> Iterator[Event]:
    """The events of the journal, from a little before a moment on: they are written after they happened."""
    after = "0" if since == -inf else f"{max(int(since) - 60, 0)}000"
    with translated(store), connected(store) as client:
        while True:
            after, events = read(client, after)
            yield from events
            if not events:
                return


def _named(labels: tuple[str, ...], key: tuple[str, ...]) -> dict[str, str]:
    return dict(zip(labels, key, strict=True))


def _print_json(labels: tuple[str, ...], found: dict[tuple[str, ...], Totals]) -> None:
    document: list[dict[str, Any]] = [
        {
            **_named(labels, key),
            "totals": {**asdict(of), "requests": of.requests},
            "kpis": {figure.name: figure.value for figure in figures(of)},
        }
        for key, of in sorted(found.items())
    ]
    typer.echo(json.dumps(document, ensure_ascii=False, indent=2))


def _print(labels: tuple[str, ...], found: dict[tuple[str, ...], Totals], *, why: bool) -> None:
    console = Console(soft_wrap=why)
    if not found:
        console.print("no request for a person")
    elif why:
        for key, of in sorted(found.items()):
            console.print(f"\n{', '.join(f'{name} {value}' for name, value in _named(labels, key).items())}")
            for figure in figures(of):
                console.print(f"  {figure.name}: {_shown(figure)} = {_sum(figure)}", highlight=False)
                console.print(f"      {figure.why}", highlight=False)
    else:
        table = Table(*labels, "requests", *_SHOWN)
        for key, of in sorted(found.items()):
            by_name = {figure.name: figure for figure in figures(of)}
            table.add_row(*key, str(of.requests), *(_shown(by_name[name]) for name in _SHOWN))
        console.print(table)


def _shown(figure: Figure) -> str:
    return "-" if figure.value is None else f"{figure.value:.1f} {figure.unit}"


def _sum(figure: Figure) -> str:
    return f"{figure.numerator:g} / {figure.denominator:g}"


def _print_staffing(counted: Counted, agents: int | None) -> None:
    """What to expect of so many agents, over the whole span."""
    if agents is None:
        return
    handle = counted.kpis.queues.handle.values.values()
    calls, busy = sum(sum(each.counts) for each in handle), sum(each.sum for each in handle)
    seconds = counted.last - counted.first
    if not calls or not seconds:
        raise SettingsError("--agents: too few calls to tell how long one takes")
    within = max(counted.kpis.yardsticks.within.values(), default=20)
    expected = erlang_c(calls=calls, seconds=seconds, aht=busy / calls, agents=agents, within=within)
    load = f"{calls} calls in {seconds / 60:.0f} min, {busy / calls:.0f} s each"
    if expected is None:
        typer.echo(f"{agents} agents, {load}: too few, the queue would grow without end")
        return
    typer.echo(
        f"{agents} agents, {load}: {expected.service_level:.1%} in {within} s, ASA {expected.asa:.1f} s, "
        f"occupancy {expected.occupancy:.1%}"
    )
