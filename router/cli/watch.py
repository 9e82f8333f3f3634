"""`ivr watch`: the observer."""

import os
from pathlib import Path
from typing import Annotated

import typer

from router.cli.options import KeyFile, Policies, Region, Spool, Store, address
from router.errors import SettingsError
from router.settings import DEFAULT_STORE, Address, StoreUrl
from router.watch import WatchSettings
from router.watch import watch as run

SECRET = "IVR_AMI_SECRET"  # noqa: S105  the variable's name
"""Never an option: everybody on a machine can read the command lines of its processes."""


def watch(
    ami: Annotated[
        Address,
        typer.Option(parser=address, envvar="IVR_AMI", metavar="HOST:PORT", help="The switch's AMI."),
    ] = Address("127.0.0.1", 5038),
    ami_user: Annotated[
        str, typer.Option(envvar="IVR_AMI_USER", help="Our section of its manager.conf.")
    ] = "ivr",
    ami_secret_file: Annotated[
        Path | None,
        typer.Option(
            envvar="IVR_AMI_SECRET_FILE",
            help=f"The file with that section's secret; without it {SECRET} has the secret.",
        ),
    ] = None,
    store: Store = StoreUrl(DEFAULT_STORE),
    policies: Policies = Path("policies"),
    metrics: Annotated[
        Address,
        typer.Option(
            parser=address,
            envvar="IVR_WATCH_METRICS",
            metavar="HOST:PORT",
            help="Where /metrics, /healthz and /readyz listen.",
        ),
    ] = Address("127.0.0.1", 9465),
    key_file: KeyFile = None,
    region: Region = "CN",
    queue_log: Annotated[
        Path,
        typer.Option(
            envvar="IVR_QUEUE_LOG", metavar="FILE", help="The switch's queue_log, which tells of calls."
        ),
    ] = Path("/var/log/asterisk/queue_log"),
    state: Annotated[
        Path,
        typer.Option(
            envvar="IVR_WATCH_STATE",
            metavar="DIR",
            help="Where is kept how far queue_log was read, and the totals until there; one observer's own.",
        ),
    ] = Path("run/watch"),
    spool: Spool = None,
    journal_days: Annotated[
        int,
        typer.Option(
            min=0,
            max=3_650,
            envvar="IVR_JOURNAL_DAYS",
            metavar="DAYS",
            help="How long events stay in the journal; 0: until there are a million newer ones.",
        ),
    ] = 90,
) -> None:
    """Watch one Asterisk: its calls by queue_log, its agents by AMI. Not in the way of a call."""
    run(
        WatchSettings(
            ami=ami,
            user=ami_user,
            secret=ami_secret(ami_secret_file),
            store=store,
            policies=policies,
            metrics=metrics,
            key_file=key_file,
            region=region,
            queue_log=queue_log,
            state=state,
            spool=spool,
            journal_days=journal_days,
        )
    )


def ami_secret(file: Path | None) -> str:
    """The secret, from the file or the environment; line ends around it do not belong to it.

    Raises:
        SettingsError: there is none.
    """
    if file is None:
        secret = os.environ.get(SECRET, "")
        if not secret:
            raise SettingsError(f"the secret of the AMI user is missing: --ami-secret-file FILE, or {SECRET}")
        return secret
    try:
        secret = file.read_text(encoding="utf-8").strip("\r\n")
    except (OSError, UnicodeDecodeError) as wrong:
        raise SettingsError(f"--ami-secret-file {file} cannot be read: {wrong}") from wrong
    if not secret or "\n" in secret:
        raise SettingsError(f"--ami-secret-file {file} must have one line: the secret")
    return secret
