"""`ivr up`: the whole service on this machine, kept running for people to try."""

import signal
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from loadtest.mix import one_of_each, read_callers
from loadtest.stack import Stack, Wish
from router.cli.sample import prepared
from router.store.keyfile import FILE


def up(
    customers: Annotated[int, typer.Option(help="In the sample customer base.")] = 10_000,
    talk: Annotated[float, typer.Option(help="Seconds that an agent talks.")] = 30.0,
    folder: Annotated[Path, typer.Option(help="Where everything is written.")] = Path("run/up"),
) -> None:
    """Run store, router, observer, Asterisk and agents (SIPp) until Ctrl-C; nothing is left behind."""
    console = Console()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt), prepared(folder, customers, console) as (_, url, _, file):
        wish = Wish(store=url, key_file=folder / "store" / FILE, talk=talk)
        with Stack(wish, folder) as stack:
            table = Table("what", "where", title="running; Ctrl-C ends it")
            table.add_row("call by SIP", f"sip:10010@{stack.asterisk.address}")
            for router in stack.routers:
                table.add_row("FastAGI", router.agi)
                table.add_row("metrics of the router", f"http://{router.metrics}/metrics")
            table.add_row("metrics of the observer", f"http://{stack.watch.metrics}/metrics")
            table.add_row("store", url)
            table.add_row("logs", str(folder))
            for destination, caller in sorted(one_of_each(read_callers(file)).items()):
                table.add_row(f"a caller for {destination}", caller.number)
            console.print(table)
            signal.pause()
