"""`ivr serve`: the decision service."""

from pathlib import Path
from typing import Annotated

import typer

from router.cli.live import Control, Versions
from router.cli.options import KeyFile, Policies, Region, Spool, Store, Workers, address, store_url
from router.serve import ServeSettings
from router.serve import serve as run
from router.settings import DEFAULT_STORE, Address, StoreUrl


def serve(
    agi: Annotated[
        Address,
        typer.Option(parser=address, envvar="IVR_AGI", metavar="HOST:PORT", help="Where FastAGI listens."),
    ] = Address("127.0.0.1", 4573),
    store: Store = StoreUrl(DEFAULT_STORE),
    replica: Annotated[
        StoreUrl | None,
        typer.Option(
            parser=store_url,
            envvar="IVR_REPLICA",
            metavar="URL",
            help="A replica of the store, asked when the store does not answer; best on this machine: "
            "unix://… (sentinel:// and cluster://: a replica of each master).",
        ),
    ] = None,
    policies: Policies = Path("policies"),
    metrics: Annotated[
        Address,
        typer.Option(
            parser=address,
            envvar="IVR_METRICS",
            metavar="HOST:PORT",
            help="Where /metrics, /healthz and /readyz listen.",
        ),
    ] = Address("127.0.0.1", 9464),
    key_file: KeyFile = None,
    region: Region = "CN",
    versions: Versions = Path("run/versions"),
    control: Control = None,
    shadow: Annotated[
        Path | None,
        typer.Option(
            envvar="IVR_SHADOW",
            metavar="DIR",
            help="Policies that decide each call, too, unheard: metrics say what they would change.",
        ),
    ] = None,
    spool: Spool = None,
    workers: Workers = 1,
) -> None:
    """Answer Asterisk's FastAGI: one decision a call. SIGTERM lets the calls in flight finish.

    The policies are loaded anew when their files change, at SIGHUP and by `ivr reload`; files with mistakes
    change nothing.
    """
    run(
        ServeSettings(
            agi=agi,
            store=store,
            replica=replica,
            policies=policies,
            metrics=metrics,
            key_file=key_file,
            region=region,
            versions=versions,
            control=control,
            shadow=shadow,
            spool=spool,
            workers=workers,
        )
    )
