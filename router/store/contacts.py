"""What an event adds to the contacts of its caller."""

from dataclasses import replace

from router.events import CallAbandoned, CallAnswered, CallRouted, CallUnanswered, Event
from router.facts import Contact
from router.numbers import Pseudonym
from router.store.layout import MAX_CONTACTS, contacts_key, encode_contact

COMMANDS = 3
"""So many Redis commands record an event."""
_LPUSH = b"*3\r\n$5\r\nLPUSH\r\n$%d\r\n%b\r\n$%d\r\n%b\r\n"
_LAST = b"%d" % (MAX_CONTACTS - 1)
_LTRIM = b"*4\r\n$5\r\nLTRIM\r\n$%%d\r\n%%b\r\n$1\r\n0\r\n$%d\r\n%b\r\n" % (len(_LAST), _LAST)
_EXPIRE = b"*3\r\n$6\r\nEXPIRE\r\n$%d\r\n%b\r\n$%d\r\n%b\r\n"
_RECORDING = _LPUSH + _LTRIM + _EXPIRE


def recording(event: Event, window: int) -> bytes:
    """The Redis commands that record an event, as RESP: LPUSH, LTRIM and EXPIRE of the caller's contacts.

    None when it is no contact or nobody would look at it. ``window`` is the longest time, in seconds, that a
    policy looks back: contacts are kept for as long after the last one. To run them twice does little harm:
    an entry more, still one contact a call.
    """
    contact = _contact(event)
    if contact is None or window <= 0:
        return b""
    caller, made = contact
    key, entry, seconds = contacts_key(caller), encode_contact(made), b"%d" % window
    size = len(key)
    # by hand: to have hiredis pack them costs four times as much
    return _RECORDING % (size, key, len(entry), entry, size, key, size, key, len(seconds), seconds)


def _contact(event: Event) -> tuple[Pseudonym, Contact] | None:
    match event:
        case CallRouted(caller=str(caller)):
            contact = Contact(
                at=int(event.at), call_id=event.call_id, answered=False, queue="", hotline=event.hotline
            )
        case CallAnswered(caller=str(caller)):
            contact = replace(_ended(event), answered=True, agent=event.agent)
        case CallAbandoned(caller=str(caller)):
            contact = replace(_ended(event), lost="abandoned")
        case CallUnanswered(caller=str(caller)):
            contact = replace(_ended(event), lost=event.why)
        case _:
            return None
    return caller, contact


def _ended(event: CallAnswered | CallAbandoned | CallUnanswered) -> Contact:
    return Contact(
        at=int(event.at),
        call_id=event.call_id,
        answered=False,
        queue=event.asked,
        hotline=event.hotline,
        wait=event.waited,
    )
