"""A caller's removal from the store: his attributes, his contacts, and the journal's events of his calls."""

import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from router.store.client import StoreClient
from router.store.layout import KEYS, contacts_key, customer_key
from router.store.stream import STREAM, entries, latest
from router.store.traces import Traces

AT_ONCE = 100
"""Entries that are read or removed at once: 0.08 ms in which the store answers nobody; of 1,000, 0.8 ms."""
_KEYS = 1000
_PAUSE = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What the store has of a caller beside the journal, under all his pseudonyms."""

    customers: int
    """Records of attributes."""
    contacts: int
    """Entries of his lists."""


def kept(client: StoreClient, traces: Traces, *, remove: bool) -> Kept:
    """Count a caller's attributes and contacts, and remove them where that is wanted."""
    pipeline = client.pipeline(transaction=False)
    for pseudonym in traces.pseudonyms:
        pipeline.exists(customer_key(pseudonym))
        pipeline.llen(contacts_key(pseudonym))
        if remove:
            pipeline.delete(customer_key(pseudonym))  # one by one: redis-py's pipeline of a cluster wants it
            pipeline.delete(contacts_key(pseudonym))
    told = iter(pipeline.execute())
    found = list(zip(told, told, told, told, strict=True) if remove else zip(told, told, strict=True))
    return Kept(customers=sum(each[0] for each in found), contacts=sum(each[1] for each in found))


def learn(client: StoreClient, traces: Traces) -> str:
    """Read the journal for the caller's calls; the place of its end before that."""
    end, _ = latest(client, 1)
    for _, fields in entries(client, "0", at_once=AT_ONCE):
        traces.learn(fields.get(b"event", b""))
    return end


def journaled(client: StoreClient, traces: Traces, after: str, *, remove: bool) -> int:
    """Count the events of a caller's calls behind a place, and remove them where that is wanted.

    Calls that are found on the way count from there on.
    """
    count = 0
    his = _his(client, traces, after)
    while page := list(islice(his, AT_ONCE)):
        count += int(client.xdel(STREAM, *page)) if remove else len(page)
    return count


def _his(client: StoreClient, traces: Traces, after: str) -> Iterator[str]:
    for place, fields in entries(client, after, at_once=AT_ONCE):
        event = fields.get(b"event", b"")
        traces.learn(event)
        if traces.is_his(event):
            yield place


def unknown_keys(client: StoreClient, traces: Traces, given: Collection[str]) -> list[str]:
    """Ids of keys that somebody's data is kept under and that were not given: a caller may be there, too."""
    imported: Any = client.hkeys(KEYS)
    found = {key_id for key_id in traces.key_ids if key_id not in given}
    for key_id in {name.decode() for name in imported} - set(given) - found:
        if next(client.scan_iter(match=f"[ch]:{{{key_id}.*", count=_KEYS), None) is not None:
            found.add(key_id)
    return sorted(found)


def forget_files(client: StoreClient) -> None:
    """Have the store write its append-only file anew, and wait for it: the old one has what was removed."""
    client.bgrewriteaof()
    while True:
        said: Any = client.info("persistence")
        if not said["aof_rewrite_in_progress"] and not said["aof_rewrite_scheduled"]:
            return
        time.sleep(_PAUSE)
