"""`ivr demo`: the whole service on this machine, real SIP calls, and where each of them went."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.live import Live
from rich.markup import escape

from loadtest.agents import Crew, read_crews
from loadtest.installation import AsteriskUnavailable
from loadtest.mix import EXPERT, Caller, mixed, one_of_each, read_callers
from loadtest.ports import Ports
from loadtest.prompts import PromptsMissing
from loadtest.sipp import Callers, Calls, SippMissing
from loadtest.stack import Ivr, Stack, Wish
from router.agi.switch import ask
from router.cli.board import Belongs, Board
from router.cli.sample import prepared
from router.events import CallRouted
from router.facts import CallId, Contact
from router.numbers import Pseudonym, PseudonymKey, normalise
from router.settings import Address
from router.store import stream
from router.store.client import StoreClient
from router.store.keyfile import FILE, load_key

SHARES = {"elder": 0.2, "truck": 0.05, "vip": 0.1, "expert": 0.1, "roaming": 0.02, "general": 0.9}
"""Part of the calls that a crew may have to take, generously."""
BUSY = 3.0
"""Seconds that a call keeps an agent in the demo: ring, one second of talk, and what an idle agent waits."""
AGAIN = 5
"""Callers in a block of the mix who call again and again."""


def demo(
    cps: Annotated[float, typer.Option(envvar="DEMO_CPS", help="Calls a second.")] = 20.0,
    seconds: Annotated[float, typer.Option(envvar="DEMO_SECONDS", help="Of mixed traffic.")] = 120.0,
    customers: Annotated[int, typer.Option(envvar="DEMO_CUSTOMERS", help="In the customer base.")] = 100_000,
    folder: Annotated[Path, typer.Option(help="Where everything is written.")] = Path("run/demo"),
) -> None:
    """Set everything up, place one call of each kind and then mixed traffic, and judge the result.

    Exit code 0: every call went where the policy says and reached a person; 1: not so, and it says why.
    """
    console = Console()
    with prepared(folder, customers, console) as (store, url, client, file):
        callers = read_callers(file)
        key = load_key(None, store)
        show = Show(client, console)
        try:
            wish = Wish(store=url, key_file=folder / "store" / FILE, crews=crews(cps), wrapup=0)
            stack = Stack(wish, folder)
        except (AsteriskUnavailable, SippMissing, PromptsMissing) as missing:
            console.print(f"[bold]There is no switch here:[/] {escape(str(missing))}")
            console.print("So the demo plays Asterisk's side itself: calls are decided, no telephone rings.")
            placed, failed = played(callers, url, folder, show, cps, seconds)
            agents: dict[str, Sequence[str]] | None = None
        else:
            with stack:
                placed, failed = rung(callers, stack, show, cps, seconds)
                seated = [agent for crew in stack.agents.values() for agent in crew.agents]
                agents = {agent.name: [*agent.queues] for agent in seated}
        raise typer.Exit(judged(show, placed, failed, expectations(callers, key), agents, folder))


def crews(cps: float) -> list[Crew]:
    """The shipped crews, with as many people as so many calls a second keep busy."""
    return [
        replace(crew, agents=max(crew.agents, round(SHARES.get(crew.name, 0.1) * cps * BUSY)))
        for crew in read_crews()
    ]


class Show:
    """The board, kept up to date from the journal and shown while something runs."""

    def __init__(self, client: StoreClient, console: Console) -> None:
        self.board = Board()
        self.console = console
        self._client = client
        self._place = "0"

    def read(self) -> None:
        """Take what is new in the journal."""
        while True:
            self._place, events = stream.read(self._client, self._place)
            if not events:
                return
            self.board.take(events)

    def until(self, done: Callable[[], bool], limit: float) -> bool:
        """Show the board until something is done, or so many seconds are over; whether it was done."""
        deadline = time.monotonic() + limit
        with Live(console=self.console, refresh_per_second=4, transient=True) as live:
            while True:
                self.read()
                live.update(self.board.table())
                if done():
                    return True
                if time.monotonic() > deadline:
                    return False
                time.sleep(0.1)


def rung(
    callers: Sequence[Caller], stack: Stack, show: Show, cps: float, seconds: float
) -> tuple[int, list[str]]:
    """Place the calls on a real switch; how many, and what failed."""
    console, failed = show.console, []
    console.print(f"[bold]Asterisk[/] takes calls at {stack.asterisk.address}; one call of each kind:")
    placed = 0
    kinds = one_of_each(callers)
    for caller in (*kinds.values(), kinds["queue:elder-care"], kinds["queue:elder-care"]):
        placed += 1
        answers = len(show.board.answered)
        with _placed([caller], caller.scenario, 1.0, stack) as sipp:
            show.until(lambda before=answers: len(show.board.answered) > before, 20)  # type: ignore[misc]
            failed += _failures(sipp, show, 20)
    console.print(f"[bold]Mixed traffic[/]: {cps:g} calls a second for {seconds:g} s")
    calls = mixed(callers, round(cps * seconds), block=max(round(cps * 20), AGAIN), again=AGAIN)
    placed += len(calls)
    scenarios = sorted({caller.scenario for caller in calls})
    groups = [[caller for caller in calls if caller.scenario == scenario] for scenario in scenarios]
    sipps = [
        _placed(group, scenario, cps * len(group) / len(calls), stack)
        for scenario, group in zip(scenarios, groups, strict=True)
    ]
    try:
        for sipp in sipps:
            failed += _failures(sipp, show, seconds + 60)
    finally:
        for sipp in sipps:
            sipp.stop(0)
    show.until(lambda: len(show.board.answered) >= placed - len(failed), 5)
    for process in (*stack.routers, stack.watch):
        process.log.with_suffix(".metrics").write_text(process.get("metrics"))
    leaked = stack.asterisk.channels()
    return placed, failed + ([f"{leaked} channels are left on the switch"] if leaked else [])


def _placed(callers: Sequence[Caller], scenario: str, rate: float, stack: Stack) -> Callers:
    numbers = [caller.number for caller in callers]
    calls = Calls(scenario=scenario, numbers=numbers, rate=rate, at_a_time=2000, patience=60)
    return Callers(calls, stack.asterisk.address, stack.folder / "callers", stack.ports)


def _failures(sipp: Callers, show: Show, limit: float) -> list[str]:
    """Wait for the end of the calls; what failed, each in a line."""
    ended = show.until(lambda: not sipp.running, limit)
    failed = [f"{sipp.totals.failed} callers failed: {sipp.last_words()}"] if sipp.totals.failed else []
    return failed if ended else [*failed, f"calls still ran after {limit:g} s"]


def played(
    callers: Sequence[Caller], url: str, folder: Path, show: Show, cps: float, seconds: float
) -> tuple[int, list[str]]:
    """Play Asterisk's side of the calls; how many, and what failed."""
    failed: list[str] = []
    with Ports() as ports:
        router = Address("127.0.0.1", ports.take())
        command = ("serve", "--agi", str(router), "--store", url)
        metrics, log = f"127.0.0.1:{ports.take()}", folder / "serve.log"
        calls = [*one_of_each(callers).values(), *callers[: round(cps * seconds)]]
        began = time.monotonic()
        asked = iter(enumerate(calls))

        def next_calls() -> bool:
            due = round((time.monotonic() - began + 0.1) * cps)
            for number, caller in asked:
                if not ask(router, caller.number, "10010", f"demo-{number}").variables:
                    failed.append(f"call {number} was declined")
                if number >= due:
                    return False
            return len(show.board.routed) >= len(calls)

        with Ivr(command, metrics=metrics, log=log) as process:
            if not show.until(next_calls, seconds * 2 + 30):
                failed.append("not all calls were decided in time")
            log.with_suffix(".metrics").write_text(process.get("metrics"))
    return len(calls), failed


