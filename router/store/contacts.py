"""What an event adds to the contacts of its caller."""

from typing import assert_never

from router.events import CallAbandoned, CallAnswered, CallRouted, Event
from router.facts import Contact
from router.store.layout import MAX_CONTACTS, contacts_key, encode_contact

Command = tuple[str | bytes | int, ...]


def recording(event: Event, window: int) -> list[Command]:
    """The Redis commands that record an event; none when it is no contact or nobody would look at it.

    ``window`` is the longest time, in seconds, that a policy looks back: contacts are kept for as long
    after the last one. To run them twice does little harm: an entry more, still one contact a call.
    """
    if event.caller is None or window <= 0:
        return []
    match event:
        case CallRouted():
            queue, answered = "", False
        case CallAnswered():
            queue, answered = event.queue, True
        case CallAbandoned():  # it was offered, and that is recorded
            return []
        case _ as never:
            assert_never(never)
    contact = Contact(at=int(event.at), call_id=event.call_id, answered=answered, queue=queue)
    key = contacts_key(event.caller)
    return [
        ("LPUSH", key, encode_contact(contact)),
        ("LTRIM", key, 0, MAX_CONTACTS - 1),
        ("EXPIRE", key, window),
    ]
