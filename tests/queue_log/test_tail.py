"""Reading a log as it grows, over rotations."""

import os

import pytest

from router.queue_log.tail import Tail


@pytest.fixture
def log(tmp_path):
    return tmp_path / "queue_log"


@pytest.fixture
def lost():
    return []


def add(file, text):
    with file.open("a") as out:
        out.write(text)


def everything(tail):
    """All lines until there are none twice: at the end of a rotated file the next one is opened."""
    lines, empty = [], 0
    while empty < 2:
        found = tail.read()
        lines += found
        empty = 0 if found else empty + 1
    return lines


def test_lines_come_once_as_they_are_written(log, lost):
    """A line without its end waits for it."""
    tail = Tail(log, None, lost.append)
    log.write_text("one\ntw")
    assert tail.read() == [b"one"]
    assert tail.read() == []
    assert (tail.place.offset, tail.behind) == (4, 2)
    add(log, "o\nthree\n")
    assert tail.read() == [b"two", b"three"]
    assert (tail.behind, lost) == (0, [])


def test_a_log_that_is_not_there_yet_is_waited_for(log, lost):
    tail = Tail(log, None, lost.append)
    assert (tail.read(), tail.is_open) == ([], False)
    log.write_text("one\n")
    assert (tail.read(), tail.is_open) == ([b"one"], True)
    assert lost == []


def test_what_was_written_before_a_rotation_is_read_first(log, lost):
    tail = Tail(log, None, lost.append)
    log.write_text("one\n")
    assert tail.read() == [b"one"]
    add(log, "two\n")
    log.rename(log.with_name("queue_log.1"))
    assert tail.read() == [b"two"]  # Asterisk still writes to the old one
    add(log.with_name("queue_log.1"), "three\n")
    log.write_text("four\n")
    assert everything(tail) == [b"three", b"four"]
    assert lost == []


def test_it_goes_on_from_a_place_over_several_rotations(log, lost):
    """As many as there were while nobody read, the oldest first."""
    first = Tail(log, None, lost.append)
    log.write_text("one\ntwo\n")
    first.read()
    place = first.place
    first.close()
    add(log, "three\n")
    for number, (name, text) in enumerate([("queue_log.2", "four\n"), ("queue_log.1", "five\n")]):
        log.rename(log.with_name(name))
        os.utime(log.with_name(name), (1_000 + number, 1_000 + number))
        log.write_text(text)
    again = Tail(log, place, lost.append)
    assert everything(again) == [b"three", b"four", b"five"]
    assert lost == []


def test_a_file_that_is_gone_is_told_of(log, lost):
    first = Tail(log, None, lost.append)
    log.write_text("one\n")
    first.read()
    place = first.place
    log.rename(log.with_name("elsewhere"))
    log.write_text("two\n")
    assert everything(Tail(log, place, lost.append)) == [b"two"]
    assert lost == ["gone"]


@pytest.mark.parametrize("while_it_reads", [True, False])
def test_a_file_that_was_cut_is_told_of_and_read_from_its_beginning(log, lost, while_it_reads):
    tail = Tail(log, None, lost.append)
    log.write_text("one\ntwo\n")
    tail.read()
    log.write_text("new\n")
    if not while_it_reads:
        tail.close()
        tail = Tail(log, tail.place, lost.append)
    assert everything(tail) == [b"new"]
    assert lost == ["truncated"]
