"""A run while it goes on: what the journal says of it, what processes use, how it looks to who watches."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table

from loadtest.asterisk import Asterisk
from loadtest.load.figures import percentile
from loadtest.load.placing import Placing
from loadtest.load.plan import Run
from loadtest.load.seen import Outcome, Request, Routed, Sample, Seen
from loadtest.load.traffic import CONTROL, Placed
from loadtest.load.usage import used
from loadtest.stack import Stack
from router.cli.belonging import Customers
from router.cli.board import Board
from router.events import (
    UNDECIDED,
    CallAbandoned,
    CallAnswered,
    CallOffered,
    CallUnanswered,
    Event,
    PersonRequested,
)
from router.facts import CallId
from router.numbers import PseudonymKey, normalise
from router.store import stream
from router.store.client import StoreClient

LINGER = 60.0
"""Seconds after the last call of the plan in which calls may end by themselves."""
SETTLE = 10.0
"""Seconds until what the switch has told of the last calls is in the journal."""
PROVED = 20.0
"""Seconds that a router is given to prove its policies first, which takes a core: most need one or two."""


@dataclass(slots=True)
class Journal:
    """What is in the journal of a run."""

    client: StoreClient
    board: Board = field(default_factory=Board)
    requests: list[Request] = field(default_factory=list)
    open: dict[CallId, PersonRequested] = field(default_factory=dict)
    """Requests for a person that have not ended."""
    by_default: int = 0
    _place: str = "0"

    def read(self) -> None:
        """Take what is new."""
        while True:
            self._place, events = stream.read(self.client, self._place)
            if not events:
                return
            self.board.take(events)
            for event in events:
                self._take(event)

    def _take(self, event: Event) -> None:
        match event:
            case CallOffered(rule=rule):
                self.by_default += rule == UNDECIDED
            case PersonRequested():
                self.open[event.call_id] = event
            case CallAnswered():
                self._ended(event, Outcome.ANSWERED)
            case CallAbandoned():
                self._ended(event, Outcome.ABANDONED)
            case CallUnanswered():
                self._ended(event, Outcome.UNANSWERED)
            case _:
                pass

    def _ended(self, event: CallAnswered | CallAbandoned | CallUnanswered, outcome: Outcome) -> None:
        self.open.pop(event.call_id, None)
        self.requests.append(
            Request(
                at=event.at,
                segment=event.segment,
                queue=event.asked,
                waited=float(event.waited),
                outcome=outcome,
            )
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """A service that is to be put under load."""

    stack: Stack
    client: StoreClient
    key: PseudonymKey
    customers: Customers


def played(run: Run, calls: Sequence[Placed], watched: Watched, console: Console) -> Seen:
    """Place the calls and watch until all have ended, or `LINGER` is over; what was seen.

    Raises:
        LoadtestError: the callers cannot be played.
    """
    stack = watched.stack
    _wait(lambda: stack.router.sample("ivr_policy_proved") == 1, PROVED)
    journal = Journal(watched.client)
    callers = stack.folder / "callers"
    switch = stack.asterisk.address
    with Placing(run, calls, switch=switch, folder=callers, ports=stack.ports) as placing:
        samples = _watched(run, placing, watched, journal, console)
        troubles = _troubles(placing)
        placing.stop()
        placing.read()
        _wait(lambda: _settled(journal), SETTLE)
        return Seen(
            began=placing.began,
            phones=placing.phones,
            failed=placing.totals.failed,
            routed=[
                Routed(at=event.at, took=event.seconds, segment=event.segment)
                for event in journal.board.routed
            ],
            requests=journal.requests,
            open_requests=len(journal.open),
            by_default=journal.by_default,
            wrong=_wrong(journal.board, watched),
            troubles=[*troubles, *_left(watched.stack.asterisk)],
            complaints=placing.complaints(),
            samples=samples,
        )


def _watched(
    run: Run, placing: Placing, watched: Watched, journal: Journal, console: Console
) -> list[Sample]:
    pids = {**_services(watched), **placing.pids}
    samples: list[Sample] = []
    ends = placing.began + run.seconds + LINGER
    due = placing.began
    with Live(console=console, auto_refresh=False, transient=True) as live:
        while placing.running and time.time() < ends:
            if time.time() >= due:
                samples.append(used(pids, time.time()))
                placing.read()
                journal.read()
                live.update(_progress(run, placing, journal, samples), refresh=True)
                # a second that was missed stays so: two samples at once would make a rate of nothing
                due = placing.began + int(time.time() - placing.began) + 1
            time.sleep(max(0.0, min(0.1, due - time.time())))
    placing.read()
    return samples


def _services(watched: Watched) -> dict[str, int]:
    stack = watched.stack
    server = watched.client.info("server")
    agents = {f"agents {name}": sipp.pid for name, sipp in stack.agents.items()}
    return {
        "router": stack.router.pid,
        "observer": stack.watch.pid,
        "store": int(server["process_id"]),
        "Asterisk": stack.asterisk.pid,
        **agents,
    }


def _progress(run: Run, placing: Placing, journal: Journal, samples: Sequence[Sample]) -> Group:
    now = samples[-1].at - placing.began
    phones = [phone for phone in placing.phones if phone.kind != CONTROL]
    placed = [phone for phone in phones if phone.placed is not None]
    window = min(5.0, max(now, 1.0))
    due_rate = sum(now - window < phone.due - placing.began <= now for phone in phones) / window
    rate = sum(now - window < (phone.placed or 0) - placing.began <= now for phone in placed) / window
    took = sorted(event.seconds * 1000 for event in journal.board.routed)
    cpu = _cores(samples)
    table = Table.grid(padding=(0, 2))
    for name, value in (
        ("calls a second", f"{due_rate:.1f} wanted, {rate:.1f} placed"),
        ("calls", f"{len(placed):,} of {len(phones):,} placed"),
        ("in progress", f"{sum(phone.ended is None for phone in placed):,}"),
        ("answered by a person", f"{len(journal.board.answered):,}"),
        ("waiting", f"{len(journal.open):,}"),
        ("failed", f"{placing.totals.failed:,}"),
        ("decision, p50 and p99", _both(took)),
        ("cores", ", ".join(f"{name} {value:.2f}" for name, value in cpu.items())),
    ):
        table.add_row(f"[dim]{name}[/]", value)
    bar = ProgressBar(total=run.seconds, completed=min(max(now, 0), run.seconds), width=60)
    return Group(f"{max(now, 0):.0f} of {run.seconds:g} s", bar, table)


def _both(took: Sequence[float]) -> str:
    return f"{percentile(took, 0.5):.2f} and {percentile(took, 0.99):.2f} ms" if took else "–"


def _cores(samples: Sequence[Sample]) -> dict[str, float]:
    if len(samples) < 2:
        return {}
    before, after = samples[-2:]
    named = ("router", "observer", "store", "Asterisk")
    return {
        name: (after.cpu[name] - before.cpu[name]) / (after.at - before.at)
        for name in named
        if name in after.cpu and name in before.cpu
    }


def _settled(journal: Journal) -> bool:
    journal.read()
    return not journal.open


def _troubles(placing: Placing) -> list[str]:
    running = placing.totals.running if placing.running else 0
    troubles = [f"{running} calls still ran a minute after the last was placed"] if running else []
    controls = [phone for phone in placing.phones if phone.kind == CONTROL]
    if silent := sum(phone.answered is None for phone in controls):
        troubles.append(f"{silent} of {len(controls)} control calls were not answered")
    return troubles


def _left(asterisk: Asterisk) -> list[str]:
    """What is not as it should be once everything is over."""
    _wait(lambda: asterisk.channels() == 0, SETTLE)
    leaked = asterisk.channels()
    return [f"{leaked} channels are left on the switch"] if leaked else []


def _wrong(board: Board, watched: Watched) -> list[str]:
    """Calls that went wrong: by the policies, by what agents work in, by the agents' phones."""
    agents = watched.stack.agents.values()
    queues: Mapping[str, Mapping[str, int]] = {
        agent.name: agent.queues for crew in agents for agent in crew.agents
    }
    phones = []
    for call in (call for crew in agents for call in crew.calls):
        number = normalise(call.number)
        phones.append((None if number is None else watched.key.pseudonym(number), call.agent))
    customers = watched.customers
    return [
        *board.misrouted(customers.destination),
        *board.out_of_place(customers.queues),
        *board.wrong_agents(queues),
        *board.unlike(phones),
    ]


def _wait(condition: Callable[[], bool], limit: float) -> None:
    """Wait for something that should come; go on without it after so many seconds."""
    deadline = time.monotonic() + limit
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.1)
