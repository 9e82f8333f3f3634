"""Options that several commands share; each can also come from the environment."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import phonenumbers
import typer

from router.errors import SettingsError
from router.settings import Address, StoreUrl

PROOF_SECONDS = 10.0
"""The default of --budget."""


class Format(StrEnum):
    """How a command prints what it has found."""

    TEXT = "text"
    JSON = "json"


def address(given: str | Address) -> Address:
    """Read an option that is an address; typer hands its default through the parser too."""
    return given if isinstance(given, Address) else Address.parse(given)


def store_url(given: str | StoreUrl) -> StoreUrl:
    """Read an option that is a store, or file: and the file that has it.

    Typer hands its default through the parser too.

    Raises:
        SettingsError: the file cannot be read, or what is there is no store.
    """
    if isinstance(given, StoreUrl):
        return given
    if given.startswith("file:"):
        file = Path(given.removeprefix("file:"))
        try:
            given = file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as wrong:
            raise SettingsError(f"store file {file} cannot be read: {wrong}") from wrong
        if given.startswith("file:"):
            raise SettingsError(f"store file {file} has the name of another file in it, and no store")
    return StoreUrl.parse(given)


def region(given: str) -> str:
    """Read a region: two letters of ISO 3166, as ``CN``."""
    if given.upper() not in phonenumbers.SUPPORTED_REGIONS:
        raise SettingsError(f'region "{given}" is none; it is two letters, like CN')
    return given.upper()


Store = Annotated[
    StoreUrl,
    typer.Option(
        "--store",
        envvar="IVR_STORE",
        parser=store_url,
        metavar="URL",
        help="redis://, rediss://, unix://, sentinel://HOST:PORT,…/SERVICE, cluster://HOST:PORT,… or "
        "embedded:DIR (started when nobody runs it yet); file:PATH is a file that has one of these.",
    ),
]
Policies = Annotated[
    Path,
    typer.Option("--policies", envvar="IVR_POLICIES", metavar="DIR", help="The folder of policy files."),
]
KeyFile = Annotated[
    Path | None,
    typer.Option(
        "--key-file",
        envvar="IVR_KEY_FILE",
        help="The key that turns numbers into pseudonyms. An embedded store makes its own at first start; "
        "every other store needs this file.",
    ),
]
Region = Annotated[
    str,
    typer.Option(
        "--region",
        envvar="IVR_REGION",
        parser=region,
        metavar="CC",
        help="Where numbers without a country code are at home.",
    ),
]
Spool = Annotated[
    Path | None,
    typer.Option(
        "--spool",
        envvar="IVR_SPOOL",
        metavar="DIR",
        help="Where events wait that the store does not take; one process's own folder.",
    ),
]
Workers = Annotated[
    int,
    typer.Option(
        "--workers",
        envvar="IVR_WORKERS",
        min=1,
        max=64,
        metavar="N",
        help="Processes that decide calls; each further one of a router has the next port for metrics.",
    ),
]
Budget = Annotated[
    float,
    typer.Option(
        min=0, metavar="SECONDS", help="How long to look; what is not decided by then is told as undecided."
    ),
]
