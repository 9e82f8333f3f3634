"""Where a caller's data lies in the store, and the form of a contact; docs/reference/store.md has it all.

Pure: names and bytes only. The braces in a key are Redis Cluster's hash tag, so that everything of one
caller is on one node and one round trip reads it.
"""

import re

from router.facts import MAX_LOAD, CallId, Contact, QueueLoad
from router.numbers import Pseudonym

MAX_CONTACTS = 64
"""Entries that a list of contacts keeps; an answered call has two."""
KEYS = "ivr:keys"
"""Hash: key id → fingerprint of the pseudonym key that customers were imported with."""
IMPORT = "ivr:import:"
"""Prefix of the progress marks of imports."""
IMPORTED = "ivr:imported"
"""When an import of customers was last complete, in seconds since the epoch."""

LOADS = "ivr:load"
"""Hash: queue → how busy it is, and when that was so."""
FRESH_SECONDS = 10
"""A load that is older is no news: it is not gone by, and the store forgets it."""

_OFFERED, _LOST, _ANSWERED = b"o", b"x", b"a"
_WORTH = {_OFFERED: 0, _LOST: 1, _ANSWERED: 2}
"""Of two entries of one call the one that says more counts."""


def customer_key(pseudonym: Pseudonym) -> bytes:
    """The hash of a customer's attributes; its fields are `Attribute.code`."""
    return b"c:{%b}" % pseudonym.encode()


def contacts_key(pseudonym: Pseudonym) -> bytes:
    """The list of a caller's contacts, newest first."""
    return b"h:{%b}" % pseudonym.encode()


def encode_contact(contact: Contact) -> bytes:
    """A contact as an entry of the list, by what is known of it.

    ``o 1732391234 1732391200.12 10010`` of an offered one; ``x``, of one that nobody answered, and ``a``,
    of an answered one, go on with queue, wait, and why or who: ``a … 10010 expert 7 Wang Fang``.
    """
    begin = f"{contact.at} {contact.call_id} {contact.hotline}"
    if contact.answered:
        return f"a {begin} {contact.queue} {contact.wait} {contact.agent}".encode()
    if contact.lost:
        return f"x {begin} {contact.queue} {contact.wait} {contact.lost}".encode()
    return f"o {begin}".encode()


def decode_contacts(entries: list[bytes]) -> tuple[Contact, ...]:
    """The contacts of a list as stored, one a call; an answered entry outweighs one of a call that was lost.

    Entries of an unknown form are passed over: a newer release may have written them.
    """
    if not entries:  # as for most callers
        return ()
    found: dict[bytes, tuple[int, list[bytes]]] = {}
    for entry in entries:
        parts = entry.split(b" ", 6)
        worth = _WORTH.get(parts[0], -1)
        if len(parts) != (4 if worth == 0 else 7):
            continue
        earlier = found.get(parts[2])
        if earlier is None or earlier[0] < worth:
            found[parts[2]] = worth, parts
    contacts = []
    for worth, parts in found.values():
        try:
            contacts.append(_contact(worth, parts))
        except ValueError:
            continue
    return tuple(contacts)


def _contact(worth: int, parts: list[bytes]) -> Contact:
    at, call_id, hotline = int(parts[1]), CallId(parts[2].decode()), parts[3].decode()
    if worth == 0:
        return Contact(at=at, call_id=call_id, answered=False, queue="", hotline=hotline)
    ending = parts[6].decode()
    return Contact(
        at=at,
        call_id=call_id,
        answered=worth == 2,
        queue=parts[4].decode(),
        hotline=hotline,
        wait=int(parts[5]),
        agent=ending if worth == 2 else "",
        lost="" if worth == 2 else ending,
    )


def encode_load(load: QueueLoad, at: float) -> bytes:
    """A queue's load as a value: ``3 41 0 1732391234``, of waiting, longest wait, ready, and when."""
    return b"%d %d %d %d" % (load.waiting, load.longest_wait, load.ready, at)


def decode_load(value: bytes) -> tuple[QueueLoad, int]:
    """A queue's load as stored, and the second that it is of.

    Raises:
        ValueError: it has another form: a later release may have written it.
    """
    found = _LOAD.fullmatch(value)
    if found is None:
        raise ValueError("not a load")
    waiting, longest_wait, ready, at = map(int, found.groups())
    load = QueueLoad(
        waiting=min(waiting, MAX_LOAD), longest_wait=min(longest_wait, MAX_LOAD), ready=min(ready, MAX_LOAD)
    )
    return load, at


_LOAD = re.compile(rb"(\d{1,9}) (\d{1,9}) (\d{1,9}) (\d{1,12})")
