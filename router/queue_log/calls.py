"""Calls as a fold over the lines of queue_log: each line in, the events that it means out. Pure.

Two orders are not given. What app_queue writes of a talk's end (COMPLETE…, BLINDTRANSFER) comes from
another thread than the dialplan's lines and may stand behind IVRENDED or behind the next IVRREQUEST: a call
is kept until both are there. And a switch that ended without a word leaves calls open: QUEUESTART ends
them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from router.events import (
    LEFT,
    UNDECIDED,
    CallAbandoned,
    CallAnswered,
    CallCompleted,
    CallEnded,
    CallEvent,
    CallOffered,
    CallOverflowed,
    CallQueued,
    CallUnanswered,
    PersonRequested,
    Unanswered,
)
from router.facts import CallId
from router.numbers import Pseudonym, masked, normalise
from router.queue_log.lines import Kind, Line

MOST = 100_000
"""Calls that are kept open, at most: the oldest is taken for over."""
_GIVEN_UP = {"TIMEOUT", "LEAVEEMPTY", "LEAVEUNAVAIL", "WITHDRAW", "CONTINUE"}
"""Values of QUEUESTATUS with which a caller leaves a queue that he was in."""


@dataclass(slots=True, kw_only=True)
class Request:
    """A person is asked for, until somebody answers or it comes to nothing."""

    asked: str
    at: int
    queue: str = ""
    """The queue the caller is in, or was in last."""
    entered: int | None = None
    """When he entered it; None: he is in none."""
    wait: int = 0
    """Seconds in the last queue."""
    waited: int = 0
    """Seconds in all of them."""
    given_up: bool = False
    """The queue has given him up; what becomes of him is in the dialplan's next line."""


@dataclass(slots=True, kw_only=True)
class Talk:
    """An agent talks with the caller."""

    queue: str
    agent: str
    at: int
    wait: int


@dataclass(slots=True, kw_only=True)
class OpenCall:
    """What is known of a call that is not over."""

    hotline: str = ""
    segment: str = "none"
    province: str = "none"
    repeat: bool = False
    caller: Pseudonym | None = None
    request: Request | None = None
    talks: list[Talk] = field(default_factory=list)
    offered: bool = False
    ended: bool = False
    heard: int = 0
    """When something was last heard of it."""


