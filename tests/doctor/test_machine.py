"""What a machine and files on it are like, and what the doctor makes of it."""

from pathlib import Path

import pytest

from router import port
from router.agi.server import Limits
from router.doctor import kernel, machine
from router.doctor.machine import BACKLOG, DESCRIPTORS, FileSeen, MachineSeen
from router.errors import Problem

WELL = MachineSeen(descriptors=DESCRIPTORS, synchronised=True, somaxconn=BACKLOG)
STARTED = 1_764_000_000.0
FILE = Path("f")
PROBLEM = Problem("10010.yaml", 3, 1, "routes", "is wrong")


def log(**changed):
    return FileSeen(**{"path": FILE, "size": 100, "written": STARTED, **changed})


def test_the_bounds_are_those_of_the_router():
    assert Limits().sessions < DESCRIPTORS
    assert BACKLOG == port.BACKLOG


@pytest.mark.parametrize(
    ("found", "severity", "word"),
    [
        (machine.descriptors(WELL), "ok", str(DESCRIPTORS)),
        (machine.descriptors(MachineSeen(descriptors=256, synchronised=None, somaxconn=1)), "warning", "256"),
        (machine.clock(WELL), "ok", ""),
        (machine.clock(MachineSeen(descriptors=1, synchronised=False, somaxconn=1)), "warning", "clock"),
        (machine.clock(MachineSeen(descriptors=1, synchronised=None, somaxconn=1)), "skipped", "not tell"),
        (machine.backlog(WELL), "ok", ""),
        (machine.backlog(MachineSeen(descriptors=1, synchronised=True, somaxconn=128)), "warning", "128"),
        (machine.backlog(MachineSeen(descriptors=1, synchronised=True, somaxconn=None)), "skipped", ""),
        (machine.key_file(None), "skipped", "--key-file"),
        (machine.key_file(FileSeen(path=FILE, mode=0o100600)), "ok", "owner"),
        (machine.key_file(FileSeen(path=FILE, mode=0o100640)), "error", "mode 0640"),
        (machine.key_file(FileSeen(path=FILE, trouble="permission denied")), "error", "permission denied"),
        (machine.secrets([]), "skipped", ""),
        (machine.secrets([FileSeen(path=FILE, mode=0o100640)]), "ok", "looked at: 1"),
        (machine.secrets([FileSeen(path=FILE, mode=0o100644)]), "error", "everybody"),
        (machine.queue_log(None, None, None), "skipped", "--queue-log"),
        (machine.queue_log(FileSeen(path=FILE, trouble="no such file"), STARTED, 3), "error", "no such file"),
        (machine.queue_log(log(), STARTED, 3), "ok", "is the one"),
        (machine.queue_log(log(), None, None), "ok", "can be read"),
        (machine.queue_log(log(size=0), STARTED, 3), "warning", "has had 3 calls"),
        (machine.queue_log(log(size=0), STARTED, 0), "ok", ""),
        (machine.queue_log(log(written=STARTED - 3600), STARTED, 0), "error", "since the switch started"),
        (machine.policies("p@1", [], []), "ok", "p@1"),
        (machine.policies("p@1", [], [PROBLEM]), "warning", "is wrong"),
        (
            machine.policies("", [PROBLEM, PROBLEM], []),
            "error",
            "10010.yaml:3:1 routes: is wrong (and 1 more)",
        ),
        (machine.agreement(None, []), "skipped", "--asterisk-conf"),
        (machine.agreement(FILE, []), "ok", ""),
        (machine.agreement(FILE, [PROBLEM, PROBLEM, PROBLEM]), "error", "(and 2 more)"),
    ],
)
def test_each_check_says_what_it_means(found, severity, word):
    assert (found.severity, word in found.text) == (severity, True), found
    assert bool(found.remedy) == (severity in {"warning", "error"})


class TestKernel:
    def test_tells_the_limits_of_this_machine(self):
        seen = kernel.look()
        assert seen.descriptors > 0
        assert seen.somaxconn == int(Path("/proc/sys/net/core/somaxconn").read_text())
        assert seen.synchronised in {True, False, None}

    def test_tells_what_a_file_is_like(self, tmp_path):
        (tmp_path / "f").write_text("abc")
        (tmp_path / "f").chmod(0o640)
        seen = kernel.file(tmp_path / "f")
        assert (seen.size, seen.mode & 0o777, seen.trouble) == (3, 0o640, "")
        assert seen.written == (tmp_path / "f").stat().st_mtime

    @pytest.mark.parametrize(("name", "why"), [("none", "no such file"), (".", "is a directory")])
    def test_tells_why_a_file_cannot_be_read(self, tmp_path, name, why):
        assert why in kernel.file(tmp_path / name).trouble