def expectations(callers: Sequence[Caller], key: PseudonymKey) -> dict[Pseudonym, str]:
    """Where each caller's first calls belong, by pseudonym."""
    numbers = ((normalise(caller.number), caller.destination) for caller in callers)
    return {key.pseudonym(number): destination for number, destination in numbers if number is not None}


def shipped(expected: Mapping[Pseudonym, str]) -> Belongs:
    """Where the shipped policy sends a call: whom a person has answered twice, to an expert."""

    def belongs(event: CallRouted, earlier: Mapping[CallId, Contact]) -> str | None:
        if event.caller is None or event.caller not in expected:
            return None
        repeated = sum(contact.answered for contact in earlier.values()) >= 2
        return EXPERT if repeated else expected[event.caller]

    return belongs


def judged(
    show: Show,
    placed: int,
    failed: Sequence[str],
    expected: dict[Pseudonym, str],
    agents: dict[str, Sequence[str]] | None,
    folder: Path,
) -> int:
    """Say how it went; the exit code."""
    show.read()
    board, console = show.board, show.console
    console.print(board.table(), board.counts())
    p50, p99 = board.percentiles()
    console.print(f"decided in: p50 {p50:.2f} ms, p99 {p99:.2f} ms")
    problems = [*failed, *board.misrouted(shipped(expected))]
    if len(board.routed) != placed:
        problems.append(f"{placed} calls were placed and {len(board.routed)} decided")
    if agents is not None:
        answered = len(board.answered)
        console.print(f"connection rate: {answered} of {placed} reached a person, {answered / placed:.1%}")
        problems += board.wrong_agents(agents)
        if answered != placed:
            problems.append(f"{placed - answered} callers reached nobody, {board.abandoned} hung up waiting")
    console.print(f"logs, SIPp's and Asterisk's files, last metrics (*.metrics): {escape(str(folder))}")
    for problem in problems[:20]:
        console.print(f"[red]wrong:[/] {escape(problem)}")
    if problems:
        console.print(f"[red]{len(problems)} things went wrong.[/]")
        return 1
    console.print("[green]All went right.[/]")
    return 0
