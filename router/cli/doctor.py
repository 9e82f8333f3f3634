"""`ivr doctor`: is the installation all right?"""

import os
import time
from pathlib import Path
from typing import Annotated

import typer

from router.cli.findings import as_json, as_text
from router.cli.options import PROOF_SECONDS, Budget, Format, KeyFile, Policies, Workers, address, store_url
from router.cli.watch import SECRET, ami_secret
from router.doctor.examination import Clocks, Given, examine
from router.doctor.finding import Severity
from router.settings import Address, StoreUrl


def doctor(
    ami: Annotated[
        Address | None,
        typer.Option(parser=address, envvar="IVR_AMI", metavar="HOST:PORT", help="The switch's AMI."),
    ] = None,
    ami_user: Annotated[
        str, typer.Option(envvar="IVR_AMI_USER", help="The observer's section of its manager.conf.")
    ] = "ivr",
    ami_secret_file: Annotated[
        Path | None,
        typer.Option(
            envvar="IVR_AMI_SECRET_FILE", metavar="FILE", help=f"Its secret; without it {SECRET} has it."
        ),
    ] = None,
    asterisk: Annotated[
        Path | None,
        typer.Option(
            "--asterisk-conf", envvar="IVR_ASTERISK_CONF", metavar="DIR", help="The switch's configuration."
        ),
    ] = None,
    queue_log: Annotated[
        Path | None,
        typer.Option(envvar="IVR_QUEUE_LOG", metavar="FILE", help="The switch's queue_log."),
    ] = None,
    agi: Annotated[
        list[Address] | None,
        typer.Option(
            parser=address,
            envvar="IVR_AGI",
            metavar="HOST:PORT",
            help="A router, which is offered a call; again for the second one.",
        ),
    ] = None,
    metrics: Annotated[
        list[Address] | None,
        typer.Option(
            parser=address,
            envvar="IVR_METRICS",
            metavar="HOST:PORT",
            help="Where a router has /metrics and /readyz; again for the second one. Of --workers the first.",
        ),
    ] = None,
    watch_metrics: Annotated[
        list[Address] | None,
        typer.Option(
            parser=address,
            envvar="IVR_WATCH_METRICS",
            metavar="HOST:PORT",
            help="Where an observer has /metrics and /readyz.",
        ),
    ] = None,
    dialled: Annotated[
        str | None,
        typer.Option(
            help="The number that routers are asked about; else the policies' first.", metavar="NUMBER"
        ),
    ] = None,
    store: Annotated[
        StoreUrl | None,
        typer.Option(parser=store_url, envvar="IVR_STORE", metavar="URL", help="As of `ivr serve`."),
    ] = None,
    policies: Policies = Path("policies"),
    key_file: KeyFile = None,
    workers: Workers = 1,
    budget: Budget = PROOF_SECONDS,
    form: Annotated[Format, typer.Option("--format", help="text or json.")] = Format.TEXT,
) -> None:
    """Look at a live installation: switch, routers, store and machine; say what is wrong and what to do.

    What no option names is not looked at. Nothing is changed, but each router counts a call (of a caller
    without a number). Run it with the environment of `ivr serve` and `ivr watch`.

    Exit codes: 0 no errors (there can be warnings); 1 something is broken; 2 the options make no sense.
    """
    is_told = ami_secret_file is not None or bool(os.environ.get(SECRET))
    given = Given(
        policies=policies,
        budget=budget,
        ami=ami,
        ami_user=ami_user,
        ami_secret=ami_secret(ami_secret_file) if is_told else None,
        ami_secret_file=ami_secret_file,
        asterisk_conf=asterisk,
        queue_log=queue_log,
        routers=agi or (),
        metrics=[Address(one.host, one.port + number) for one in metrics or () for number in range(workers)],
        watch_metrics=watch_metrics or (),
        dialled=dialled,
        store=store,
        key_file=key_file,
    )
    found = examine(given, Clocks(wall=time.time, monotonic=time.monotonic))
    if form is Format.JSON:
        typer.echo(as_json(found))
    else:
        for line in as_text(found):
            typer.echo(line)
    if any(one.severity is Severity.ERROR for findings in found.values() for one in findings):
        raise typer.Exit(1)
