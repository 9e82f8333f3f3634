"""Looks at folders of policies: ``python -m router.live.judge BYTES``, with so much memory at most.

The process takes orders on standard input and writes verdicts to standard output, each pickled behind its
length. It ends with whoever started it, also at a kill -9: the pipe then has an end.
"""

import os
import pickle
import resource
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue

from router.errors import PolicyError
from router.live.verdict import LENGTH, Failed, Good, Known, Order, Refused, Verdict, packed
from router.policy.load import read_folder
from router.policy.proof.findings import doubts, problems
from router.policy.proof.prove import prove
from router.policy.version import hash_of

_NICE = 10
"""Calls come first on a machine whose cores are all busy."""


def verdict(order: Order, *, clock: Callable[[], float], now: int) -> Verdict:
    """Read, check and prove a folder; ``now`` in seconds since the epoch, ``clock`` never goes back."""
    try:
        folder = read_folder(order.folder)
    except PolicyError as error:
        return Refused(problems=tuple(map(str, error.problems)))
    book = folder.book
    if book.version == order.known:
        return Known(version=book.version)
    found: list[str] = []
    if order.proof_seconds is not None:
        proof = prove(book, budget=order.proof_seconds, clock=clock, since=now)
        broken = [str(problem) for problem in problems(proof, folder)]
        if broken and hash_of(book.version) not in set(map(hash_of, order.trusted)):
            return Refused(problems=tuple(broken))
        found = [*broken, *(str(doubt) for doubt in doubts(proof, folder))]
    return Good(
        version=book.version,
        book=pickle.dumps(book, pickle.HIGHEST_PROTOCOL),
        files={name: source.content for name, source in folder.sources.items()},
        doubts=tuple(found),
        proved=order.proof_seconds is not None and not found,
    )


def main() -> None:
    """Give verdicts until nobody wants them any more."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what anybody prints is no verdict
    for number in (signal.SIGINT, signal.SIGHUP):  # of the whole group, and meant for the service
        signal.signal(number, signal.SIG_IGN)
    memory = int(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    os.nice(_NICE)
    orders: SimpleQueue[Order] = SimpleQueue()
    threading.Thread(target=_take, args=(orders,), daemon=True).start()
    while True:
        order = orders.get()
        try:
            said = verdict(order, clock=time.monotonic, now=int(time.time()))  # noqa: TID251  a process's root
        except Exception as broken:  # noqa: BLE001  it is told; the next order may be a better one
            traceback.print_exc()
            said = Failed(why=f"{type(broken).__name__}: {broken}"[:400])
        with suppress(BrokenPipeError):
            answers.write(packed(said))
            answers.flush()


def _take(orders: SimpleQueue[Order]) -> None:
    """Hear orders; at the end of the pipe end at once, whatever is being looked at."""
    pipe = sys.stdin.buffer
    while head := pipe.read(LENGTH.size):
        orders.put(pickle.loads(pipe.read(*LENGTH.unpack(head))))  # noqa: S301  who started us
    os._exit(0)


if __name__ == "__main__":
    main()
