"""`ivr call`: play Asterisk's side of one call."""

import time
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from router.agi.switch import ask
from router.cli.options import address
from router.settings import Address


def call(
    number: Annotated[str, typer.Argument(help='The caller\'s number; "" for one that is withheld.')],
    dialled: Annotated[str, typer.Option(help="The number dialled: which hotline.")] = "10010",
    agi: Annotated[
        Address, typer.Option(parser=address, envvar="IVR_AGI", help="The router.", metavar="HOST:PORT")
    ] = Address("127.0.0.1", 4573),
) -> None:
    """Offer a call to a running router and show what it would do with it; no telephone rings.

    The router takes it for a real call: it counts it and keeps it among the caller's contacts.
    Exit code 1: the router declined, the dialplan's default route would take the call.
    """
    try:
        answer = ask(agi, number, dialled, f"cli-{time.time():.6f}")
    except OSError as wrong:
        raise OSError(f"router {agi}: {wrong}") from wrong
    table = Table("variable", "value", title=f"decided in {answer.seconds * 1000:.2f} ms")
    for name, value in answer.variables.items():
        table.add_row(name, value)
    if not answer.variables:
        Console(stderr=True).print("The router declined: the dialplan's default route would take the call.")
        raise typer.Exit(1)
    Console().print(table)
