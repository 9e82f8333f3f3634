"""First-contact ownership: who took a caller's problem first answers the next call, too."""

from router.decision import Owner
from router.facts import CallId, Contact


def owner_of(owner: Owner, contacts: tuple[Contact, ...], now: int, call_id: CallId) -> str:
    """The agent who was the first to answer this caller in the window; empty when nobody was.

    Contacts are dated by their answer, in seconds since the epoch; the call to decide for is none of them.
    """
    since = now - owner.within
    answered = [
        contact
        for contact in contacts
        if contact.agent and contact.answered and contact.at >= since and contact.call_id != call_id
    ]
    return min(answered, key=lambda contact: contact.at).agent if answered else ""


def answered_since(contacts: tuple[Contact, ...], since: int, call_id: CallId) -> bool:
    """A person has answered this caller since a time; the call to decide for does not count."""
    return any(
        contact.answered and contact.at >= since and contact.call_id != call_id for contact in contacts
    )
