"""Ports that runs side by side do not share."""

import socket
from itertools import pairwise

import pytest

from loadtest.ports import BLOCK, NoPorts, Ports


def test_two_runs_have_different_blocks() -> None:
    with Ports() as one, Ports() as other:
        assert one.first != other.first


def test_a_block_that_was_given_back_is_free_again() -> None:
    with Ports() as one:
        first = one.first
    with Ports() as other:
        assert other.first == first


def test_ports_are_given_out_once() -> None:
    with Ports() as ports:
        taken = [ports.take() for _ in range(5)]
        assert len(set(taken)) == 5
        assert all(ports.first < port < ports.first + BLOCK for port in taken)


def test_media_begins_at_an_even_port() -> None:
    with Ports() as ports:
        firsts = [ports.take(3, even=True) for _ in range(3)]
        assert [first % 2 for first in firsts] == [0, 0, 0]
        assert all(later - earlier >= 3 for earlier, later in pairwise(firsts))


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_a_port_that_somebody_else_has_is_passed_over(kind: socket.SocketKind) -> None:
    with Ports() as ports, socket.socket(type=kind) as stranger:
        stranger.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a run before may have used it
        stranger.bind(("127.0.0.1", ports.first + 1))
        assert ports.take() > ports.first + 1


def test_two_blocks_are_adjacent_and_both_are_held() -> None:
    with Ports(2) as wide, Ports() as other:
        assert wide.take(BLOCK + 10) == wide.first + 1
        assert other.first not in {wide.first, wide.first + BLOCK}


def test_a_block_can_be_used_up() -> None:
    with Ports() as ports, pytest.raises(NoPorts):
        ports.take(BLOCK)
