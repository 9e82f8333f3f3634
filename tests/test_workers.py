"""A parent and its workers as processes, with work that is told here what to do."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.waiting import until

ROOT = Path(__file__).parent.parent
WORK = """
import os, pickle, signal, socket, sys, time
from pathlib import Path
import structlog
from router.errors import SettingsError
from router.log import Unwaited
from router.supervisor import Limits
from router.systemd import State, notify
from router.workers import supervise

folder = Path(sys.argv[1])
structlog.configure(
    processors=[structlog.processors.JSONRenderer()],
    logger_factory=structlog.WriteLoggerFactory(Unwaited(1)),
)

def said(worker, word):
    with (folder / "said").open("a") as file:
        file.write(f"{worker.number} {os.getpid()} {word}\\n")

def first(worker):
    # whether it is the first with its number
    try:
        (folder / f"first-{worker.number}").touch(exist_ok=False)
    except FileExistsError:
        return False
    return True

def turns(worker):
    # says that it turns until SIGTERM, or until its parent is gone
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    worker.parent.tell(State.READY)
    said(worker, "ready")
    worker.parent.channel.settimeout(0.05)
    while True:
        worker.parent.tell(State.TURNING)
        try:
            worker.parent.channel.recv(1)
        except TimeoutError:
            continue
        except ConnectionResetError:  # there was something that it had not heard yet
            pass
        return said(worker, "orphaned")

{work}

listening = socket.create_server(("127.0.0.1", 0))
limits = Limits(hung=2.0, abort=0.5, end=1.0, start=10.0, look=0.1)
told = notify(os.environ, os.getpid())
rest = {"status": "workers turn", "clock": time.monotonic, "limits": limits}
sys.exit(supervise({count}, work, listening=listening, notify=told, **rest))
"""


class Running:
    def __init__(self, folder, work, count, stdin=subprocess.DEVNULL, **variables):
        self.folder = folder
        self.log = folder / "log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [
                    sys.executable,
                    "-c",
                    WORK.replace("{work}", work).replace("{count}", str(count)),
                    str(folder),
                ],
                env={**os.environ, "PYTHONPATH": str(ROOT), **variables},
                stdin=stdin,
                stdout=log,
                stderr=log,
            )

    def said(self, word):
        """Who has said it: number of the worker, and of the process."""
        file = self.folder / "said"
        lines = [line.split() for line in file.read_text().splitlines()] if file.exists() else []
        return [(int(number), int(pid)) for number, pid, each in lines if each == word]

    def wait_for(self, word, count):
        return until(lambda: len(said := self.said(word)) >= count and said, self.log.read_text)

    def ends(self, by=signal.SIGTERM):
        if by is not None:
            self.process.send_signal(by)
        return self.process.wait(20)


@pytest.fixture
def run(tmp_path):
    """Start a parent; it is gone with the test."""
    started = []

    def run(work, count=2, **variables):
        started.append(Running(tmp_path, work, count, **variables))
        return started[-1]

    yield run
    for each in started:
        each.process.kill()
        each.process.wait()


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
def test_all_are_started_and_end_with_the_signal(run, by):
    running = run("work = turns", count=3)
    workers = running.wait_for("ready", 3)
    assert sorted(number for number, _ in workers) == [0, 1, 2]
    assert running.ends(by) == 0
    assert not [pid for _, pid in workers if Path(f"/proc/{pid}").exists()]


def test_one_that_is_killed_is_replaced_by_one_of_its_number(run):
    running = run("work = turns")
    [(_, killed), (_, other)] = sorted(running.wait_for("ready", 2))
    os.kill(killed, signal.SIGKILL)
    [new] = set(running.wait_for("ready", 3)) - {(0, killed), (1, other)}
    assert new[0] == 0
    assert running.ends() == 0
    assert '"signal": "SIGKILL"' in running.log.read_text()


def test_one_whose_loop_does_not_turn_says_where_and_is_replaced(run):
    running = run("""
def caught_in_a_loop():
    while True:
        pass

def work(worker):
    if worker.number == 0 and first(worker):
        worker.parent.tell(State.READY)
        caught_in_a_loop()
    turns(worker)
""")
    running.wait_for("ready", 2)
    log = running.log.read_text()
    assert "Fatal Python error: Aborted" in log
    assert "in caught_in_a_loop" in log
    assert running.ends() == 0


def test_an_error_of_ours_has_a_traceback_and_is_no_end(run):
    running = run("""
def work(worker):
    if worker.number == 0 and first(worker):
        raise KeyError("of ours")
    turns(worker)
""")
    running.wait_for("ready", 2)
    assert "KeyError: 'of ours'" in running.log.read_text()
    assert running.ends() == 0


def test_one_that_cannot_start_ends_all(run):
    """As one process alone does: why in a line, and exit code 2."""
    running = run("""
def work(worker):
    if worker.number == 1:
        raise SettingsError("its port is taken")
    turns(worker)
