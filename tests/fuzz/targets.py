"""What is fed with anything, and what must hold whatever it is; docs/reliability.md names them.

Each target takes bytes and returns, or raises AssertionError or whatever the code should not have raised.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from router.agi.wire import HANGUP, AgiRequest, Reply, Session
from router.ami.wire import AmiError, Receiver
from router.errors import TaintedSession
from router.policy.source import parse as parse_yaml
from router.queue_log.calls import Calls
from router.queue_log.lines import BadLine
from router.queue_log.lines import parse as parse_line
from router.store.layout import decode_contacts, decode_load
from tests.ami.packets import ANSWERED, BANNER, MEMBERS, packet
from tests.fakes import environment

Feed = Callable[[bytes], None]
LINE = b"1795000000|ivr-1795000000.1|elder-care|elder-1|CONNECT|7|1.2|3"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Code that reads what others have written."""

    feed: Feed
    seeds: tuple[bytes, ...]
    """To begin with: what the real peer writes."""


def pieces(data: bytes) -> tuple[bytes, list[bytes]]:
    """What is sent, and the same in pieces; the first byte says how long they are."""
    size, sent = (data[0] % 64 or 1 if data else 1), data[1:]
    return sent, [sent[place : place + size] for place in range(0, len(sent), size)]


def _session(parts: list[bytes]) -> object:
    """The first thing that a session makes of what comes; the taint where it makes nothing of it."""
    session = Session()
    try:
        found = [received for part in parts if (received := session.receive(part)) is not None]
    except TaintedSession as tainted:
        return tainted.taint
    assert all(isinstance(one, AgiRequest | Reply) for one in found)
    return found[0] if found else None


def agi(data: bytes) -> None:
    """A session asks the same however its bytes are cut, or is refused."""
    sent, parts = pieces(data)
    whole, cut = _session([sent]), _session(parts)
    if isinstance(whole, AgiRequest):
        assert cut == whole
        said = whole.callerid + whole.dialled + whole.call_id
        assert all(character >= " " for character in said)


def _packets(parts: list[bytes]) -> list[object] | None:
    receiver = Receiver()
    try:
        return [message for part in (BANNER, *parts) for message in receiver.receive(part)]
    except AmiError:
        return None


def ami(data: bytes) -> None:
    """A connection gives the same packets however its bytes are cut."""
    sent, parts = pieces(data)
    whole, cut = _packets([sent]), _packets(parts)
    if whole is not None and cut is not None:
        assert whole == cut


def queue_log(data: bytes) -> None:
    """Lines are read or are bad; whatever they say, calls are folded into events."""
    calls = Calls(pseudonym=lambda _: None, hotline_of=str)
    for text in data.split(b"\n"):
        with suppress(BadLine):
            line = parse_line(text)
            if line is not None:
                list(calls.take(line))


def store(data: bytes) -> None:
    """What the store holds is read, or passed over."""
    decode_contacts(data.split(b"\0"))
    with suppress(ValueError):
        decode_load(data)


def policy(data: bytes) -> None:
    """A policy file is read, or its mistakes have a place in it."""
    source = parse_yaml(data, "10010.yaml")
    lines = data.count(b"\n") + data.count(b"\r") + 2
    assert all(0 < problem.line <= lines and problem.column > 0 for problem in source.problems)


TARGETS: Mapping[str, Target] = {
    "agi": Target(
        feed=agi,
        seeds=tuple(
            size + environment() + more
            for size, more in ((b"\x07", b""), (b"\x3f", HANGUP), (b"\x01", b"200 result=0\n"))
        ),
    ),
    "ami": Target(feed=ami, seeds=(b"\x05" + packet(ANSWERED), b"\x3f" + packet(MEMBERS))),
    "queue_log": Target(feed=queue_log, seeds=(LINE, LINE.replace(b"CONNECT", b"ABANDON"))),
    "store": Target(
        feed=store,
        seeds=(b"a 100 1.1 10010 vip 3 vip-1\0o 99 1.0 10010", b"3 41 0 1732391234"),
    ),
    "policy": Target(
        feed=policy,
        seeds=(b"hotline: 10010\nroutes:\n  - {name: all, to: {menu: main}}\n", b"a: &a [1]\nb: *a\n"),
    ),
}
