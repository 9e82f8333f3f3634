"""Lines of queue_log as values. Pure.

``seconds|call|queue|agent|EVENT|data|data…``, written by ast_queue_log() in logger.c and flushed line by
line. The call is a channel's Uniqueid; of the caller's channel that is the call id. Lines whose event
begins with IVR are the dialplan's own (QueueLog() in asterisk_conf/extensions/): with them the file tells
all of a call by itself.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from router.errors import IvrError
from router.facts import CallId
from router.policy.switch import our_name

OWN = "own-"
"""Prefix of an agent's own queue, where callers wait whom this agent has answered before."""
OWN_QUEUES = "own"
"""The name of all of them: agents are nobody's label."""
MAX_LINE = 8_192
"""Bytes; the buffer of ast_queue_log()."""

_CALL_ID = re.compile(r"[A-Za-z0-9_.@+-]{1,150}", re.ASCII)
_SECONDS = re.compile(r"[0-9]{1,9}", re.ASCII)
_DIGITS = re.compile(r"[0-9]{5,}", re.ASCII)
_AT = re.compile(r"[0-9]{1,12}", re.ASCII)


class Kind(StrEnum):
    """The events that are looked at; all others are passed over."""

    ROUTED = "IVRROUTED"
    """hotline, number dialled, rule, segment, province, 1 for a repeat caller, destination."""
    REQUEST = "IVRREQUEST"
    """Queue; by whom a person is asked for: direct, key, transfer."""
    OVERFLOW = "IVROVERFLOW"
    """Queue left; next queue, QUEUESTATUS."""
    UNANSWERED = "IVRUNANSWERED"
    """Last queue; QUEUESTATUS."""
    ENDED = "IVRENDED"
    """Number dialled."""
    ENTERQUEUE = "ENTERQUEUE"
    CONNECT = "CONNECT"
    ABANDON = "ABANDON"
    EXITWITHTIMEOUT = "EXITWITHTIMEOUT"
    EXITEMPTY = "EXITEMPTY"
    EXITWITHKEY = "EXITWITHKEY"
    WITHDRAW = "WITHDRAW"
    COMPLETEAGENT = "COMPLETEAGENT"
    COMPLETECALLER = "COMPLETECALLER"
    BLINDTRANSFER = "BLINDTRANSFER"
    ATTENDEDTRANSFER = "ATTENDEDTRANSFER"
    QUEUESTART = "QUEUESTART"
    """The switch has started."""


_KINDS = {kind.value: kind for kind in Kind}


class BadLine(IvrError):
    """A line is not what app_queue.c or the dialplan writes; it is counted and passed over."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line."""

    at: int
    """Seconds since the epoch."""
    call_id: CallId
    """Empty for `Kind.QUEUESTART`."""
    queue: str
    """By our name for it."""
    agent: str
    kind: Kind
    data: tuple[str, ...]

    def text(self, place: int) -> str:
        """A value behind the event; empty when it is not there."""
        return self.data[place] if place < len(self.data) else ""

    def seconds(self, place: int) -> int:
        """A value that is a number of seconds; places count from the end where they are negative.

        Raises:
            BadLine: it is none.
        """
        try:
            found = self.data[place]
        except IndexError:
            found = ""
        if not _SECONDS.fullmatch(found):
            raise BadLine(f"{self.kind}: {_shown(found)} is no number of seconds")
        return int(found)


def parse(text: bytes) -> Line | None:
    """A line without its end; None when its event is not looked at.

    Raises:
        BadLine: it has not the form of a line.
    """
    parts = text.decode("utf-8", "replace").split("|")
    if len(parts) < 5 or len(text) > MAX_LINE:
        raise BadLine(f"not a line of queue_log: {_shown(parts[0])}")
    at, call_id, queue, agent, event, *data = parts
    kind = _KINDS.get(event)
    if kind is None:
        return None
    if not _AT.fullmatch(at) or not _CALL_ID.fullmatch(call_id):
        raise BadLine(f"{event}: no time or no call: {_shown(at)}, {_shown(call_id)}")
    return Line(int(at), CallId(call_id), _queue(queue), agent, kind, tuple(data))


def _shown(text: str) -> str:
    """The beginning of a text as a log may have it: whatever could be a caller's number is hidden."""
    return repr(_DIGITS.sub("***", text[:200])[:40])


def _queue(name: str) -> str:
    return OWN_QUEUES if name.startswith(OWN) else our_name(name)
