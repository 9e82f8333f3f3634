"""What the switch says of its queues, as values of ours. No socket, no clock.

Calls are not read here: queue_log tells of them (router/queue_log/), whatever becomes of this link.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from router.ami.wire import AmiError, AmiTrouble, Message
from router.facts import MAX_LOAD

EVENT_CLASSES = "agent"
"""The class of events (``Events:`` of the login) that the observer's user may read: app_queue's."""

_SUMMARY = frozenset({"Event", "Queue", "Callers", "LongestHoldTime"})
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,80}", re.ASCII)
_SECONDS = re.compile(r"[0-9]{1,9}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Who waits in a queue of the switch."""

    callers: int
    longest: int
    """Seconds that the one who is there longest waits in this queue; 0 where nobody does."""


def waiting(answer: Sequence[Message]) -> dict[str, Waiting]:
    """The answer to QueueSummary, by the switch's name of each queue.

    ``Callers`` and ``LongestHoldTime`` are of those who wait now, also while a phone rings for them
    (manager_queues_summary() in app_queue.c); ``HoldTime`` is an average of the past.

    Raises:
        AmiError: the switch says no, or the lines are not those that app_queue.c writes.
    """
    _, *summaries, _ = agreed(answer, at_least=2)
    found = [{key: value for key, value in message.lines if key in _SUMMARY} for message in summaries]
    if any(told.keys() != _SUMMARY or told["Event"] != "QueueSummary" for told in found):
        raise AmiError(AmiTrouble.TAINTED, "a summary of a queue without its lines")
    return {
        _matched(told["Queue"], _NAME, "queue"): Waiting(
            callers=_count(told["Callers"]), longest=_count(told["LongestHoldTime"])
        )
        for told in found
    }


def ready_of(queue: str) -> str:
    """What Getvar is asked for: how many of a queue's members could take a call at once, helpers too.

    QueueSummary's own figure, ``Available``, has those in it who still write down what the last caller said.
    """
    return f"QUEUE_MEMBER({queue},ready)"


def ready(answer: Sequence[Message]) -> int:
    """The answer to Getvar of `ready_of`.

    Raises:
        AmiError: the switch says no, or no number.
    """
    return _count(agreed(answer, at_least=1)[0]["Value"])


def agreed(answer: Sequence[Message], *, at_least: int) -> Sequence[Message]:
    """An answer that is no refusal and has so many packets."""
    if answer[0]["Response"] != "Success":
        raise AmiError(AmiTrouble.REFUSED, answer[0]["Message"][:80])
    if len(answer) < at_least:
        raise AmiError(AmiTrouble.TAINTED, "an answer without its list")
    return answer


def _count(text: str) -> int:
    return min(int(_matched(text, _SECONDS, "number")), MAX_LOAD)


def _matched(text: str, form: re.Pattern[str], what: str) -> str:
    if not form.fullmatch(text):
        raise AmiError(AmiTrouble.TAINTED, f"{text[:40]!r} is no {what}")
    return text
