"""Batches of commands ahead of their replies."""

import socket
from contextlib import ExitStack

import hiredis
import pytest

from router.errors import StoreDown, StoreRefused, StoreTimeout
from router.store.bulk import AHEAD, Bulk, bulk
from router.store.client import connect


def packed(*commands):
    return b"".join(hiredis.pack_command(command) for command in commands)


def test_replies_come_in_order(valkey):
    """Each batch's own, and all of them once it is finished."""
    told = []
    with bulk(valkey) as pipe:
        for number in range(10):
            pipe.send(packed(("RPUSH", "a", number), ("LLEN", "a")), 2, told.append)
            assert len(told) >= number + 1 - AHEAD
        pipe.finish()
    assert told == [[number, number] for number in range(1, 11)]


def test_a_batch_larger_than_every_buffer(valkey):
    """Neither side waits for the other to read."""
    told = []
    with bulk(valkey) as pipe:
        for _ in range(4):
            pipe.send(packed(*[("ECHO", "x" * 100)] * 20_000), 20_000, told.append)
        pipe.finish()
    assert told == [[b"x" * 100] * 20_000] * 4


def test_an_error_reply_is_raised_and_its_batch_is_not_done(valkey):
    valkey.set("text", "x")
    told = []
    with bulk(valkey) as pipe:
        pipe.send(packed(("PING",)), 1, told.append)
        pipe.send(packed(("PING",), ("INCR", "text"), ("PING",)), 3, told.append)
        pipe.send(packed(("PING",)), 1, told.append)
        with pytest.raises(StoreRefused, match="ERR value is not an integer"):
            pipe.finish()
    assert told == [[b"PONG"]]


def test_the_connection_is_not_used_again(valkey_url):
    """Replies that nobody waits for must not become another's."""
    with connect(valkey_url) as client:
        with bulk(client) as pipe:
            pipe.send(packed(("ECHO", "late")), 1, print)
        assert client.echo("mine") == b"mine"


def test_a_store_that_closes(valkey):
    with ExitStack() as stack:
        stack.enter_context(pytest.raises(StoreDown))
        pipe = stack.enter_context(bulk(valkey))
        valkey.client_kill_filter(_type="normal", skipme=True)
        for _ in range(AHEAD + 1):
            pipe.send(packed(("PING",)), 1, print)


def test_a_store_that_hangs():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(0.05)
        pipe = Bulk(ours)
        pipe.send(packed(("PING",)), 1, print)
        theirs.sendall(b"+PO")
        with pytest.raises(StoreTimeout):
            pipe.finish()


def test_an_error_of_the_file_that_is_read_stays_one(valkey):
    """A full disk is not a store that is down."""
    with pytest.raises(FileNotFoundError), bulk(valkey):
        raise FileNotFoundError
