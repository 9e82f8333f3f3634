"""The FastAGI port: sessions of one decision each, bounded in number, bytes and time."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import structlog
from twisted.internet.interfaces import ITCPTransport
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure

from router.agi.wire import FAILURE, AgiRequest, Reply, Session, call, command
from router.decision import UNMARKED, Decision, Mark
from router.errors import TaintedSession
from router.interfaces import Route

log = structlog.get_logger()

SCRIPT = "route"
"""The one script of this server: ``agi://host:port/route``."""


class Refusal(StrEnum):
    """Why a session did not run its course, beside the taints (label of ``ivr_agi_refused_total``)."""

    UNKNOWN_SCRIPT = "unknown_script"
    NOT_DECIDED = "not_decided"
    """There is no hotline for the number, or the decision failed."""
    SHED = "shed"
    """The bound of sessions is reached: the oldest ended that had asked nothing yet, or this one."""
    DEADLINE = "deadline"
    """The session was not over in time: a slow or silent peer."""
    ENDED_EARLY = "ended_early"
    """The peer closed before the session was over. One that sent nothing is a health check: not counted."""
    HUNG_UP = "hung_up"
    """The caller left before the decision was applied."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a session may take."""

    sessions: int = 4096
    """At the same time; for one more the oldest must go if it has asked nothing yet; else the new one is told
    FAILURE at once."""
    seconds: float = 2.0
    """From connection to end. A real one lasts a millisecond, plus the store's deadline at worst."""


class AgiPort(Factory):
    """The sessions of one listening socket."""

    noisy = False

    def __init__(
        self,
        route: Route,
        *,
        region: str,
        seconds: Callable[[], float],
        refused: Callable[[str], None],
        limits: Limits,
    ) -> None:
        self.route = route
        self.region = region
        self.seconds = seconds
        self.refused = refused
        self.limits = limits
        self.sessions: dict[AgiSession, float] = {}  # in the order of their start

    def buildProtocol(self, addr: object) -> "AgiSession":  # noqa: ARG002  Twisted's signature
        """Make the session of a new connection."""
        return AgiSession(self)

    def sweep(self) -> None:
        """End the sessions that are over their time; to be called a few times a second.

        All sessions have the same time, so the oldest are first and one timer serves them all.
        """
        latest = self.seconds() - self.limits.seconds
        for session in [session for session, started in self.sessions.items() if started < latest]:
            session.end(Refusal.DEADLINE)

    def left(self, session: "AgiSession") -> None:
        """Forget a session whose connection is gone."""
        self.sessions.pop(session, None)


class AgiSession(Protocol):
    """One connection from the switch: an environment in, one command out, one reply in."""

    transport: ITCPTransport

    def __init__(self, port: AgiPort) -> None:
        self._port = port
        self._session = Session()
        self._over = False

    def connectionMade(self) -> None:
        """Take the session; when there are too many, idle ones make room, else it is shed."""
        port = self._port
        if len(port.sessions) >= port.limits.sessions:
            oldest = next(iter(port.sessions))
            if oldest.has_asked:
                self.make_room()
                return
            oldest.make_room()
            port.left(oldest)
        port.sessions[self] = port.seconds()

    def make_room(self) -> None:
        """Be shed: the switch goes on at once, with the second router or its default route."""
        if not self._over:  # else it is ending already
            self.transport.write(FAILURE)
            self.end(Refusal.SHED, abort=False)

    @property
    def has_asked(self) -> bool:
        """Its environment is whole: a decision is due, or given."""
        return self._session.has_asked

    def dataReceived(self, data: bytes) -> None:
        """Feed the session; route when the environment is whole; end when the reply is there."""
        if self._over:
            return
        try:
            received = self._session.receive(data)
            if received is None:  # as for most pieces
                return
            match received:
                case Reply.DONE:
                    self._over = True
                    self.transport.loseConnection()
                case Reply.HUNG_UP:
                    self.end(Refusal.HUNG_UP, abort=False)
                case AgiRequest() as request:
                    self._routed(request)
        except TaintedSession as tainted:
            self._decline(tainted.taint)
            log.warning("AGI session refused", detail=str(tainted))

    def _routed(self, request: AgiRequest) -> None:
        port = self._port
        if request.script != SCRIPT:
            self._decline(Refusal.UNKNOWN_SCRIPT)
            log.warning("AGI session refused", script=request.script[:40], known=SCRIPT)
            return
        port.route(call(request, port.region), port.sessions[self], self._answer)

    def _answer(self, decision: Decision | None, mark: Mark = UNMARKED) -> bool:
        if self._over:  # the caller left, or time ran out, while the store was asked
            return False
        if decision is None:
            self._decline(Refusal.NOT_DECIDED)
            return False
        self.transport.write(command(decision, mark))
        self._session.answered()
        # Half-closed, Asterisk runs the command, sends its result and is done without asking again.
        self.transport.loseWriteConnection()
        return not self._over  # the peer was gone, and it could not be written

    def _decline(self, why: str) -> None:
        if not self._session.is_answered:  # behind our command there is nothing more to say
            self.transport.write(FAILURE)
        self.end(why, abort=False)

    def end(self, why: str, *, abort: bool = True) -> None:
        """End the session without a decision and count why."""
        if self._over:
            return
        self._over = True
        self._port.refused(why)
        if abort:
            self.transport.abortConnection()
        else:
            self.transport.loseConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: ARG002  Twisted's signature
        """Say goodbye to the port; a peer that left in the middle is counted."""
        if not self._over and self._session.begun:
            self._port.refused(Refusal.ENDED_EARLY)
        self._over = True
        self._port.left(self)
