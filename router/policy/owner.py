"""First-contact ownership: who took a caller's problem first answers the next call, too."""

from router.decision import Action, ToQueue
from router.facts import CallId, Contact, Facts


def owner_for(action: Action, facts: Facts) -> str:
    """The agent who was the first to answer this caller in the action's window.

    Empty when nobody was, or the action asks for nobody. Contacts are dated by their answer, in seconds since
    the epoch; the call to decide for is none of them.
    """
    if not isinstance(action, ToQueue) or action.owner is None:
        return ""
    since, call_id = facts.now - action.owner.within, facts.call.call_id
    answered = [
        contact
        for contact in facts.contacts
        if contact.agent and contact.answered and contact.at >= since and contact.call_id != call_id
    ]
    return min(answered, key=lambda contact: contact.at).agent if answered else ""


def answered_since(contacts: tuple[Contact, ...], since: int, call_id: CallId) -> bool:
    """A person has answered this caller since a time; the call to decide for does not count."""
    return any(
        contact.answered and contact.at >= since and contact.call_id != call_id for contact in contacts
    )