@dataclass(slots=True, kw_only=True)
class Calls:
    """The open calls of one switch."""

    pseudonym: Callable[[str], Pseudonym | None]
    """The caller that a number belongs to; None for one that is no number."""
    hotline_of: Callable[[str], str]
    """The hotline of a number dialled; itself where it is none's."""
    open: dict[CallId, OpenCall] = field(default_factory=dict)
    forgotten: int = 0
    """Calls that were taken for over because there were too many."""

    def take(self, line: Line) -> Sequence[CallEvent]:
        """The events that a line means, in their order.

        Raises:
            BadLine: a value in it is not of its form.
        """
        if line.kind is Kind.QUEUESTART:
            return list(self._restarted(line.at))
        call = self.open.get(line.call_id)
        if call is None:
            call = self.open[line.call_id] = OpenCall()
            if len(self.open) > MOST:
                del self.open[next(iter(self.open))]
                self.forgotten += 1
        call.heard = line.at
        found = list(_MEANING[line.kind](self, call, line))
        if call.ended and not call.talks:
            self.open.pop(line.call_id, None)
        return found

    def _restarted(self, at: int) -> Iterator[CallEvent]:
        """The switch ended in between, and with it every call."""
        for call_id, call in self.open.items():
            if call.request is not None:
                yield _unanswered(call, call_id, at, Unanswered.CUT)
            for talk in call.talks:
                heard = max(call.heard - talk.at, 0)
                yield _completed(call, call_id, at, talk, talk_seconds=heard, by="cut")
            if not call.ended:
                yield CallEnded(call_id=call_id, at=at, hotline=call.hotline)
        self.open.clear()

    def routed(self, call: OpenCall, line: Line) -> Iterator[CallEvent]:
        """The router has answered, or the default route took the call."""
        hotline, dialled, rule, segment, province, repeat, destination = (
            line.text(place) for place in range(7)
        )
        call.hotline = hotline or self.hotline_of(dialled)
        call.segment, call.province, call.repeat = segment or "none", province or "none", repeat == "1"
        call.offered = True
        yield _offered(call, line, rule or UNDECIDED, destination)

    def requested(self, call: OpenCall, line: Line) -> Iterator[CallEvent]:
        """A person is asked for."""
        if call.request is not None:  # a transfer in which the caller's line of before is missing
            yield _unanswered(call, line.call_id, line.at, Unanswered.TIMED_OUT)
        call.request = Request(asked=line.queue, at=line.at)
        yield PersonRequested(
            call_id=line.call_id,
            at=line.at,
            hotline=call.hotline,
            segment=call.segment,
            province=call.province,
            queue=line.queue,
            by=line.text(0),
        )

    def entered(self, call: OpenCall, line: Line) -> Iterator[CallEvent]:
        """A queue has taken the caller."""
        call.caller = self.pseudonym(line.text(1))
        request = _request(call, line)
        request.queue, request.entered, request.wait, request.given_up = line.queue, line.at, 0, False
        yield CallQueued(
            call_id=line.call_id, at=line.at, caller=call.caller, hotline=call.hotline, queue=line.queue
        )

    def connected(self, call: OpenCall, line: Line) -> Iterator[CallEvent]:
        """A person has answered."""
        wait = line.seconds(0)
        request = _request(call, line)
        call.request = None
        call.talks.append(Talk(queue=line.queue, agent=line.agent, at=line.at, wait=wait))
        yield CallAnswered(
            call_id=line.call_id,
            at=line.at,
            caller=call.caller,
            hotline=call.hotline,
            segment=call.segment,
            province=call.province,
            asked=request.asked,
            queue=line.queue,
            agent=line.agent,
            wait=wait,
            waited=request.waited + wait,
            repeat=call.repeat,
        )

    def abandoned(self, call: OpenCall, line: Line) -> Iterator[CallEvent]:
        """The caller hung up in a queue."""
        request = _request(call, line)
        request.queue = line.queue
        _left(request, line.seconds(2))
        yield _gave_up(call, line)
        call.ended = call.ended or not call.offered  # else the dialplan tells when it is over

    def left_queue(self, call: OpenCall, line: Line) -> Iterator[CallEvent]:
        """The queue has given him up; the dialplan's next line says what becomes of him."""
        place = 3 if line.kind is Kind.EXITWITHKEY else 2
        request = _request(call, line)
        request.queue, request.given_up = line.queue, True
        _left(request, line.seconds(place))
        yield from ()

    def overflowed(self, call: OpenCall, line: Line) -> Iterator[CallEvent]:
        """The call goes on to another queue."""
        request = _request(call, line)
        refused = line.text(1) not in _GIVEN_UP
        yield CallOverflowed(
            call_id=line.call_id,
            at=line.at,
            hotline=call.hotline,
            queue=line.queue,
            to=line.text(0),
            wait=0 if refused else request.wait,
            refused=refused,
        )
        request.entered, request.given_up = None, False

    def unserved(self, call: OpenCall, line: Line) -> Iterator[CallEvent]:
        """There is no other queue."""
        request = _request(call, line)
        refused = line.text(0) not in _GIVEN_UP
        if refused or not request.queue:
            request.queue, request.wait = line.queue, 0
        yield _unanswered(
            call, line.call_id, line.at, Unanswered.REFUSED if refused else Unanswered.TIMED_OUT
        )

    def completed(self, call: OpenCall, line: Line) -> Iterator[CallEvent]:
        """A talk is over."""
        wait, seconds = line.seconds(-3), line.seconds(-2)
        by = {Kind.COMPLETEAGENT: "agent", Kind.COMPLETECALLER: "caller"}.get(line.kind, "transfer")
        known = [talk for talk in call.talks if (talk.queue, talk.agent) == (line.queue, line.agent)]
        if known:
            call.talks.remove(known[0])
        talk = Talk(queue=line.queue, agent=line.agent, at=line.at - seconds, wait=wait)
        to = _extension(line.text(0)) if line.kind is Kind.BLINDTRANSFER else ""
        yield _completed(call, line.call_id, line.at, talk, talk_seconds=seconds, by=by, to=to)
        call.ended = call.ended or not (call.offered or call.request)

    def ended(self, call: OpenCall, line: Line) -> Iterator[CallEvent]:
        """The channel is gone."""
        if not call.offered:
            call.hotline = self.hotline_of(line.text(0))
            yield _offered(call, line, LEFT, "")
        request = call.request
        if request is not None and request.given_up:
            # the caller hung up before the dialplan could say what becomes of him
            yield _unanswered(call, line.call_id, line.at, Unanswered.TIMED_OUT)
        elif request is not None:
            if request.entered is not None:
                _left(request, max(line.at - request.entered, 0))
            yield _gave_up(call, line)
        call.ended = True
        yield CallEnded(call_id=line.call_id, at=line.at, hotline=call.hotline)

    def dump(self) -> Mapping[str, Any]:
        """The open calls as plain values, for `load`."""
        return {call_id: asdict(call) for call_id, call in self.open.items()}

    def load(self, dumped: Mapping[str, Any]) -> None:
        """Go on with calls as dumped.

        Raises:
            KeyError, TypeError: they were dumped by another version.
        """
        self.open = {CallId(call_id): _loaded(values) for call_id, values in dumped.items()}


