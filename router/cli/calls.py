"""Calls to explain: one that is made up, one of a number in the store, or a past one of the journal."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn

import typer

from router.cli.explained import Told
from router.cli.given import Given
from router.errors import NoHotline, PolicyError
from router.facts import Call, CallId, Data, Facts, QueueLoad
from router.numbers import Number, Pseudonym, masked
from router.policy.compile import compiled
from router.policy.decide import Policies
from router.policy.explain import Draw, explain, traces
from router.policy.grounds import facts_of, unpacked
from router.policy.load import load, read_folder
from router.policy.version import hash_of, is_version
from router.store import stream
from router.store.client import StoreClient
from router.store.customers import record
from router.store.imports import last_imported
from router.store.layout import FRESH_SECONDS, LOADS, decode_load

_THIS = CallId("this")


def made_up(policies: Policies, given: Given, dialled: str, now: int) -> Told:
    """A caller of whom only is known what is given.

    Raises:
        NoHotline: no hotline has the number dialled.
    """
    explanation = explain(policies, given.over(_unknown(policies, dialled, now, Data.FRESH)))
    drawn = any(isinstance(trace.seen, Draw) for trace in traces(explanation))
    return Told(
        explanation=explanation,
        about=f"a caller made up, to {dialled}, {_time(now)}",
        notes=["shares are drawn for a caller who is nobody"] if drawn else [],
        imported=None,
    )


def withheld(policies: Policies, given: Given, dialled: str, now: int) -> Told:
    """A caller without a number; what is given of the loads of queues counts.

    Raises:
        NoHotline: no hotline has the number dialled.
    """
    call = _unknown(policies, dialled, now, Data.WITHHELD)
    loads = given.over(call).loads
    return Told(
        explanation=explain(policies, replace(call, loads=loads)),
        about=f"a caller with a withheld number, to {dialled}, {_time(now)}",
        notes=[],
        imported=None,
    )


def looked_up(
    client: StoreClient,
    policies: Policies,
    given: Given,
    *,
    number: Number,
    pseudonym: Pseudonym,
    dialled: str,
    now: int,
) -> Told:
    """A caller of whom is known what the store knows now, with what is given put over it.

    Raises:
        NoHotline: no hotline has the number dialled.
    """
    known = record(client, pseudonym, policies.book.attributes)
    call = _unknown(policies, dialled, now, Data.FRESH)
    call = replace(
        call,
        customer={**call.customer, **known.attributes},
        contacts=known.contacts,
        loads=_loads(client, policies.needs.queues, now),
        identity=pseudonym,
    )
    facts = given.over(call)
    changed = [*given.customer, *(f"load of {queue}" for queue in given.loads)]
    changed += ["earlier calls"] if given.answered or given.offered else []
    return Told(
        explanation=explain(policies, facts),
        about=f"{masked(number)} to {dialled}, {_time(now)}",
        notes=[f"given by hand: {', '.join(changed)}"] if changed else [],
        imported=last_imported(client),
    )


def past(client: StoreClient, call_id: str, policies: Path, versions: Path) -> Told:
    """A call that the journal knows, explained by the version that decided it where that is at hand.

    Raises:
        PolicyError: the policies cannot be read.
        NoHotline: the policies have no hotline with the number that was dialled.
    """
    event = stream.find(client, call_id)
    if event is None:
        _not_found(f"the journal has no call {_plain(call_id)}: it never was, or it is too long ago")
    if not event.grounds:
        _not_found("the journal has not kept what this call was decided by: an earlier release has routed it")
    deciding, notes = _version(event.policy, policies, versions)
    try:
        facts = facts_of(event, unpacked(event.grounds), deciding)
    except ValueError as wrong:
        _not_found(f"what the journal has kept of this call cannot be read: {wrong}")
    explanation = explain(deciding, facts)
    decision = explanation.decision
    then = (event.hotline, event.rule, event.segment, event.destination)
    now = (decision.hotline, decision.rule, decision.segment, decision.destination)
    if decision.policy == event.policy and then != now:
        notes.append("this is not what the journal says was decided: the files or the journal were changed")
    return Told(
        explanation=explanation,
        about=_plain(
            f"call {event.call_id} of {event.masked} to {facts.call.dnis}, {_time(facts.now)}: "
            f"went to {event.destination} by route {event.rule}; segment {event.segment}; "
            f"policy {event.policy}"
        ),
        notes=notes,
        imported=last_imported(client),
    )


def _version(version: str, policies: Path, versions: Path) -> tuple[Policies, list[str]]:
    """The policies of a version: from the archive, or those at hand; and what is to be said of that."""
    notes: list[str] = []
    kept = versions / version
    if is_version(version) and kept.is_dir():
        try:
            book = read_folder(kept).book
        except PolicyError as wrong:
            notes.append(f"{kept} can no longer be read: {wrong.problems[0]}")
        else:
            if hash_of(book.version) == hash_of(version):
                return compiled(replace(book, version=version)), notes
            notes.append(f"the files in {kept} were changed")
    at_hand = load(policies)
    if hash_of(at_hand.version) == hash_of(version):  # in a folder of another name, maybe
        return compiled(replace(at_hand.book, version=version)), notes
    notes.append(
        f"NOT the version that decided: {_plain(version)} is not at hand. This is what {at_hand.version} "
        "would do; an attribute that was not looked at then counts as missing"
    )
    return at_hand, notes


def _unknown(policies: Policies, dialled: str, now: int, data: Data) -> Facts:
    if dialled not in policies.trees:
        raise NoHotline(f'no hotline has the number "{dialled}"')
    unknown = policies.unknown
    return Facts(
        call=Call(call_id=_THIS, ani=None, dnis=dialled),
        customer=unknown.customer,
        contacts=unknown.contacts,
        loads=unknown.loads,
        identity=_THIS,
        now=now,
        data=data,
    )


def _loads(client: StoreClient, queues: tuple[str, ...], now: int) -> dict[str, QueueLoad]:
    """The loads of which there is fresh news."""
    values: Any = client.hmget(LOADS, list(queues)) if queues else []
    loads: dict[str, QueueLoad] = {}
    for queue, value in zip(queues, values, strict=True):
        try:
            load_, at = decode_load(value or b"")
        except ValueError:
            continue
        if abs(now - at) <= FRESH_SECONDS:
            loads[queue] = load_
    return loads


def _time(at: int) -> str:
    return datetime.fromtimestamp(at).astimezone().isoformat(" ")


def _plain(text: str) -> str:
    """Text of strangers on a terminal: no control characters."""
    return "".join(character if character.isprintable() else "?" for character in text)


def _not_found(why: str) -> NoReturn:
    typer.echo(f"ivr: {why}", err=True)
    raise typer.Exit(1)
