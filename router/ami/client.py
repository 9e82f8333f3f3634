"""The link to the switch's AMI: connects again and again, logs in, notices silence, hands events on.

It reads whatever comes as it comes: Asterisk cuts off slow readers (``writetimeout`` in manager.conf).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import md5
from typing import Any, Protocol, cast

import structlog
from twisted.application.internet import ClientService
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IProtocol, IProtocolFactory, IStreamClientEndpoint
from twisted.internet.protocol import Factory, connectionDone
from twisted.internet.protocol import Protocol as TwistedProtocol
from twisted.python.failure import Failure

from router.ami.wire import AmiError, AmiTrouble, Answer, Message, Receiver, action
from router.interfaces import Clock

log = structlog.get_logger()

BEAT = 1.0
"""Seconds between two looks at how long the switch has been silent."""
_WRONG = "Authentication failed"
"""manager.c's word for a wrong user or secret; other refusals pass by themselves."""
Answered = Callable[[Sequence[Message]], None]
"""Takes the answer to an action: the response, then the events of its list; nothing where none will come."""


class Observer(Protocol):
    """Who is told what the link sees."""

    def event(self, message: Message) -> None:
        """Take an event of the switch."""

    def state(self, *, up: bool) -> None:
        """Know that events come from now on; or that none do, and some are missed."""

    def trouble(self, kind: AmiTrouble) -> None:
        """Count what went wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """Who we are to the switch: a section of its manager.conf."""

    user: str
    secret: str = field(repr=False)
    events: str
    """The classes of events wanted (``Events:``); the user's ``read =`` bounds them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to wait, in seconds."""

    login: float = 5.0
    """From the connection to the login's answer. Asterisk takes a second to say no."""
    quiet: float = 5.0
    """Without a byte before the switch is asked for one (Ping)."""
    silent: float = 10.0
    """Without a byte, or with an action unanswered, before the link is taken for dead: the peer hangs, or is
    gone and nobody told us."""
    wrong: float = 30.0
    """Before the next login after one with a wrong secret."""


class AmiLink(Factory):
    """What every connection to the switch shares; `service` keeps one up."""

    noisy = False

    def __init__(
        self,
        login: Login,
        observer: Observer,
        *,
        clock: Clock,
        retry: Callable[[int], float],
        patience: Patience = Patience(),
    ) -> None:
        """``retry``: seconds to wait after so many attempts in a row that came to nothing (backoffPolicy)."""
        self.login = login
        self.observer = observer
        self.clock = clock
        self.patience = patience
        self._retry = retry
        self._attempts = 0
        self._wrong = False
        self._service: ClientService | None = None
        self._connection: Connection | None = None

    def ask(self, answered: Answered, name: str, /, **headers: str) -> None:
        """Send an action; ``answered`` is called exactly once, in bounded time.

        Raises:
            ValueError: a header cannot be sent.
        """
        if self._connection is None:
            answered(())
        else:
            self._connection.ask(answered, name, **headers)

    def service(self, endpoint: IStreamClientEndpoint) -> ClientService:
        """What keeps one connection up, from ``startService()`` to ``stopService()``."""
        # ClientService's prepareConnection would be the place to log in; but it trips over a connection
        # that is lost meanwhile (NoTransition, Twisted 26.10), so each connection logs in by itself.
        watched: Any = _Watched(endpoint, self)
        self._service = ClientService(
            watched, cast("Any", self), retryPolicy=self._wait, clock=cast("Any", self.clock)
        )
        return self._service

    def _wait(self, attempt: int) -> float:  # noqa: ARG002  ClientService forgets what never logged in
        """Seconds until the next attempt."""
        self._attempts += 1
        seconds = self._retry(self._attempts)
        return max(seconds, self.patience.wrong) if self._wrong else seconds

    def buildProtocol(self, addr: object) -> "Connection":  # noqa: ARG002  Twisted's signature
        """Make the protocol of a new connection."""
        return Connection(self)

    def accepted(self, connection: "Connection") -> None:
        """The switch has let us in."""
        self._connection = connection
        self._attempts = 0
        self._wrong = False
        log.info("the switch is watched", user=self.login.user)
        self.observer.state(up=True)

    def refused(self, says: str) -> None:
        """The switch has not let us in; with a wrong secret it will not soon."""
        self._wrong = says == _WRONG
        log.error("the switch does not let us in", user=self.login.user, says=says)

    def unreachable(self, error: str) -> None:
        """No connection could be made; said once, counted each time."""
        if not self._attempts:
            log.warning("the switch cannot be reached; trying until it can", error=error)
        self.observer.trouble(AmiTrouble.UNREACHABLE)

    def ended(self) -> None:
        """The connection that had been let in is no more."""
        self._connection = None
        self.observer.state(up=False)

    def lost(self, error: str) -> None:
        """A connection ended that we did not give up."""
        if self._service is None or self._service.running:  # else by stopService()
            log.warning("the connection to the switch was lost", error=error)
            self.observer.trouble(AmiTrouble.LOST)


@dataclass(frozen=True, slots=True)
class _Watched:
    """An endpoint whose failures are told: ClientService keeps them to itself."""

    endpoint: Any
    link: AmiLink

    def connect(self, factory: IProtocolFactory) -> Deferred[IProtocol]:
        connecting: Deferred[IProtocol] = self.endpoint.connect(factory)
        return connecting.addErrback(self._failed)

    def _failed(self, failure: Failure) -> Failure:
        if not isinstance(failure.value, CancelledError):  # by stopService()
            self.link.unreachable(failure.getErrorMessage())
        return failure


