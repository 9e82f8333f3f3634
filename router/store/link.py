"""The one connection that lookups share: pipelined RESP, a deadline for each, a bound for all.

redis-py serves everything else. Here a lookup costs 4 µs of CPU where redis-py takes 40 to 70, and a hung
Redis costs a caller the deadline where redis-py's defaults take 58 s (docs/decisions/0004-store-client.md).
"""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import hiredis
import structlog
from twisted.internet.interfaces import ITCPTransport
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure

from router.errors import StoreBusy, StoreDown, StoreError, StoreRefused, StoreTimeout
from router.interfaces import Clock

log = structlog.get_logger()

Reply = Any
"""What hiredis makes of a reply: bytes, int, None, or a list of them."""
Done = Callable[[list[Reply] | StoreError], None]


STOOD_STILL = 0.01
"""Called so much later than wanted it was us who stood still, in seconds. What the store has said meanwhile
is read first: a loop looks at its timers before its sockets."""

Soon = Callable[[Callable[[], None]], object]


def _now(task: Callable[[], None]) -> None:
    task()


class _Request:
    """Commands whose replies are awaited, ``left`` of them still."""

    __slots__ = ("done", "due", "left", "replies")

    def __init__(self, left: int, done: Done, due: float) -> None:
        self.left = left
        self.done: Done | None = done  # None once answered: the late replies are still counted off
        self.due = due
        self.replies: list[Reply] = []

    def answer(self, result: list[Reply] | StoreError) -> None:
        done, self.done = self.done, None
        if done is not None:
            done(result)


class Link(Factory):
    """Requests over whichever connection is up; a ClientService connects it again and again."""

    noisy = False
    is_scattered = False
    """All keys are on this one server."""

    def __init__(
        self,
        *,
        greeting: Sequence[tuple[str, ...]],
        deadline: float,
        bound: int,
        give_up: float,
        clock: Clock,
        soon: Soon = _now,
        needs_master: bool = False,
    ) -> None:
        """``greeting``: commands (AUTH, SELECT) that open each connection; ``deadline``: seconds a request.

        ``bound`` is how many requests may be in flight; one more is answered `StoreBusy` at once. When an
        awaited reply is ``give_up`` seconds late the connection is taken for dead: requests are answered
        `StoreDown` at once until a new connection's greeting is answered, which is tried again and again.

        ``soon`` calls a function when the loop has served what was ready: what was asked until then goes out
        in one piece.

        ``needs_master``: a server that is a replica by its own word (ROLE) is not used.
        """
        self.soon = soon
        self.greeting = greeting
        self.deadline = deadline
        self.bound = bound
        self.give_up = give_up
        self.clock = clock
        self.needs_master = needs_master
        self.connection: Connection | None = None
        self.has_served = False
        """The last connection had been greeted."""
        self._refused: str | None = ""

    def said(self, refused: StoreError | None) -> None:
        """Log how a greeting went, unless it went as the one before."""
        text = None if refused is None else str(refused)
        if text != self._refused:
            self._refused = text
            if text is None:
                log.info("the store answers")
            else:
                log.error("the store does not let us in", error=text)

    @property
    def is_up(self) -> bool:
        """A connection has been greeted and serves."""
        return self.connection is not None

    def serves(self, tag: str) -> bool:  # noqa: ARG002  whatever it is, it is on this server
        """A connection has been greeted and serves."""
        return self.connection is not None

    def request(self, commands: bytes, replies: int, done: Done, tag: str = "", /) -> None:  # noqa: ARG002
        """Send commands (whole RESP) and give their replies to ``done``, or why there are none.

        A reply can be an error (``hiredis.ReplyError``): `refusal` finds it. ``tag``, which says where keys
        are in a cluster, says nothing here.
        """
        connection = self.connection
        if connection is None:
            done(StoreDown("no connection to the store"))
        elif len(connection.awaited) >= self.bound:
            done(StoreBusy(f"{self.bound} requests in flight"))
        else:
            connection.request(commands, replies, done)

    def abort(self) -> None:
        """End the connection that there is at once; what is awaited is answered `StoreDown`."""
        if self.connection is not None:
            self.connection.transport.abortConnection()

    def buildProtocol(self, addr: object) -> "Connection":  # noqa: ARG002  Twisted's signature
        """Make the protocol of a new connection."""
        return Connection(self)


