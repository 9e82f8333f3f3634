"""A deadline for questions whose libraries have none, or only one for each piece of an answer."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import TypeVar

Found = TypeVar("Found")


def within(seconds: float, ask: Callable[[], Found], rest: Callable[[], object] | None = None) -> Found:
    """What ``ask`` gives, or raises; it is done in a thread that is left behind when the time is up.

    ``rest`` is done in that thread when the answer is there, and waited for a second: taking leave.

    Raises:
        TimeoutError: it was not there in time.
    """
    answer: Future[Found] = Future()

    def work() -> None:
        try:
            answer.set_result(ask())
        except BaseException as wrong:  # noqa: BLE001  raised where the answer is awaited
            answer.set_exception(wrong)
        if rest is not None:
            rest()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    if not wait([answer], timeout=seconds).done:
        raise TimeoutError(f"no answer within {seconds:g} s")
    thread.join(1.0)
    return answer.result()