@dataclass(frozen=True, slots=True)
class _Asked:
    """An action that waits for its answer."""

    at: float
    answered: Answered
    answer: Answer


class Connection(TwistedProtocol):
    """One connection: banner, Challenge, Login, then events; a Ping when it has been quiet."""

    transport: Any  # ITCPTransport; zope's interfaces say nothing to a type checker

    def __init__(self, link: AmiLink) -> None:
        self._link = link
        self._receiver = Receiver()
        self._asked: dict[str, _Asked] = {}
        self._lists = 0
        self._actions = 0
        self._began = self._heard = 0.0
        self._is_in = False
        self._over = False

    def connectionMade(self) -> None:
        """Wait for the banner; not for ever."""
        self._began = self._heard = self._link.clock.seconds()
        self._link.clock.callLater(BEAT, self._beat)

    def dataReceived(self, data: bytes) -> None:
        """Hand on the packets that the bytes complete."""
        if self._over:
            return
        self._heard = self._link.clock.seconds()
        greeted = self._receiver.is_greeted
        try:
            messages = self._receiver.receive(data)
        except AmiError as broken:
            log.warning("the bytes of the switch make no sense; connecting anew", error=str(broken))
            self._close(broken.trouble)
            return
        if not greeted and self._receiver.is_greeted:
            self.ask(self._challenged, "Challenge", AuthType="MD5")
        for message in messages:
            if not self._over:
                self._take(message)

    def _take(self, message: Message) -> None:
        observer = self._link.observer
        if message.is_response or self._lists:
            # while a list comes, an event of a call may come in between
            number = message["ActionID"]
            asked = self._asked.get(number)
            if asked is not None and asked.answer.awaits(message):
                self._take_answer(message, number, asked)
                return
        if message.is_response:  # to nothing that is still asked
            return
        if message.event is None:
            log.warning("a packet of the switch is neither an event nor a response")
            observer.trouble(AmiTrouble.ORPHAN)
        elif self._is_in:
            try:
                observer.event(message)
            except Exception:
                log.exception("an event of the switch could not be taken", of=message.event)
                observer.trouble(AmiTrouble.FAILED)

    def _take_answer(self, message: Message, number: str, asked: _Asked) -> None:
        try:
            whole = asked.answer.take(message)
        except AmiError as endless:
            log.warning("an answer of the switch has no end; connecting anew", error=str(endless))
            self._close(endless.trouble)
            return
        if message.is_response:
            self._lists += not whole
        else:
            self._lists -= whole
        if whole:
            del self._asked[number]
            self._tell(asked)

    def _tell(self, asked: _Asked, *, lost: bool = False) -> None:
        try:
            asked.answered(() if lost else asked.answer.messages)
        except Exception:
            log.exception("an answer of the switch could not be taken")
            self._link.observer.trouble(AmiTrouble.FAILED)

    def ask(self, answered: Answered, name: str, /, **headers: str) -> None:
        """Send an action; ``answered`` gets what is said to it, or nothing where the connection ends."""
        number = str(self._actions + 1)
        sent = action(name, ActionID=number, **headers)
        self._actions += 1
        self._asked[number] = _Asked(self._link.clock.seconds(), answered, Answer())
        self.transport.write(sent)

    def _challenged(self, answer: Sequence[Message]) -> None:
        """Prove that we know the secret without sending it."""
        if not answer:
            return
        response = answer[0]
        login, challenge = self._link.login, response["Challenge"]
        if not challenge:
            self._turned_away(response)
            return
        # MD5 is the one proof that AMI knows; it keeps the secret off the wire, and no more is asked of it
        proof = md5((challenge + login.secret).encode(), usedforsecurity=False).hexdigest()
        self.ask(
            self._logged_in, "Login", AuthType="MD5", Username=login.user, Key=proof, Events=login.events
        )

    def _logged_in(self, answer: Sequence[Message]) -> None:
        if not answer:
            return
        if answer[0]["Response"] == "Success":
            self._is_in = True
            self._link.accepted(self)
        else:
            self._turned_away(answer[0])

    def _turned_away(self, response: Message) -> None:
        self._link.refused(response["Message"])
        self._close(AmiTrouble.REFUSED)

    def _beat(self) -> None:
        """Look how long the switch has been silent; one timer serves login, ping and deadline."""
        if self._over:
            return
        link, patience = self._link, self._link.patience
        now = link.clock.seconds()
        quiet = now - self._heard
        oldest = next(iter(self._asked.values())).at if self._is_in and self._asked else now
        if max(quiet, now - oldest) >= patience.silent or (
            not self._is_in and now - self._began >= patience.login
        ):
            log.error("the switch is silent; connecting anew", logged_in=self._is_in, seconds=round(quiet, 1))
            self._close(AmiTrouble.SILENT)
            return
        if self._is_in and not self._asked and quiet >= patience.quiet:
            self.ask(lambda _: None, "Ping")
        link.clock.callLater(BEAT, self._beat)

    def _close(self, trouble: AmiTrouble) -> None:
        """End the connection at once; the service makes a new one."""
        self._over = True
        self._link.observer.trouble(trouble)
        self.transport.abortConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Say that the switch is no longer seen."""
        if not self._over:
            self._over = True
            self._link.lost(reason.getErrorMessage())
        if self._is_in:
            self._is_in = False
            self._link.ended()
        while self._asked:
            _, asked = self._asked.popitem()
            self._tell(asked, lost=True)
