"""What an event adds to the contacts of its caller."""

from dataclasses import replace

from router.events import CallAbandoned, CallAnswered, CallRouted, CallUnanswered, Event
from router.facts import Contact
from router.numbers import Pseudonym
from router.store.layout import MAX_CONTACTS, contacts_key, encode_contact

Command = tuple[str | bytes | int, ...]


def recording(event: Event, window: int) -> list[Command]:
    """The Redis commands that record an event; none when it is no contact or nobody would look at it.

    ``window`` is the longest time, in seconds, that a policy looks back: contacts are kept for as long
    after the last one. To run them twice does little harm: an entry more, still one contact a call.
    """
    contact = _contact(event)
    if contact is None or window <= 0:
        return []
    caller, made = contact
    key = contacts_key(caller)
    return [
        ("LPUSH", key, encode_contact(made)),
        ("LTRIM", key, 0, MAX_CONTACTS - 1),
        ("EXPIRE", key, window),
    ]


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
