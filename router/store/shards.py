"""The links to a store of several servers: which one has a key, and where a request goes that is sent on.

Of a store behind sentinels that is one link at a time. Of a Redis Cluster it is one to each master. What the
others use is `Requests`: a `Link` is one too, so that a single store costs nothing more.
"""

from binascii import crc_hqx
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

import hiredis

from router.errors import StoreDown, StoreError, StoreTimeout
from router.interfaces import Clock
from router.store.address import Host
from router.store.link import Done, Link, Reply
from router.store.masters import SLOTS, Masters

AGAIN_SECONDS = 0.002
"""A link that is being made is looked at so often by a request that was sent there."""

SENT_ON = ("MOVED ", "ASK ")


class Requests(Protocol):
    """Whom requests are made of."""

    @property
    def clock(self) -> Clock:
        """What deadlines are measured with."""

    @property
    def is_scattered(self) -> bool:
        """Keys of different tags may be on different servers: what needs them together asks for each."""

    @property
    def is_up(self) -> bool:
        """Every server that has keys is connected and serves."""

    def serves(self, tag: str) -> bool:
        """The server that has the keys of a tag is connected and serves."""

    def request(self, commands: bytes, replies: int, done: Done, tag: str = "", /) -> None:
        """Send commands (whole RESP) and give their replies to ``done``, once, within the deadline.

        ``tag``: what is in the braces of all their keys (Redis Cluster's hash tag), or the one key itself.
        """


def slot_of(tag: str) -> int:
    """Where the keys of a tag are (CRC16 of the Redis Cluster specification, as binascii has it)."""
    return crc_hqx(tag.encode(), 0) % SLOTS


class Shards:
    """Links to whichever servers are the masters now."""

    def __init__(
        self,
        *,
        dial: Callable[[Host], Link],
        hang_up: Callable[[Host], None],
        want: Callable[[], None],
        deadline: float,
        clock: Clock,
        is_scattered: bool,
    ) -> None:
        """``dial`` begins a link to a server, which stays until ``hang_up``; ``want`` asks for a new map.

        ``deadline``: seconds a request, also one that is sent on.
        """
        self._dial = dial
        self._hang_up = hang_up
        self._want = want
        self._deadline = deadline
        self.clock = clock
        self.is_scattered = is_scattered
        self._links: dict[Host, Link] = {}
        self._masters: list[Link] = []
        self._slots: list[Host | None] = [None] * SLOTS
        self._sent_to: set[Host] = set()

    def take(self, masters: Masters) -> None:
        """Go by a new map from now on."""
        hosts = set(masters.values())
        for host in [*self._links.keys() - hosts - self._sent_to]:
            del self._links[host]
            self._hang_up(host)
        self._sent_to.clear()
        self._slots = [None] * SLOTS
        for (first, last), host in masters.items():
            self._slots[first : last + 1] = [host] * (last + 1 - first)
        self._masters = [self._link(host) for host in hosts]

    def _link(self, host: Host) -> Link:
        link = self._links.get(host)
        if link is None:
            link = self._links[host] = self._dial(host)
        return link

    @property
    def is_up(self) -> bool:
        """Every slot has a server, and each of them serves."""
        return None not in self._slots and all(link.is_up for link in self._masters)

    def serves(self, tag: str) -> bool:
        """The server that has the keys of a tag is connected and serves."""
        host = self._slots[slot_of(tag)]
        return host is not None and self._links[host].is_up

    def request(self, commands: bytes, replies: int, done: Done, tag: str = "", /) -> None:
        """Ask the server that has the keys of a tag, and the one that it names instead, once."""
        slot = slot_of(tag)
        host = self._slots[slot]
        if host is None:
            done(StoreDown("nobody has said yet which server has this key"))
            return
        due = self.clock.seconds() + self._deadline

        def told(result: list[Reply] | StoreError) -> None:
            if isinstance(result, StoreError):
                if isinstance(result, StoreDown):
                    self._want()
            elif hiredis.ReplyError in map(type, result) and (elsewhere := _sent_on(result, host)):
                self._want()
                self._send_on(commands, result, elsewhere, done, due)
                return
            done(result)

        self._links[host].request(commands, replies, told)

    def _send_on(
        self,
        commands: bytes,
        replies: list[Reply],
        elsewhere: dict[tuple[Host, bool], list[int]],
        done: Done,
        due: float,
    ) -> None:
        """Ask for those replies anew that are to be had elsewhere, in what is left of the deadline."""
        words = words_of(commands)
        sent_on = _SentOn(replies, len(elsewhere), done)
        self.clock.callLater(
            max(0.0, due - self.clock.seconds()),
            lambda: sent_on.end(StoreTimeout(f"no answer in {self._deadline * 1000:.0f} ms")),
        )
        for (host, is_asking), places in elsewhere.items():
            self._sent_to.add(host)
            asked = [hiredis.pack_command(words[place]) for place in places]  # type: ignore[arg-type]
            if is_asking:  # each on its own: the server of the slot sends on what has moved already
                asked = [b"*1\r\n$6\r\nASKING\r\n" + command for command in asked]
            step = 2 if is_asking else 1
            self._ask(host, b"".join(asked), len(places) * step, sent_on.part(places, step), due)

    def _ask(self, host: Host, commands: bytes, replies: int, done: Done, due: float) -> None:
        link = self._link(host)
        if link.is_up or self.clock.seconds() + AGAIN_SECONDS >= due:
            link.request(commands, replies, done)
        else:  # one that had nothing before is being connected to
            self.clock.callLater(AGAIN_SECONDS, self._ask, host, commands, replies, done, due)


class _SentOn:
    """Replies, some of which are awaited from elsewhere."""

    def __init__(self, replies: list[Reply], parts: int, done: Done) -> None:
        self._replies = replies
        self._parts = parts
        self._done: Done | None = done

    def part(self, places: Sequence[int], step: int) -> Done:
        """Takes the replies to those places; each is the last of ``step`` replies."""

        def told(result: list[Reply] | StoreError) -> None:
            if isinstance(result, StoreError):
                self.end(result)
                return
            for place, reply in zip(places, result[step - 1 :: step], strict=True):
                self._replies[place] = reply
            self._parts -= 1
            if not self._parts:
                self.end(self._replies)

        return told

    def end(self, result: list[Reply] | StoreError) -> None:
        done, self._done = self._done, None
        if done is not None:
            done(result)


def _sent_on(replies: Iterable[Reply], asked: Host) -> dict[tuple[Host, bool], list[int]]:
    """Where replies are to be had instead, and whether with ASKING (a slot on its way); which they are."""
    elsewhere: dict[tuple[Host, bool], list[int]] = {}
    for place, reply in enumerate(replies):
        if isinstance(reply, hiredis.ReplyError) and (text := str(reply)).startswith(SENT_ON):
            kind, _, there = text.split(" ", 2)
            host, _, port = there.rpartition(":")  # also of an IPv6 address, which has no brackets here
            elsewhere.setdefault(((host or asked[0], int(port)), kind == "ASK"), []).append(place)
    return elsewhere


def words_of(commands: bytes) -> list[tuple[bytes, ...]]:
    """The commands of one request, each as its words."""
    missing = object()
    reader = hiredis.Reader(notEnoughData=missing)
    reader.feed(commands)
    return [tuple(words) for words in iter(reader.gets, missing)]
