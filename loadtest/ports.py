"""Ports: a block of them for everything that one run listens on, so that runs stand side by side.

Blocks lie below the range from which the kernel takes ports for outgoing connections. Whoever listens (TCP)
on a block's first port owns the block, for as long as it listens: nothing to clean up after a crash.
"""

import socket
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from loadtest.errors import LoadtestError

LOWEST = 10_000
HIGHEST = 32_000
BLOCK = 2_000


class NoPorts(LoadtestError):
    """Every block of ports on this machine is taken."""


class Ports:
    """Ports on 127.0.0.1 that no other run of ours uses."""

    def __init__(self, blocks: int = 1) -> None:
        """Take so many adjacent blocks of 2,000 ports.

        Raises:
            NoPorts: there are not so many in a row.
        """
        self._held = ExitStack()
        self.first = self._reserve(blocks)
        self._next = self.first + 1
        self._end = self.first + blocks * BLOCK

    def take(self, count: int = 1, *, even: bool = False) -> int:
        """The first of so many adjacent ports that were not given out before; RTP begins at an even one.

        Raises:
            NoPorts: the blocks are used up.
        """
        first = self._next + (self._next % 2 if even else 0)
        if first + count > self._end:
            raise NoPorts(f"{count} more ports do not fit in {self.first}-{self._end - 1}")
        self._next = first + count
        if count == 1 and not _is_free(first):
            return self.take(even=even)
        return first

    def close(self) -> None:
        """Give the blocks back."""
        self._held.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _reserve(self, blocks: int) -> int:
        for first in range(LOWEST, HIGHEST - blocks * BLOCK + 1, BLOCK):
            with ExitStack() as held:
                if all(_hold(held, first + number * BLOCK) for number in range(blocks)):
                    self._held = held.pop_all()
                    return first
        raise NoPorts(f"no {blocks} blocks of {BLOCK} ports are free between {LOWEST} and {HIGHEST}")


def _hold(held: ExitStack, port: int) -> bool:
    sock = held.enter_context(socket.socket())
    try:
        sock.bind(("127.0.0.1", port))
    except OSError:
        return False
    sock.listen(1)
    return True


def _is_free(port: int) -> bool:
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(type=kind) as sock:
            try:
                sock.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True
