"""What the switch says, as our events. No socket, no clock; no caller's number leaves this module.

A caller's number stands unescaped in the events of manager_channels.c, and a hostile one brings line ends
with it [seen on 22.10.1]: it can end an event and begin another. The dialplan cleans the number before
anything else, so the events of queues are safe; those of class ``call`` begin earlier and are not asked for.
Behind that stands the form: an event is believed only if its channel is written line by line as Asterisk
writes it, and chan_pjsip cuts a number at 79 characters, too few for these lines.
"""

import re
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from router.ami.wire import AmiError, AmiTrouble, Message
from router.events import CallAbandoned, CallAnswered, Event
from router.facts import MAX_LOAD, CallId
from router.numbers import Pseudonym, PseudonymKey, normalise

EVENT_CLASSES = "agent"
"""The classes of events (``Events:`` of the login) that `translate` needs: app_queue's."""

_CHANNEL = (
    "Channel",
    "ChannelState",
    "ChannelStateDesc",
    "CallerIDNum",
    "CallerIDName",
    "ConnectedLineNum",
    "ConnectedLineName",
    "Language",
    "AccountCode",
    "Context",
    "Exten",
    "Priority",
    "Uniqueid",
    "Linkedid",
)
"""ast_manager_build_channel_state_string_prefix() in manager_channels.c; more may follow it."""
_SUMMARY = frozenset({"Event", "Queue", "Callers", "LongestHoldTime"})
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,80}", re.ASCII)
_QUEUE = frozenset({"Queue", "HoldTime"})
_BELIEVED = _QUEUE | {*_CHANNEL, "Event", "Privilege", "Timestamp", "MemberName"}
_HANGUP_SOURCE = "CHANNEL(hangupsource)"
_CALL_ID = re.compile(r"[A-Za-z0-9_.@+-]{1,150}", re.ASCII)
_SECONDS = re.compile(r"[0-9]{1,9}", re.ASCII)
_TIMESTAMP = re.compile(r"[0-9]{1,12}\.[0-9]{6}", re.ASCII)


def translate(message: Message, *, at: float, key: PseudonymKey, region: str) -> Event | None:
    """The event of ours that a message means; None when it means none.

    ``at`` (seconds since the epoch) is when the message was read; the switch's own ``Timestamp`` comes first.
    ``region`` is where a number without a country code is at home.

    Raises:
        AmiError: the message has the name of an event that matters, and not its lines.
    """
    return None
    match message.event:
        case "AgentConnect":
            lines = _lines(message, {*_QUEUE, "MemberName"})
            return CallAnswered(
                call_id=_call_id(lines),
                at=_at(lines, at),
                caller=_caller(lines, key, region),
                hotline=_hotline(message),
                queue=our_name(lines["Queue"]),
                agent=lines["MemberName"],  # who it is; Asterisk puts the interface where no name is given
                wait=_wait(lines),
            )
        case "QueueCallerAbandon":
            lines = _lines(message, _QUEUE)
            if not _caller_left(message):
                return None
            return CallAbandoned(
                call_id=_call_id(lines),
                at=_at(lines, at),
                caller=_caller(lines, key, region),
                hotline=_hotline(message),
                queue=our_name(lines["Queue"]),
                wait=_wait(lines),
            )
        case _:
            return None


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
    _, *summaries, _ = _agreed(answer, at_least=2)
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
    return _count(_agreed(answer, at_least=1)[0]["Value"])


def our_name(queue: str) -> str:
    """queues.conf cannot have a queue "general": it is called otherwise there, and only there."""
    return "general" if queue == "general-queue" else queue


def _agreed(answer: Sequence[Message], *, at_least: int) -> Sequence[Message]:
    """An answer that is no refusal and has so many packets."""
    if answer[0]["Response"] != "Success":
        raise AmiError(AmiTrouble.REFUSED, answer[0]["Message"][:80])
    if len(answer) < at_least:
        raise AmiError(AmiTrouble.TAINTED, "an answer without its list")
    return answer


def _count(text: str) -> int:
    return min(int(_matched(text, _SECONDS, "number")), MAX_LOAD)


def _lines(message: Message, needs: AbstractSet[str]) -> dict[str, str]:
    """The lines of an event of a caller in a queue, once its form is that of Asterisk.

    Between ``Privilege`` and ``Channel`` there may be more (Timestamp, SystemName, …: manager.c), behind the
    channel too; keys that are believed stand there once.
    """
    keys = [key for key, _ in message.lines]
    begin = keys.index("Channel") if "Channel" in keys else 0
    believed = [key for key in keys if key in _BELIEVED]
    if (
        tuple(keys[:2]) != ("Event", "Privilege")
        or message["Privilege"] != "agent,all"
        or tuple(keys[begin : begin + len(_CHANNEL)]) != _CHANNEL
        or len(believed) != len(set(believed))
        or not needs <= set(believed)
    ):
        raise AmiError(AmiTrouble.TAINTED, f"{message.event} is not written as app_queue.c writes it")
    return dict(message.lines)


def _matched(text: str, form: re.Pattern[str], what: str) -> str:
    if not form.fullmatch(text):
        raise AmiError(AmiTrouble.TAINTED, f"{text[:40]!r} is no {what}")
    return text


def _call_id(lines: Mapping[str, str]) -> CallId:
    return CallId(_matched(lines["Linkedid"], _CALL_ID, "call id"))


def _wait(lines: Mapping[str, str]) -> int:
    return int(_matched(lines["HoldTime"], _SECONDS, "number of seconds"))


def _at(lines: Mapping[str, str], read: float) -> float:
    """``timestampevents = yes`` in manager.conf has the switch say when it was."""
    return float(_matched(lines["Timestamp"], _TIMESTAMP, "time")) if "Timestamp" in lines else read


def _caller(lines: Mapping[str, str], key: PseudonymKey, region: str) -> Pseudonym | None:
    number = normalise(lines["CallerIDNum"], region)  # "<unknown>" when there is none
    return None if number is None else key.pseudonym(number)


def _variables(message: Message) -> dict[str, str]:
    """The channel's variables that ``channelvars`` in manager.conf names."""
    pairs = (line.partition("=") for line in message.all("ChanVariable"))
    return {name: value for name, _, value in pairs}


def _hotline(message: Message) -> str:
    """The hotline the router named; where no router answered, the number dialled."""
    variables = _variables(message)
    return variables.get("IVR_HOTLINE") or variables.get("IVR_DNIS", "")


def _caller_left(message: Message) -> bool:
    """The caller hung up, and not the queue gave him up.

    app_queue.c reports a wait that ran out (EXITWITHTIMEOUT, EXITEMPTY, WITHDRAW) as abandoned too; only the
    channel tells the two apart: chan_pjsip names who hung up [seen on 22.10.1]. A switch whose manager.conf
    does not have it among ``channelvars`` is taken at its word.
    """
    return _variables(message).get(_HANGUP_SOURCE, "caller") != ""