def _loaded(values: Mapping[str, Any]) -> OpenCall:
    request, talks = values["request"], values["talks"]
    return OpenCall(
        **{
            **values,
            "request": None if request is None else Request(**request),
            "talks": [Talk(**talk) for talk in talks],
        }
    )


def _extension(text: str) -> str:
    """Where a call was transferred to; somebody's number as people may see it."""
    number = normalise(text)
    return text if number is None else masked(number)


def _request(call: OpenCall, line: Line) -> Request:
    """The open request; a call that another dialplan has sent to a queue asked for that one."""
    if call.request is None:
        call.request = Request(asked=line.queue, at=line.at)
    return call.request


def _left(request: Request, wait: int) -> None:
    request.wait, request.entered = wait, None
    request.waited += wait


def _offered(call: OpenCall, line: Line, rule: str, destination: str) -> CallOffered:
    return CallOffered(
        call_id=line.call_id,
        at=line.at,
        hotline=call.hotline,
        segment=call.segment,
        province=call.province,
        rule=rule,
        destination=destination,
    )


def _gave_up(call: OpenCall, line: Line) -> CallAbandoned:
    request, call.request = _request(call, line), None
    return CallAbandoned(
        call_id=line.call_id,
        at=line.at,
        caller=call.caller,
        hotline=call.hotline,
        segment=call.segment,
        province=call.province,
        asked=request.asked,
        queue=request.queue,
        wait=request.wait,
        waited=request.waited,
    )


def _unanswered(call: OpenCall, call_id: CallId, at: int, why: Unanswered) -> CallUnanswered:
    request, call.request = call.request, None
    assert request is not None  # noqa: S101  the callers have looked
    if why is Unanswered.CUT and request.entered is not None:
        _left(request, max(call.heard - request.entered, 0))
    return CallUnanswered(
        call_id=call_id,
        at=at,
        caller=call.caller,
        hotline=call.hotline,
        segment=call.segment,
        province=call.province,
        asked=request.asked,
        queue=request.queue,
        wait=request.wait,
        waited=request.waited,
        why=why,
    )


def _completed(
    call: OpenCall, call_id: CallId, at: int, talk: Talk, *, talk_seconds: int, by: str, to: str = ""
) -> CallCompleted:
    return CallCompleted(
        call_id=call_id,
        at=at,
        caller=call.caller,
        hotline=call.hotline,
        queue=talk.queue,
        agent=talk.agent,
        wait=talk.wait,
        talk=talk_seconds,
        by=by,
        to=to,
    )


_MEANING: Mapping[Kind, Callable[[Calls, OpenCall, Line], Iterator[CallEvent]]] = {
    Kind.ROUTED: Calls.routed,
    Kind.REQUEST: Calls.requested,
    Kind.OVERFLOW: Calls.overflowed,
    Kind.UNANSWERED: Calls.unserved,
    Kind.ENDED: Calls.ended,
    Kind.ENTERQUEUE: Calls.entered,
    Kind.CONNECT: Calls.connected,
    Kind.ABANDON: Calls.abandoned,
    Kind.EXITWITHTIMEOUT: Calls.left_queue,
    Kind.EXITEMPTY: Calls.left_queue,
    Kind.EXITWITHKEY: Calls.left_queue,
    Kind.WITHDRAW: Calls.left_queue,
    Kind.COMPLETEAGENT: Calls.completed,
    Kind.COMPLETECALLER: Calls.completed,
    Kind.BLINDTRANSFER: Calls.completed,
    Kind.ATTENDEDTRANSFER: Calls.completed,
}
