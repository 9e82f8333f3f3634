"""FastAGI as bytes and values: what res_agi.c writes, what it reads. No socket, no clock.

A session is: the environment (about 23 lines and a blank one) comes in, one command goes out, one
reply comes in. The environment's grammar below is that of ``setup_env()`` in res_agi.c, word by word:
control characters inside caller ID can forge lines of it, so nothing but the exact keys in their exact
order is believed, and nothing may come before our command but a hang-up.
"""

import re
from dataclasses import dataclass
from enum import Enum, auto
from functools import lru_cache
from typing import assert_never

from router.decision import UNMARKED, Announce, Decision, Mark, Overflow, Penalty, Refuse, ToMenu, ToQueue
from router.errors import Taint, TaintedSession
from router.facts import Call, CallId
from router.numbers import normalise
from router.quick import quick

MAX_ENVIRONMENT = 16_384
"""Bytes of an environment; a real one has about 700."""
MAX_REPLY = 4_096
"""Bytes of a reply; a real one has about 20, a usage text (520) some hundred."""

FAILURE = b"FAILURE\n"
"""Sets AGISTATUS=FAILURE at once: the dialplan goes on with its next step."""

_KEYS = (
    "request",
    "channel",
    "language",
    "type",
    "uniqueid",
    "version",
    "callerid",
    "calleridname",
    "callingpres",
    "callingani2",
    "callington",
    "callingtns",
    "dnid",
    "rdnis",
    "context",
    "extension",
    "priority",
    "enhanced",
    "accountcode",
    "threadid",
)
_READ = {"uniqueid", "callerid", "dnid"}
_TEXT = rb".*"  # up to the line's end; a class of characters takes twice as long
_CONTROL = bytes({*range(32), 127} - {ord("\n")})
"""What no line has in it."""


def _line(key: str) -> bytes:
    value = rb"(?P<%b>%b)" % (key.encode(), _TEXT) if key in _READ else _TEXT
    return rb"agi_%b: %b\n" % (key.encode(), value)


_ENVIRONMENT = re.compile(
    rb"agi_network: yes\n"
    rb"(?:agi_network_script: (?P<script>%b)\n)?"
    % _TEXT
    + b"".join(map(_line, _KEYS))
    + rb"(?:agi_arg_1: (?P<dialled>%b)\n(?:agi_arg_2: (?P<call_id>%b)\n)?)?\n" % (_TEXT, _TEXT)
)
_REPLY = re.compile(rb"([0-9]{3}) result=(-?[0-9]+)(?: [^\n]*)?\n")
_TOKEN = re.compile(r"[A-Za-z0-9_.:@/+-]*", re.ASCII)
_CALL_ID = re.compile(r"[A-Za-z0-9_.@+-]{1,150}", re.ASCII)


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class AgiRequest:
    """What of the environment matters to us."""

    script: str
    """``agi_network_script``: what stands behind the host in ``agi://host:port/script``."""
    callerid: str
    dialled: str
    """``agi_arg_1``, else the channel's own ``agi_dnid``."""
    call_id: str
    """``agi_arg_2`` (the Linkedid), else the channel's own ``agi_uniqueid``."""


class Reply(Enum):
    """What became of our command."""

    DONE = auto()
    HUNG_UP = auto()
    """The caller has left before the command ran."""


class _State(Enum):
    ENVIRONMENT = auto()
    DECIDING = auto()
    ANSWERED = auto()


HANGUP = b"HANGUP\n"
"""What Asterisk says when the caller leaves, or the dialplan goes on, while the session lasts."""
_ENVIRONMENT_STATE = _State.ENVIRONMENT
"""To look a member up in an Enum costs a third of a look at a piece."""


class Session:
    """One FastAGI session, fed with bytes; knows what may come next and refuses everything else."""

    __slots__ = ("_received", "_state")

    def __init__(self) -> None:
        self._received = b""
        self._state = _State.ENVIRONMENT

    def receive(self, data: bytes) -> AgiRequest | Reply | None:
        """Take bytes as they come; give what they complete, or None.

        Raises:
            TaintedSession: these are not the bytes of res_agi.c; the session must be ended.
        """
        received = self._received = self._received + data if self._received else data
        if self._state is _ENVIRONMENT_STATE:  # comes in many small pieces; most need no more than this look
            if received.find(b"\n\n", -len(data) - 1) < 0:
                if len(received) > MAX_ENVIRONMENT:
                    raise TaintedSession(Taint.OVERSIZE, f"{len(received)} bytes and no blank line")
                return None
            # Where nobody has read for a while, the end is there too: once or twice [seen on 22.10.1].
            block = received.removesuffix(HANGUP).removesuffix(HANGUP)
            request = parse_environment(block)
            self._received = b""
            self._state = _State.DECIDING
            return request if len(block) == len(received) else Reply.HUNG_UP
        if self._state is _State.ANSWERED:
            return self._reply(received)
        if HANGUP.startswith(received[:7]):
            return Reply.HUNG_UP if received[:7] == HANGUP else None
        raise TaintedSession(Taint.EARLY_BYTES, "bytes before our command")

    @property
    def begun(self) -> bool:
        """The peer has sent something."""
        return self._state is not _State.ENVIRONMENT or bool(self._received)

    @property
    def has_asked(self) -> bool:
        """The environment is whole."""
        return self._state is not _State.ENVIRONMENT

    @property
    def is_answered(self) -> bool:
        """Our command has been written."""
        return self._state is _State.ANSWERED

    def answered(self) -> None:
        """Our command has been written: a reply may come now."""
        self._state = _State.ANSWERED

    def _reply(self, received: bytes) -> Reply | None:
        if received.startswith(b"200 result=0\n"):  # nearly always, and alone
            return Reply.DONE
        received = received.replace(HANGUP, b"")
        if b"\n" not in received:
            if len(received) > MAX_REPLY:
                raise TaintedSession(Taint.OVERSIZE, "a reply without an end")
            return None
        if received.startswith(b"511 "):  # "Command Not Permitted on a dead channel or intercept routine"
            return Reply.HUNG_UP
        reply = _REPLY.match(received)
        if reply is None or reply[1] != b"200":
            raise TaintedSession(Taint.REPLY, repr(received[:80]))
        if reply[2] == b"-1":  # handle_exec()'s word for a caller who left while the command ran
            return Reply.HUNG_UP
        if reply[2].startswith(b"-"):  # -2: the application is not there
            raise TaintedSession(Taint.REPLY, "MSet is not known to this Asterisk")
        return Reply.DONE


