"""`ivr load`: the whole service on this machine under a load that a plan describes, judged and reported."""

import platform
import re
import subprocess
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from loadtest.agents import Crew, read_crews
from loadtest.bench.report import machine
from loadtest.load import compare as comparing
from loadtest.load.arrivals import curve
from loadtest.load.plan import SHIPPED, Plan, Run, read_plan
from loadtest.load.report import Report, from_json, reported, to_json
from loadtest.load.traffic import CONTROL_NUMBER, Placed, people, traffic
from loadtest.stack import Stack, Wish
from router import __version__
from router.cli.belonging import Customers, read_customers
from router.cli.options import Policies as PoliciesOption
from router.cli.sample import prepared
from router.cli.under_load import Watched, played
from router.errors import NoHotline, SettingsError
from router.policy.load import load as load_policies
from router.store.keyfile import FILE, load_key

LONG = 12.0
"""Seconds that a call may last on the average, menu, wait and talk: media ports are kept for so many."""


def load(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[RUN]…", help="Runs of the plan; without any, they are listed."),
    ] = None,
    plan: Annotated[Path, typer.Option(metavar="FILE", help="The file of runs.")] = SHIPPED,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where reports go.")] = Path("build/load"),
    compare: Annotated[
        tuple[Path, Path] | None,
        typer.Option(metavar="OLD.json NEW.json", help="Place no calls: put two reports side by side."),
    ] = None,
    policies: PoliciesOption = Path("policies"),
    folder: Annotated[Path, typer.Option(help="Where everything else is written.")] = Path("run/load"),
) -> None:
    """Place the calls of runs on a real Asterisk, judge what was measured, and write reports.

    Each report is a page (HTML, needs nothing else) and the same as JSON. Exit code 0: all was as the plan
    expects; 1: not all; 2: a run could not be had, or (--compare) two reports are not of the same load.
    """
    console = Console()
    if compare is not None:
        raise typer.Exit(_compared(*compare, console))
    known = read_plan(plan)
    if not names:
        _list(known, console)
        return
    chosen = {name: known.run(name) for name in names}
    reports = [_run(known, name, run, policies, folder, console) for name, run in chosen.items()]
    for report in reports:
        _write(report, out, console)
    raise typer.Exit(0 if all(report.passed for report in reports) else 1)


def _list(plan: Plan, console: Console) -> None:
    table = Table("run", "what", "seconds")
    for name, run in plan.runs.items():
        table.add_row(name, escape(run.description), f"{run.seconds:g}")
    console.print(table)


def _compared(old: Path, new: Path, console: Console) -> int:
    before, after = (from_json(file.read_bytes(), file.name) for file in (old, new))
    if differences := comparing.unlike(before, after):
        console.print("[red]These are not the same load, so their figures do not compare:[/]")
        for difference in differences:
            console.print(f"  {escape(difference)}")
        return 2
    for note in comparing.elsewhere(before, after):
        console.print(f"[yellow]note:[/] {escape(note)}")
    table = Table("", title=f"{before.name}: {old.name} and {new.name}")
    for column in ("before", "after", "difference"):
        table.add_column(column, justify="right")
    for row in comparing.rows(before, after):
        table.add_row(row.name, row.before, row.after, row.difference)
    console.print(table)
    return 0


def _run(plan: Plan, name: str, run: Run, policies: Path, folder: Path, console: Console) -> Report:
    console.print(f"[bold]{name}[/]: {escape(run.description)}")
    live = load_policies(policies)
    with prepared(folder, plan.customers, console) as (store, url, client, file):
        key = load_key(None, store)
        customers = read_customers(file, live, key)
        calls = _calls(plan, run, customers)
        wish = Wish(
            store=url,
            key_file=folder / "store" / FILE,
            policies=policies,
            crews=crews(run),
            wrapup=0,  # of the queues: a member's own is put over it, and 0 of his would leave the queue's
            control=CONTROL_NUMBER if run.controls else None,
            calls_at_a_time=max(300, round(max(rate for _, rate in curve(run.arrivals, run.seconds)) * LONG)),
        )
        with Stack(wish, folder) as stack:
            console.print(f"{len(calls):,} calls in {run.seconds:g} s")
            watched = Watched(stack=stack, client=client, key=key, customers=customers)
            seen = played(run, calls, watched, console)
            versions = _versions(live.version, stack)
    report = reported(name, plan, seen, versions, machine())
    _tell(report, console)
    console.print(f"logs, and the files of SIPp and Asterisk: {escape(str(folder))}")
    return report


def crews(run: Run) -> list[Crew]:
    """The shipped crews, staffed as the run says; without those in which nobody is.

    Raises:
        SettingsError: the run staffs a crew that there is not.
    """
    shipped = read_crews()
    if unknown := set(run.staff) - {"every", *(crew.name for crew in shipped)}:
        raise SettingsError(f"staff: agents.yaml has no crew {', '.join(sorted(unknown))}")
    staffed = []
    for crew in shipped:
        staff = run.staff_of(crew.name)
        agents = round(crew.agents * staff.times) if staff.agents is None else staff.agents
        if agents:
            staffed.append(replace(crew, agents=agents, talk=staff.talk, wrapup=staff.wrapup))
    return staffed


def _calls(plan: Plan, run: Run, customers: Customers) -> list[Placed]:
    now = int(time.time())
    try:
        groups = {
            number: customers.groups(number, now)
            for number in sorted({kind.dialled for kind in run.callers.values()})
        }
    except NoHotline as wrong:
        raise SettingsError(f"the plan: {wrong}") from None
    return traffic(run, people(run, groups, plan.seed), plan.seed)


def _versions(policies: str, stack: Stack) -> Mapping[str, str]:
    told = subprocess.run(("sipp", "-v"), capture_output=True, text=True, check=False).stdout
    sipp = re.search(r"SIPp v(\S+?)[.\s]*$", told, re.MULTILINE)
    return {
        "ivr": __version__,
        "policies": policies,
        "Asterisk": stack.asterisk.installation.version,
        "SIPp": sipp[1] if sipp else "unknown",
        "Python": platform.python_version(),
    }


def _tell(report: Report, console: Console) -> None:
    table = Table("", "wanted", "measured", "", title=f"{report.name}: what was expected")
    for check in report.checks:
        mark = "[green]passed[/]" if check.passed else "[red]not passed[/]"
        table.add_row(check.name, check.wanted, escape(check.measured), mark)
    console.print(table)
    for failure in report.failures[:10]:
        console.print(f"[red]wrong:[/] {escape(failure)}")
    console.print("[green]passed[/]" if report.passed else "[red]not passed[/]")


def _write(report: Report, out: Path, console: Console) -> None:
    out.mkdir(parents=True, exist_ok=True)
    name = f"{report.name}-{report.began:%Y%m%dT%H%M%SZ}"
    file = out / f"{name}.json"
    file.write_bytes(to_json(report))
    console.print(f"report: {escape(str(file))}")
    try:
        from loadtest.load.page import page  # noqa: PLC0415  the library of its plots is an extra
    except ModuleNotFoundError as missing:
        if missing.name != "matplotlib":
            raise
        console.print(f"no page: {missing.name} is not installed (pip install 'ivr-router\\[load]')")
        return
    file = out / f"{name}.html"
    file.write_text(page(report), encoding="utf-8")
    console.print(f"page:   {escape(str(file))}")