""")
    assert running.ends(by=None) == 2
    log = running.log.read_text()
    assert "ivr: worker 1: its port is taken" in log
    assert "Traceback" not in log


def test_all_that_die_again_and_again_are_given_up(run):
    running = run("def work(worker): said(worker, 'dies'); sys.exit(3)", count=1)
    assert running.ends(by=None) == 1
    assert len(running.said("dies")) == 8


def test_one_that_does_not_end_is_killed_at_the_deadline(run):
    running = run("""
def work(worker):
    if worker.number == 0:
        signal.signal(signal.SIGTERM, lambda *_: None)
        worker.parent.tell(State.READY)
        said(worker, "ready")
        while True:
            time.sleep(0.05)
            worker.parent.tell(State.TURNING)
    turns(worker)
""")
    running.wait_for("ready", 2)
    assert running.ends() == 0
    assert '"sent": "SIGKILL"' in running.log.read_text()


def test_the_next_one_begins_with_what_is_live(run):
    """Also with the last that was left, and one that is larger than any buffer."""
    running = run("""
def work(worker):
    if worker.live is not None:
        said(worker, f"{len(worker.live)}-{worker.live[0]}")
    elif worker.number == 0:
        worker.parent.live(pickle.dumps("old"))
        worker.parent.live(pickle.dumps(["new"] * 1_000_000))
        return
    turns(worker)
""")
    running.wait_for("1000000-new", 1)
    assert running.ends() == 0


def test_sighup_is_passed_on_to_each(run):
    running = run("""
def work(worker):
    signal.signal(signal.SIGHUP, lambda *_: said(worker, "reloads"))
    turns(worker)
""")
    running.wait_for("ready", 2)
    running.process.send_signal(signal.SIGHUP)
    assert {number for number, _ in running.wait_for("reloads", 2)} == {0, 1}
    assert running.ends() == 0


def test_a_closed_terminal_ends_all(run):
    """Its SIGHUP is no wish for a reload."""
    own, terminal = os.openpty()
    running = run("work = turns", stdin=terminal)
    os.close(terminal)
    running.wait_for("ready", 2)
    os.close(own)
    assert running.ends(by=signal.SIGHUP) == 0


def test_workers_notice_that_their_parent_is_gone(run):
    """None of them has an end of another's pair open, which would hide it."""
    running = run("work = turns", count=3)
    workers = running.wait_for("ready", 3)
    running.process.kill()
    assert sorted(running.wait_for("orphaned", 3)) == sorted(workers)


class TestSystemd:
    def test_is_told_when_the_first_is_ready_and_how_many_are(self, run, heard_by_systemd):
        running = run(
            """
def work(worker):
    while worker.number == 1 and not (folder / "go").exists():
        time.sleep(0.01)
    turns(worker)
""",
            **heard_by_systemd.variables,
        )
        assert heard_by_systemd.next() == "READY=1\nSTATUS=1 of 2 workers turn"
        assert heard_by_systemd.next() == "WATCHDOG=1"
        (running.folder / "go").touch()
        assert heard_by_systemd.next(other_than="WATCHDOG=1") == "READY=1\nSTATUS=2 of 2 workers turn"
        assert running.ends() == 0
        assert heard_by_systemd.next(other_than="WATCHDOG=1").startswith("STOPPING=1\n")

    def test_hears_nothing_from_us_while_none_takes_calls(self, run, heard_by_systemd):
        """It would end us then; until then each of them has been tried anew."""
        running = run(
            """
def work(worker):
    if first(worker):
        worker.parent.tell(State.READY)
        time.sleep(0.3)
        sys.exit(3)
    while True:
        time.sleep(0.05)
        said(worker, "never-ready")
        worker.parent.tell(State.TURNING)
""",
            count=1,
            **heard_by_systemd.variables,
        )
        assert heard_by_systemd.next() == "READY=1\nSTATUS=1 of 1 workers turn"
        running.wait_for("never-ready", 1)
        told = heard_by_systemd.left()
        assert set(told) == {"WATCHDOG=1"}
        running.wait_for("never-ready", 10)
        assert heard_by_systemd.left() == []

    def test_hears_that_policies_are_looked_at(self, run, heard_by_systemd):
        """From the first of them that does until the last is done."""
        running = run(
            """
def work(worker):
    def reload(*_):
        worker.parent.tell(State.RELOADING)
        while not (folder / f"done-{worker.number}").exists():
            time.sleep(0.01)
        worker.parent.tell(State.READY)
    signal.signal(signal.SIGHUP, reload)
    turns(worker)
""",
            **heard_by_systemd.variables,
        )
        running.wait_for("ready", 2)
        while not heard_by_systemd.next(other_than="WATCHDOG=1").endswith("2 of 2 workers turn"):
            pass
        running.process.send_signal(signal.SIGHUP)
        assert heard_by_systemd.next(other_than="WATCHDOG=1").startswith("RELOADING=1\n")
        (running.folder / "done-0").touch()
        (running.folder / "done-1").touch()
        assert heard_by_systemd.next(other_than="WATCHDOG=1") == "READY=1\nSTATUS=2 of 2 workers turn"
        assert running.ends() == 0
