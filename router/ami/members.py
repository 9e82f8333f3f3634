"""What the switch says of the members of its queues, as news of the floor. No socket, no clock."""

import re
from collections.abc import Iterator, Sequence

from router.ami.translate import agreed
from router.ami.wire import AmiError, AmiTrouble, Message
from router.floor import FloorEvent, Member, MemberGone, TalkBegan, TalkEnded
from router.policy.switch import our_name

OWN = "own-"
"""Before an agent's name in the name of his own queue: that one says nothing that the others do not."""
_STATUS = frozenset({"QueueMemberStatus", "QueueMemberAdded", "QueueMemberPause", "QueueMemberPenalty"})
_NUMBER = re.compile(r"[0-9]{1,12}", re.ASCII)
_NEEDED = frozenset({"Queue", "Status", "Paused", "PausedReason", "LastCall", "Wrapuptime", "InCall"})


def news(message: Message) -> FloorEvent | None:
    """What an event says of the floor; None: nothing.

    Raises:
        AmiError: the event has not the lines that app_queue.c writes.
    """
    name = message.event
    if name not in _STATUS and name not in {"QueueMemberRemoved", "AgentConnect", "AgentComplete"}:
        return None
    lines = dict(message.lines)
    if message["Privilege"] != "agent,all" or "MemberName" not in lines or "Queue" not in lines:
        raise AmiError(AmiTrouble.TAINTED, f"{name} is not written as app_queue.c writes it")
    queue, agent = our_name(lines["Queue"]), lines["MemberName"]
    if name == "AgentConnect":
        return TalkBegan(agent=agent)
    if name == "AgentComplete":
        return TalkEnded(agent=agent, at=_at(lines))
    if queue.startswith(OWN):
        return None
    if name == "QueueMemberRemoved":
        return MemberGone(queue=queue, agent=agent)
    return _member(lines, agent)


def members(answer: Sequence[Message]) -> Iterator[Member]:
    """The answer to QueueStatus: all members of all queues; agents' own queues have no name.

    Raises:
        AmiError: the switch says no, or the lines are not those that app_queue.c writes.
    """
    for message in agreed(answer, at_least=2):
        if message.event == "QueueMember":
            lines = dict(message.lines)
            yield _member(lines, lines.get("Name", ""))


def _member(lines: dict[str, str], agent: str) -> Member:
    if not agent or not lines.keys() >= _NEEDED:
        raise AmiError(AmiTrouble.TAINTED, "a member of a queue without its lines")
    return Member(
        queue="" if lines["Queue"].startswith(OWN) else our_name(lines["Queue"]),
        agent=agent,
        device=_number(lines["Status"]),
        paused=lines["Paused"] == "1",
        reason=lines["PausedReason"],
        last_call=_number(lines["LastCall"]),
        wrap_up=_number(lines["Wrapuptime"]),
        in_call=lines["InCall"] == "1",
    )


def _number(text: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise AmiError(AmiTrouble.TAINTED, f"{text[:40]!r} is no number")
    return int(text)


def _at(lines: dict[str, str]) -> int:
    """``timestampevents = yes`` in manager.conf has the switch say when it was."""
    return _number(lines.get("Timestamp", "").partition(".")[0])
