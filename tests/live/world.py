"""Folders of policies as text, and conditions that tests wait for."""

import fcntl
import os
import signal
import termios
from array import array
from pathlib import Path

from tests.waiting import until

ROOT = Path(__file__).parents[2]

ATTRIBUTES = """\
attributes:
  known: {type: boolean, missing: false, sensitive: false, source: test, description: In the store}
"""
QUEUES = """\
queues:
  general: {human: true, answer_within: 20s, description: Everyone}
menus:
  main: {keys: {"0": {queue: general}}, description: The menu}
"""
HOTLINE = """\
hotline: "10010"
numbers: ["10010"]
routes:
  - {{name: {rule}, to: {{queue: general, priority: {priority}}}}}
"""


def hotline(rule="first", priority=1):
    """The text of a hotline with one route."""
    return HOTLINE.format(rule=rule, priority=priority)


def freeze(pid):
    """Stop a process, and wait until it stands: the signal alone takes a moment."""
    os.kill(pid, signal.SIGSTOP)
    until(lambda: Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T", "it stands")


def has_order(pid):
    """A stopped examiner has been sent an order: bytes wait in the pipe of its standard input."""
    waiting = array("i", [0])
    with Path(f"/proc/{pid}/fd/0").open("rb", buffering=0) as pipe:
        fcntl.ioctl(pipe, termios.FIONREAD, waiting)
    return waiting[0] > 0
