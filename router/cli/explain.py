"""`ivr explain`: why a call goes where it goes, or went where it went."""

import time
from pathlib import Path
from typing import Annotated

import typer

from router.cli import calls
from router.cli.explained import Lang, Told, as_json, as_text
from router.cli.given import Given, given, moment
from router.cli.live import Versions
from router.cli.options import Format, KeyFile, Policies, Region, Store
from router.errors import NoHotline, SettingsError
from router.numbers import normalise
from router.policy import decide
from router.policy.load import load
from router.settings import DEFAULT_STORE, StoreUrl
from router.store.embedded import connected
from router.store.keyfile import check_key, load_key

STORE = StoreUrl(DEFAULT_STORE)
Many = list[str]


def explain(
    number: Annotated[
        str | None,
        typer.Argument(help='A caller\'s number, looked up in the store; "" for one that is withheld.'),
    ] = None,
    call: Annotated[
        str | None, typer.Option("--call", metavar="CALL_ID", help="A past call, from the journal.")
    ] = None,
    dialled: Annotated[
        str, typer.Option(metavar="NUMBER", help="The number dialled: which hotline.")
    ] = "10010",
    attributes: Annotated[
        Many | None,
        typer.Option("--set", metavar="NAME=VALUE", help="An attribute, as age=70. May be repeated."),
    ] = None,
    answered: Annotated[
        Many | None,
        typer.Option(metavar="AGO", help="An earlier call that a person answered, as 2h. May be repeated."),
    ] = None,
    offered: Annotated[
        Many | None,
        typer.Option(metavar="AGO", help="An earlier call that nobody answered, as 10m. May be repeated."),
    ] = None,
    loads: Annotated[
        Many | None,
        typer.Option(
            "--load",
            metavar="QUEUE.MEASURE=VALUE",
            help="How busy a queue is: its waiting, longest_wait or ready, as general.waiting=30. May be "
            "repeated.",
        ),
    ] = None,
    at: Annotated[
        str | None, typer.Option(metavar="TIME", help="When, as 2026-11-23T10:00+08:00; without it, now.")
    ] = None,
    store: Store = STORE,
    policies: Policies = Path("policies"),
    key_file: KeyFile = None,
    region: Region = "CN",
    versions: Versions = Path("run/versions"),
    lang: Annotated[
        Lang, typer.Option(help="both: in English, with the reason in both languages.")
    ] = Lang.BOTH,
    form: Annotated[Format, typer.Option("--format", help="Lines, or one JSON object.")] = Format.TEXT,
    unmask: Annotated[bool, typer.Option("--unmask", help="Show sensitive values too.")] = False,
) -> None:
    """Explain a decision: each condition with the value it looked at, and why no earlier route took the call.

    Three ways. NUMBER: a caller as the store knows him now; what is given with --set, --answered, --offered
    and --load is put over it. No NUMBER: a caller of whom only is known what is given. --call: a past call,
    by what the journal has kept of it and by the version that decided it, where that is at hand.

    Exit codes: 0 explained; 1 no hotline has the number dialled, or the journal does not have the call;
    2 something cannot be read.
    """
    made_up = (attributes or [], answered or [], offered or [], loads or [])
    try:
        if call is not None:
            if number is not None or at is not None or any(made_up):
                raise SettingsError(
                    "--call explains a call as it was: leave out the number and what is given"
                )
            with connected(store) as client:
                told = calls.past(client, call, policies, versions)
        else:
            now = int(time.time()) if at is None else moment(at)
            live = load(policies)
            extra = given(live.book, *made_up)
            told = _told(live, number, extra, dialled, now, store, key_file, region)
    except NoHotline as wrong:
        typer.echo(f"ivr: {wrong}", err=True)
        raise typer.Exit(1) from None
    if form is Format.JSON:
        typer.echo(as_json(told, lang, unmask=unmask))
    else:
        typer.echo("\n".join(as_text(told, lang, unmask=unmask)))


def _told(
    live: decide.Policies,
    number: str | None,
    extra: Given,
    dialled: str,
    now: int,
    store: StoreUrl,
    key_file: Path | None,
    region: str,
) -> Told:
    if number is None:
        return calls.made_up(live, extra, dialled, now)
    if not number:
        return calls.withheld(live, extra, dialled, now)
    found = normalise(number, region)
    if found is None:
        raise SettingsError("this is not a telephone number")
    key = load_key(key_file, store)
    with connected(store) as client:
        check_key(client, key, claim=False)
        return calls.looked_up(
            client,
            live,
            extra,
            number=found,
            pseudonym=key.pseudonym(found),
            dialled=dialled,
            now=now,
        )
