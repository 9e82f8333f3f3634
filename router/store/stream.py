"""The journal's stream as it is read: page by page, and one call's decision."""

import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from typing import Any

import orjson

from router.events import CallRouted, Event, from_json
from router.store.client import StoreClient

STREAM = "ivr:journal"
_PAGE = 1000
"""Entries that are read at once."""
MOST = 2_000_000
"""Entries that are looked through for a call: the stream keeps about half as many."""


def read(client: StoreClient, after: str, *, count: int = _PAGE) -> tuple[str, list[Event]]:
    """Events behind a place on the stream, in their order, and the place of the last.

    ``after`` is such a place; ``0`` is the beginning. Entries of a later version are passed over.
    """
    events: list[Event] = []
    answer: Any = client.xrange(STREAM, min=f"({after}", count=count)
    for place, fields in answer:
        after = place.decode()
        with suppress(ValueError, KeyError):
            events.append(_event(fields))
    return after, events


def entries(
    client: StoreClient, after: str, *, at_once: int = _PAGE
) -> Iterator[tuple[str, dict[bytes, bytes]]]:
    """The entries behind a place, as they are stored, up to the present end; each with its place."""
    while True:
        page: Any = client.xrange(STREAM, min=f"({after}" if after != "0" else "-", count=at_once)
        for place, fields in page:
            after = place.decode()
            yield after, fields
        if len(page) < at_once:
            return


def latest(client: StoreClient, count: int) -> tuple[str, list[dict[bytes, bytes]]]:
    """The last entries, in their order, and the place of the last one."""
    page: Any = client.xrevrange(STREAM, count=max(count, 1))
    place = page[0][0].decode() if page else "0"
    return place, [fields for _, fields in reversed(page[:count])]


def find(client: StoreClient, call_id: str, *, entries: int = MOST) -> CallRouted | None:
    """How a call was routed, by the latest event that says so; None: by none of the last ``entries``.

    The switch's call ids begin with the second of the call: around it the stream is read first, then from its
    end, a page at a time (some 7 s for a million entries).
    """
    if not call_id.isprintable():
        return None
    named = b'"call_id":%b,' % orjson.dumps(call_id)
    for since, until in _stretches(call_id):
        for fields in islice(_backwards(client, since, until), entries):
            if named in fields.get(b"event", b""):
                with suppress(ValueError):
                    event = _event(fields)
                    if isinstance(event, CallRouted) and event.call_id == call_id:
                        return event
    return None


def _stretches(call_id: str) -> Iterator[tuple[str, str]]:
    """Where on the stream a call may be, as first and last place."""
    if begun := re.search(r"(?:^|-)([0-9]{10})\.[0-9]+$", call_id):
        second = int(begun[1])
        yield f"{second - 60}000", f"{second + 600}000"
    yield "-", "+"


def _backwards(client: StoreClient, since: str, until: str) -> Iterator[dict[bytes, bytes]]:
    """The entries of a stretch of the stream, the latest first."""
    while True:
        page: Any = client.xrevrange(STREAM, max=until, min=since, count=_PAGE)
        for _, fields in page:
            yield fields
        if len(page) < _PAGE:
            return
        until = f"({page[-1][0].decode()}"


def _event(fields: dict[bytes, bytes]) -> Event:
    return from_json(fields[b"event"], fields.get(b"grounds"))
