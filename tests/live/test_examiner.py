"""The process in which folders are looked at."""

import os
import pickle
import signal
import subprocess
import sys
import threading
import time

import pytest

from router.live.examiner import Examiner
from router.live.verdict import Failed, Good, Known, Order, Refused
from tests.live.world import ROOT, freeze, has_order
from tests.waiting import until

LONG = 60.0


@pytest.fixture
def examiner():
    made = Examiner(monotonic=time.monotonic, seconds=LONG)
    yield made
    made.close()
    made.rest()


def is_gone(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_a_verdict_comes_whole(examiner, policies):
    """What it says is the judge's; here only that it comes through."""
    good = examiner.examine(Order(folder=policies))
    assert isinstance(good, Good)
    assert pickle.loads(good.book).version == good.version  # noqa: S301  our own
    assert examiner.examine(Order(folder=policies, known=good.version)) == Known(version=good.version)
    (policies / "10010.yaml").write_text("hotline: 1\n")
    assert isinstance(examiner.examine(Order(folder=policies)), Refused)


def test_it_is_one_process_that_stays_until_it_may_rest(examiner, policies):
    examiner.examine(Order(folder=policies))
    pid = examiner.pid
    examiner.examine(Order(folder=policies))
    assert examiner.pid == pid
    examiner.rest()
    assert examiner.pid is None
    assert is_gone(pid)
    assert isinstance(examiner.examine(Order(folder=policies)), Good)


def test_one_that_was_killed_while_it_had_nothing_to_do_is_replaced(examiner, policies):
    examiner.examine(Order(folder=policies))
    os.kill(examiner.pid, signal.SIGKILL)
    os.waitid(os.P_PID, examiner.pid, os.WEXITED | os.WNOWAIT)
    assert isinstance(examiner.examine(Order(folder=policies)), Good)


def test_one_that_is_killed_at_work_has_failed_and_the_next_does_it(examiner, policies):
    examiner.examine(Order(folder=policies))
    freeze(examiner.pid)
    said = []
    asking = threading.Thread(target=lambda: said.append(examiner.examine(Order(folder=policies))))
    asking.start()
    until(lambda: has_order(examiner.pid), "it is asked")
    os.kill(examiner.pid, signal.SIGKILL)
    asking.join()
    assert said == [Failed(why="the process that reads the files has ended (signal 9)")]
    assert isinstance(examiner.examine(Order(folder=policies)), Good)


def test_one_that_takes_too_long_is_ended(examiner, policies):
    examiner.examine(Order(folder=policies))
    pid = examiner.pid
    freeze(pid)
    examiner._seconds = 0.01
    assert examiner.examine(Order(folder=policies)) == Failed(why="there was no verdict in 0.01 s")
    assert is_gone(pid)
    examiner._seconds = LONG
    assert isinstance(examiner.examine(Order(folder=policies)), Good)


def test_one_that_needs_too_much_memory_has_failed(examiner, policies):
    """And the next one, whose files are small, may be looked at."""
    examiner._memory = 64 * 1024**2
    (policies / "large.yaml").write_text("".join(f"a{number}: {{b: [1, 2, 3]}}\n" for number in range(9000)))
    said = examiner.examine(Order(folder=policies, proof_seconds=None))
    assert isinstance(said, Failed)
    # Python without memory may also stand still, until its time is up
    assert any(why in said.why for why in ("MemoryError", "has ended", "no verdict in"))
    (policies / "large.yaml").unlink()
    assert isinstance(examiner.examine(Order(folder=policies, proof_seconds=None)), Good)


def test_after_the_end_nothing_is_looked_at(examiner, policies):
    examiner.close()
    assert examiner.examine(Order(folder=policies)) == Failed(why="the service ends")


def test_it_ends_with_a_service_that_is_killed(policies):
    """Not after it: the end of the pipe tells."""
    code = (
        "import sys, time; from pathlib import Path\n"
        "from router.live.examiner import Examiner; from router.live.verdict import Order\n"
        "examiner = Examiner(monotonic=time.monotonic)\n"
        f"examiner.examine(Order(folder=Path({str(policies)!r})))\n"
        "print(examiner.pid, flush=True); sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    ) as service:
        child = int(service.stdout.readline())
        service.kill()
    until(lambda: is_gone(child), "it has ended, too")
