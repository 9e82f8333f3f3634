"""A number hidden in what queue_log was rotated to."""

import os

import pytest

from router.numbers import Number, spelled
from router.queue_log.rotated import LIVE, PACKED, family, masked
from router.queue_log.tail import Tail

NUMBER = spelled(Number("+8613812345678"))
LINE = "1795468683|1795468683.1|general|NONE|ENTERQUEUE||{}|1\n"


@pytest.fixture
def rotated(tmp_path):
    return tmp_path / "queue_log.1"


@pytest.mark.parametrize(
    ("name", "members"),
    [
        ("queue_log", ["queue_log", "queue_log-20261127", "queue_log.1", "queue_log.2.gz"]),
        ("queue_log.1", ["queue_log.1"]),
    ],
)
def test_a_log_and_what_it_was_rotated_to(tmp_path, name, members):
    """And nothing else that begins with its name."""
    others = ("queue_log.conf", "queue_log_old", "queues")
    for each in ("queue_log", "queue_log-20261127", "queue_log.1", "queue_log.2.gz", *others):
        (tmp_path / each).touch()
    assert [path.name for path in family(tmp_path / name)] == members


def test_stars_of_the_same_length(rotated):
    """However it is written, in whichever column; longer numbers and times are other ones."""
    spellings = ("13812345678", "8613812345678", "+8613812345678", "008613812345678", "013812345678")
    others = LINE.format("138123456789") + LINE.format("213812345678")
    rotated.write_text(
        others
        + "".join(map(LINE.format, spellings))
        + "1|1.1|general|Local/13812345678@agents|CONNECT|7|1.2|3\n"
        + "13812345678|13812345678|general|NONE|ABANDON|1|1|7\n"
        + "what is this 13812345678\n"
    )
    assert masked(rotated, NUMBER, remove=True).lines == 6
    assert rotated.read_text() == (
        others
        + "".join(LINE.format("*" * len(spelling)) for spelling in spellings)
        + "1|1.1|general|Local/***********@agents|CONNECT|7|1.2|3\n"
        + "13812345678|13812345678|general|NONE|ABANDON|1|1|7\n"
        + "what is this 13812345678\n"
    )


def test_an_observer_reads_on_where_it_was(rotated):
    """File, size and time are the same."""
    rotated.write_text(LINE.format("13900000065") + LINE.format("13812345678"))
    os.utime(rotated, ns=(1, 2))
    rotated.chmod(0o640)
    lost = []
    tail = Tail(rotated, None, lost.append)
    before = rotated.stat()
    assert masked(rotated, NUMBER, remove=True).lines == 1
    after = rotated.stat()
    for what in ("st_ino", "st_size", "st_mtime_ns", "st_mode"):
        assert getattr(after, what) == getattr(before, what)
    assert tail.read()[1] == LINE.format("***********").strip().encode()
    assert lost == []
    tail.close()


def test_the_live_one_is_only_looked_at(tmp_path):
    log = tmp_path / "queue_log"
    log.write_text(LINE.format("13812345678"))
    assert (masked(log, NUMBER, remove=True).lines, masked(log, NUMBER, remove=True).why) == (1, LIVE)
    assert "13812345678" in log.read_text()
    log.write_text(LINE.format("13900000065"))
    assert (masked(log, NUMBER, remove=True).lines, masked(log, NUMBER, remove=True).why) == (0, "")


@pytest.mark.parametrize(("suffix", "why"), [(".xz", PACKED), (".gz", "it cannot be read")])
def test_what_cannot_be_looked_into_is_said(tmp_path, suffix, why):
    file = tmp_path / f"queue_log.2{suffix}"
    file.write_bytes(b"no archive")
    assert masked(file, NUMBER, remove=True).why.startswith(why)
    assert file.read_bytes() == b"no archive"