class Connection(Protocol):
    """One connection: replies come in the order of the requests."""

    transport: ITCPTransport

    def __init__(self, link: Link) -> None:
        self._link = link
        self._missing = object()
        self._reader = hiredis.Reader(notEnoughData=self._missing)
        self._timing = False
        self._look_at = 0.0
        self._is_late = False
        self._asked: list[bytes] = []
        self.awaited: deque[_Request] = deque()

    def connectionMade(self) -> None:
        """Greet; the link uses this connection once the greeting is answered."""
        commands = [*self._link.greeting, ("ROLE",) if self._link.needs_master else ("PING",)]
        self.request(packed(commands), len(commands), self._greeted)

    def _greeted(self, replies: list[Reply] | StoreError) -> None:
        refused = replies if isinstance(replies, StoreError) else refusal(replies)
        if refused is None and self._link.needs_master and not _is_master(replies):
            refused = StoreRefused("READONLY this server is a replica by now")
        if refused is None:
            self._link.connection = self
            self._link.has_served = True
        else:
            self.transport.loseConnection()
        self._link.said(refused)

    def request(self, commands: bytes, replies: int, done: Done) -> None:
        """Write commands and await their replies."""
        link = self._link
        self.awaited.append(_Request(replies, done, link.clock.seconds() + link.deadline))
        self._asked.append(commands)
        if len(self._asked) == 1:
            link.soon(self._ask)
        if not self._timing:
            self._timing = True
            self._look_in(link.deadline)

    def _ask(self) -> None:
        asked, self._asked = self._asked, []
        self.transport.write(b"".join(asked))

    def dataReceived(self, data: bytes) -> None:
        """Hand replies to the requests that await them."""
        reader, missing, awaited = self._reader, self._missing, self.awaited
        try:
            reader.feed(data)
            while (reply := reader.gets()) is not missing:
                if not awaited:
                    raise hiredis.ProtocolError("a reply that nobody asked for")  # noqa: TRY301
                request = awaited[0]
                request.replies.append(reply)
                request.left -= 1
                if not request.left:
                    awaited.popleft()
                    request.answer(request.replies)
        except hiredis.ProtocolError as wrong:
            # not RESP, or a reply nobody asked for: which reply is whose can no longer be told
            log.warning("the store's bytes make no sense; connecting anew", error=repr(wrong))
            self.transport.abortConnection()
            self._fail()

    def _look_in(self, seconds: float) -> None:
        self._look_at = self._link.clock.seconds() + seconds
        self._link.clock.callLater(seconds, self._expire)

    def _expire(self) -> None:
        """Answer the requests whose time is over; look again when the next one's is."""
        link, awaited = self._link, self.awaited
        now = link.clock.seconds()
        if now > self._look_at + STOOD_STILL and not self._is_late:
            self._is_late = True
            self._look_in(0.001)
            return
        self._is_late = False
        late = [request for request in awaited if request.due <= now and request.done]
        waiting = next((request for request in awaited if request.due > now), None)
        self._timing = bool(awaited)
        if awaited and awaited[0].due + link.give_up < now:
            self._timing = False
            log.warning("the store is silent; connecting anew", seconds=link.give_up)
            self.transport.abortConnection()
        elif awaited:
            delay = waiting.due - now if waiting else link.deadline
            self._look_in(max(delay, 0.001))
        for request in late:
            request.answer(StoreTimeout(f"no answer in {link.deadline * 1000:.0f} ms"))

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: ARG002  Twisted's signature
        """Answer what is still awaited; the ClientService connects again."""
        self._fail()

    def _fail(self) -> None:
        if self._link.connection is self:
            self._link.connection = None
        self._asked.clear()
        while self.awaited:
            self.awaited.popleft().answer(StoreDown("the connection to the store was lost"))


def packed(commands: Iterable[tuple[str | bytes | int, ...]]) -> bytes:
    """Commands as RESP, one behind the other."""
    pack: Any = hiredis.pack_command  # its stub takes commands of one word only
    return b"".join(map(pack, commands))


def _is_master(greeted: Any) -> bool:
    """By the reply to ROLE, the last of a greeting."""
    return bool(greeted[-1][0] == b"master")


def refusal(replies: Iterable[Reply]) -> StoreRefused | None:
    """The first error among replies; None when there is none."""
    for reply in replies:
        if isinstance(reply, hiredis.ReplyError):
            return StoreRefused(str(reply))
    return None
