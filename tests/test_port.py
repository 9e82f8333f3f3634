"""The listening port over real sockets, with a Twisted protocol behind it."""

import resource
import socket
import struct
from types import SimpleNamespace

import pytest
import uvloop

from router.port import BACKLOG, BUNCH, LEAST, LINE_SECONDS, Port, bound
from tests.recorded import Records, until


@pytest.fixture
def loop():
    loop = uvloop.new_event_loop()
    yield loop
    loop.close()


@pytest.fixture
def factory():
    return Records()


@pytest.fixture
def port(loop, factory):
    port = Port(loop, factory, bound("127.0.0.1", 0))
    yield port
    port.stopListening()
    loop.run_until_complete(until(lambda: port._ready.closed))


def connected(port):
    """A blocking peer."""
    peer = socket.create_connection((port.getHost().host, port.getHost().port), timeout=5)
    peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return peer


def turned(loop, condition):
    loop.run_until_complete(until(condition))


def test_a_protocol_answers_and_half_closes(loop, factory, port):
    """As a FastAGI session does: read, write, close the writing side, and still read what comes."""
    port.accept()
    with connected(port) as peer:
        peer.sendall(b"hello")
        turned(loop, lambda: b"hello" in factory.seen)
        [protocol] = factory.built
        assert protocol.transport.getPeer().port == peer.getsockname()[1]
        assert protocol.transport.getHost().port == port.getHost().port
        protocol.transport.writeSequence([b"and ", b"bye"])
        protocol.transport.loseWriteConnection()
        assert peer.makefile("rb").read() == b"and bye"
        peer.sendall(b"thanks")
        turned(loop, lambda: b"thanks" in factory.seen)
    turned(loop, lambda: factory.seen[-1] == "ConnectionDone")
    assert factory.seen == ["made", b"hello", b"thanks", "ConnectionDone"]


def test_what_is_small_is_sent_at_once(loop, factory, port):
    """Connections have no delay (Nagle): they take it from the listening socket."""
    port.accept()
    with connected(port):
        turned(loop, lambda: factory.seen == ["made"])
        accepted = factory.built[0].transport._socket
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1


def test_nobody_connects_before_it_accepts(port):
    """The switch goes on at once, with the other router."""
    with pytest.raises(ConnectionRefusedError):
        connected(port)


def test_an_address_that_is_taken_is_named():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match=f"127.0.0.1:{port}: Address already in use"):
            bound("127.0.0.1", port)


def test_more_at_a_time_than_a_bunch(loop, factory, port):
    """All are served, and each by its own protocol."""
    port.accept()
    peers = [connected(port) for _ in range(200)]
    for number, peer in enumerate(peers):
        peer.sendall(b"%d" % number)
    turned(loop, lambda: len(factory.seen) == 400)
    assert {each for each in factory.seen if each != "made"} == {b"%d" % number for number in range(200)}
    for peer in peers:
        peer.close()
    turned(loop, lambda: factory.seen.count("ConnectionDone") == 200)


def test_closed_by_its_protocol_in_the_middle_of_what_it_reads(loop, factory, port):
    """It is over once, and what is written then goes nowhere."""
    port.accept()
    with connected(port) as peer:
        peer.sendall(b"close")
        turned(loop, lambda: "ConnectionDone" in factory.seen)
        assert peer.recv(100) == b""
    assert factory.seen == ["made", b"close", "ConnectionDone"]


def test_a_peer_that_resets(loop, factory, port):
    port.accept()
    peer = connected(port)
    turned(loop, lambda: factory.seen == ["made"])
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    peer.close()
    turned(loop, lambda: factory.seen[-1] == "ConnectionLost")
    factory.built[0].transport.write(b"nobody reads it")
    factory.built[0].transport.loseWriteConnection()
    assert factory.seen == ["made", "ConnectionLost"]


def test_a_peer_that_leaves_no_room_is_cut(loop, factory, port):
    """There is no buffer of ours that could grow."""
    port.accept()
    with connected(port):
        turned(loop, lambda: factory.seen == ["made"])
        factory.built[0].transport.write(bytes(64_000_000))
        assert factory.seen == ["made", "ConnectionLost"]


def places(port):
    """How many connections may wait: TCP_INFO of a listening socket has it where others have tcpi_sacked."""
    told = port._listening.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)
    return struct.unpack_from("I", told, 28)[0]


def passes(port, monkeypatch, seconds):
    """Time until the next look at the line."""
    now = port._admitted + seconds
    monkeypatch.setattr(port, "_loop", SimpleNamespace(time=lambda: now))
    port.admit()
    monkeypatch.undo()


def test_the_line_is_as_long_as_what_is_taken_from_it(loop, factory, port, monkeypatch):
    """Where more come than are served; where it was empty in between, all may wait."""
    assert places(port) == 0
    port.admit()  # before it accepts
    port.accept()
    assert places(port) == BACKLOG
    peers = [connected(port) for _ in range(6 * BUNCH)]
    passes(port, monkeypatch, 0)
    for _ in range(5):
        port._take()
    passes(port, monkeypatch, LINE_SECONDS)
    assert places(port) == 5 * BUNCH
    port._take()
    passes(port, monkeypatch, LINE_SECONDS)
    assert places(port) == LEAST
    port._take()  # nobody is there
    passes(port, monkeypatch, 10)
    assert places(port) == LEAST, "it stood still and knows nothing"
    passes(port, monkeypatch, LINE_SECONDS)
    assert places(port) == BACKLOG
    for peer in peers:
        peer.close()
    turned(loop, lambda: factory.seen.count("ConnectionDone") == len(peers))


def test_without_descriptors_it_rests_and_goes_on(loop, factory, port, monkeypatch):
    """It looks away from the socket for a while, instead of turning for nothing."""
    monkeypatch.setattr("router.port.REST_SECONDS", 0.01)
    port.accept()
    turns = []
    take = port._take
    monkeypatch.setattr(port, "_take", lambda: (turns.append(1), take()))

    async def starve():
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
        try:
            await until(lambda: len(turns) == 3)
            assert factory.seen == []
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        await until(lambda: factory.seen == ["made"])

    with connected(port):
        loop.run_until_complete(starve())
        assert len(turns) < 50


def test_a_socket_that_another_holds_outlives_the_port(loop, factory):
    """Connections made after the port has stopped wait for the next who accepts."""
    second = Records()
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = Port(loop, factory, held.dup())
        port.accept()
        early = connected(port)
        turned(loop, lambda: factory.seen == ["made"])
        address = port.getHost()
        port.stopListening()
        late = socket.create_connection((address.host, address.port), timeout=5)
        late.sendall(b"I wait")
        other = Port(loop, second, held.dup())
        other.accept()
        turned(loop, lambda: second.seen == ["made", b"I wait"])
        other.stopListening()
        early.sendall(b"still here")
        turned(loop, lambda: factory.seen == ["made", b"still here"])
        for peer in (early, late):
            peer.close()
        turned(loop, lambda: (factory.seen[-1], second.seen[-1]) == ("ConnectionDone",) * 2)
        assert port._ready.closed
        assert other._ready.closed
