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

_OFFERED = b"o"
_ANSWERED = b"a"


def customer_key(pseudonym: Pseudonym) -> bytes:
    """The hash of a customer's attributes; its fields are `Attribute.code`."""
    return b"c:{%b}" % pseudonym.encode()


def contacts_key(pseudonym: Pseudonym) -> bytes:
    """The list of a caller's contacts, newest first."""
    return b"h:{%b}" % pseudonym.encode()


def encode_contact(contact: Contact) -> bytes:
    """A contact as an entry of the list: ``a 1732391234 1732391200.12 expert``, or ``o`` and no queue."""
    if contact.answered:
        return f"a {contact.at} {contact.call_id} {contact.queue}".encode()
    return f"o {contact.at} {contact.call_id}".encode()


def decode_contacts(entries: list[bytes]) -> tuple[Contact, ...]:
    """The contacts of a list as stored, one a call; an answered entry outweighs an offered one.

    Entries of an unknown form are passed over: a newer release may have written them.
    """
    if not entries:  # as for most callers
        return ()
    contacts: dict[bytes, Contact] = {}
    for entry in entries:
        kind, _, rest = entry.partition(b" ")
        parts = rest.split(b" ", 2)
        if (kind, len(parts)) not in _FORMS:
            continue
        earlier = contacts.get(parts[1])
        if earlier is not None and (earlier.answered or kind == _OFFERED):
            continue
        try:
            contacts[parts[1]] = Contact(
                at=int(parts[0]),
                call_id=CallId(parts[1].decode()),
                answered=kind == _ANSWERED,
                queue=parts[2].decode() if kind == _ANSWERED else "",
            )
        except ValueError:
            continue
    return tuple(contacts.values())


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
_FORMS = {(_OFFERED, 2), (_ANSWERED, 3)}