def parse_environment(block: bytes) -> AgiRequest:
    """The environment of a session, from ``agi_network`` to the blank line.

    Raises:
        TaintedSession: a key is missing, twice, unknown or out of order, a value has control
            characters, or bytes follow the blank line.
    """
    found = _ENVIRONMENT.match(block)
    if found is None or len(block.translate(None, _CONTROL)) != len(block):
        raise TaintedSession(Taint.ENVIRONMENT, "not the lines of setup_env()")
    if found.end() != len(block):
        raise TaintedSession(Taint.EARLY_BYTES, "bytes behind the environment")
    script, callerid, dnid, uniqueid, dialled, call_id = found.group(
        "script", "callerid", "dnid", "uniqueid", "dialled", "call_id"
    )
    return AgiRequest(
        script=(script or b"").decode("latin-1"),
        callerid=callerid.decode("latin-1"),
        dialled=(dialled or dnid).decode("latin-1"),
        call_id=(call_id or uniqueid).decode("latin-1"),
    )


def call(request: AgiRequest, region: str) -> Call:
    """The call that the switch asks about: ``AGI(agi://…/route,<number dialled>,<linkedid>)``.

    ``region`` is where a number without a country code is at home.

    Raises:
        TaintedSession: the call id has characters no Asterisk gives it.
    """
    if not _CALL_ID.fullmatch(request.call_id):
        raise TaintedSession(Taint.ENVIRONMENT, "a call id that is none")
    return Call(
        call_id=CallId(request.call_id),
        ani=normalise(request.callerid, region),
        dnis=request.dialled,
    )


@lru_cache(maxsize=16_384)  # decisions are built once a policy; with each mark their bytes are made once, too
def command(decision: Decision, mark: Mark = UNMARKED) -> bytes:
    """The one command that answers a session: all variables by one MSet, ``IVR_OK`` last.

    Several commands in one write would wait in Asterisk's stdio; a variable set last tells the dialplan
    that all came through, where AGISTATUS does not.

    Raises:
        ValueError: a value is no token; MSet would lose what follows an unbalanced quote or bracket.
    """
    pairs = ",".join(f"{name}={_token(value)}" for name, value in _variables(decision, mark))
    return f'EXEC MSet "{pairs}"\n'.encode("ascii")


def _token(value: str) -> str:
    if not _TOKEN.fullmatch(value):
        raise ValueError(f"{value!r} cannot be set by MSet")
    return value


def _variables(decision: Decision, mark: Mark) -> list[tuple[str, str]]:
    match decision.action:
        case ToQueue() as to:
            action = _queue(to, mark.owner)
        case ToMenu(menu=menu):
            action = [("IVR_ACTION", "menu"), ("IVR_MENU", menu)]
        case Announce(prompt=prompt):
            action = [("IVR_ACTION", "announce"), ("IVR_PROMPT", prompt)]
        case Refuse(prompt=prompt):
            action = [("IVR_ACTION", "refuse"), ("IVR_PROMPT", prompt)]
        case _ as never:
            assert_never(never)
    return [
        *action,
        ("IVR_HOTLINE", decision.hotline),
        ("IVR_RULE", decision.rule),
        ("IVR_SEGMENT", decision.segment),
        ("IVR_POLICY", decision.policy),
        *([("IVR_PROVINCE", mark.province)] if mark.province and _TOKEN.fullmatch(mark.province) else []),
        *([("IVR_REPEAT", "1")] if mark.repeat else []),
        ("IVR_OK", "1"),
    ]


def _queue(to: ToQueue, owner: str) -> list[tuple[str, str]]:
    """What is not wanted is not set: it has been cleared, and each variable costs Asterisk two messages."""
    pairs = [
        ("IVR_ACTION", "queue"),
        ("IVR_QUEUE", to.queue),
        ("IVR_PRIORITY", str(to.priority)),
        ("QUEUE_PRIO", str(to.priority)),
        ("IVR_OVERFLOW", "/".join(map(_stage, to.overflow))),
    ]
    if to.penalty is not None:
        pairs.append(("IVR_PENALTY", _limits(to.penalty)))
    if to.announcement is not None:
        pairs.append(("IVR_ANNOUNCEMENT", to.announcement))
    if to.owner is not None and _TOKEN.fullmatch(owner):  # a name that is no token has no queue of its own
        pairs += [("IVR_OWNER", owner), ("IVR_OWNER_WAIT", str(to.owner.wait))]
    return pairs


def _stage(stage: Overflow) -> str:
    place = f"{stage.after}:{stage.queue}:{stage.priority}"
    return place if stage.penalty is None else f"{place}:{_limits(stage.penalty)}"


def _limits(penalty: Penalty) -> str:
    return f"{penalty.low}:{penalty.high}"
