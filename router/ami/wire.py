"""AMI as bytes and values: packets out of manager.c, actions into it. No socket, no clock.

The switch says one line first (``Asterisk Call Manager/11.0.0``), then packets: lines ``Key: value`` that end
with CR LF, and a blank one. A packet is an event (its first key is ``Event``) or the answer to an action
(``Response``). Keys repeat: ``ChanVariable`` in the events of a channel, ``Output`` in the answer to Command.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from router.errors import IvrError

_BANNER = b"Asterisk Call Manager/"
_UNSAFE = re.compile(r"[\r\n\x00]")


class AmiTrouble(StrEnum):
    """What can go wrong with the link to the switch (the label of ``ivr_ami_errors_total``)."""

    UNREACHABLE = "unreachable"
    """No connection could be made."""
    NOT_AMI = "not_ami"
    """Whoever listens there does not greet like an Asterisk."""
    REFUSED = "refused"
    """The switch does not accept the user or the secret, or does not do what it is asked."""
    SILENT = "silent"
    """No answer in time, to the login, to a ping or to a question."""
    LOST = "lost"
    """The switch closed the connection, or it broke."""
    OVERSIZE = "oversize"
    """A line, a packet or a list without an end."""
    ORPHAN = "orphan"
    """A packet that is neither an event nor a response."""
    TAINTED = "tainted"
    """An event or an answer whose lines are not those that app_queue.c writes."""
    FAILED = "failed"
    """An event that this program stumbled over."""


class AmiError(IvrError):
    """The bytes or the lines are not what an Asterisk sends."""

    def __init__(self, trouble: AmiTrouble, detail: str) -> None:
        self.trouble = trouble
        super().__init__(f"{trouble}: {detail}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a packet may have; each is far above what Asterisk 22 sends."""

    line: int = 65_536
    """Bytes of a line."""
    lines: int = 16_384
    """Lines of a packet: the answer to a Command is one packet."""
    packet: int = 1_048_576
    """Bytes of a packet."""
    answer: int = 16_384
    """Packets of an answer: a list has one an item."""


@dataclass(frozen=True, slots=True)
class Message:
    """A packet: its lines in their order, as key and value."""

    lines: tuple[tuple[str, str], ...]

    def __getitem__(self, key: str) -> str:
        """The first value of a key; empty when it is not there, as for Asterisk itself."""
        return next((value for name, value in self.lines if name == key), "")

    def all(self, key: str) -> list[str]:
        """Every value of a key, in the order of the lines."""
        return [value for name, value in self.lines if name == key]

    @property
    def event(self) -> str | None:
        """The event's name; None when this is no event."""
        key, value = self.lines[0]
        return value if key == "Event" else None

    @property
    def is_response(self) -> bool:
        """It answers an action."""
        return self.lines[0][0] == "Response"


class Answer:
    """The answer to one action as it comes: a response and, where it begins a list, events up to its end."""

    __slots__ = ("_limit", "messages")

    def __init__(self, limits: Limits = Limits()) -> None:
        self._limit = limits.answer
        self.messages: list[Message] = []

    def awaits(self, message: Message) -> bool:
        """The message can be the next one: first a response, then events."""
        return message.is_response != bool(self.messages)

    def take(self, message: Message) -> bool:
        """Take the next one; true when the answer is whole.

        Raises:
            AmiError: the list is longer than any that is asked for; the connection must be closed.
        """
        if len(self.messages) == self._limit:
            raise AmiError(AmiTrouble.OVERSIZE, f"an answer of more than {self._limit} packets")
        self.messages.append(message)
        return message["EventList"] != "start" if message.is_response else message["EventList"] != ""


class Receiver:
    """One connection's incoming side, fed with bytes as they come."""

    __slots__ = ("_greeted", "_limits", "_rest")

    def __init__(self, limits: Limits = Limits()) -> None:
        self._limits = limits
        self._greeted = False
        self._rest = b""

    @property
    def is_greeted(self) -> bool:
        """The first line has come; actions may be sent."""
        return self._greeted

    def receive(self, data: bytes) -> list[Message]:
        """Take bytes as they come; give the packets they complete.

        Raises:
            AmiError: this is no AMI, or a line or packet has no end; the connection must be closed.
        """
        received = self._rest + data if self._rest else data
        if not self._greeted:
            received = self._greeting(received)
        *blocks, rest = received.split(b"\r\n\r\n")
        # an action may end its list with one blank line more: it stands before the next packet
        self._rest = rest.removeprefix(b"\r\n")
        self._check_rest()
        return [self._message(block) for piece in blocks if (block := piece.removeprefix(b"\r\n"))]

    def _greeting(self, received: bytes) -> bytes:
        """Take the first line off, once it is whole."""
        banner, end, after = received.partition(b"\r\n")
        fits = banner.startswith(_BANNER) if end else _BANNER.startswith(banner[: len(_BANNER)])
        if not fits or len(banner) > 80:
            raise AmiError(AmiTrouble.NOT_AMI, f"greeted with {banner[:80]!r}")
        self._greeted = bool(end)
        return after if end else received

    def _check_rest(self) -> None:
        """A packet that is not whole yet may have the CR LF CR of its end already."""
        rest, limits = self._rest, self._limits
        if len(rest) > limits.packet + 3:
            raise AmiError(AmiTrouble.OVERSIZE, f"{len(rest)} bytes and no blank line")
        if len(rest) - rest.rfind(b"\r\n") - 2 > limits.line + 1:
            raise AmiError(AmiTrouble.OVERSIZE, "a line without an end")
        if len(rest) > limits.lines and rest.count(b"\r\n") > limits.lines:
            raise AmiError(AmiTrouble.OVERSIZE, "more lines than a packet may have")

    def _message(self, block: bytes) -> Message:
        limits = self._limits
        if len(block) > limits.packet or block.count(b"\r\n") >= limits.lines:
            raise AmiError(AmiTrouble.OVERSIZE, f"a packet of {len(block)} bytes")
        if len(block) > limits.line and max(map(len, block.split(b"\r\n"))) > limits.line:
            raise AmiError(AmiTrouble.OVERSIZE, "a line that is too long")
        # A line without a colon is a key without a value. Most of the cost of an event is here: 45 lines.
        pairs = [line.partition(":") for line in block.decode("utf-8", "replace").split("\r\n")]
        return Message(tuple([(key, value.removeprefix(" ")) for key, _, value in pairs]))


def action(name: str, /, **headers: str) -> bytes:
    """The bytes of an action: ``action("Ping", ActionID="7")``.

    Raises:
        ValueError: a key or value has CR, LF or NUL: what follows would be another header or action.
    """
    pairs = {"Action": name, **headers}
    if wrong := [key for key, value in pairs.items() if _UNSAFE.search(key + value) or ":" in key]:
        raise ValueError(f"{wrong[0]!r} cannot be sent: control characters")
    return "".join(f"{key}: {value}\r\n" for key, value in pairs.items()).encode() + b"\r\n"
