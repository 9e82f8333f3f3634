"""The log: lines go out whole and in order, and whoever does not take them holds nobody up."""

import json
import os

import structlog

from router.log import Log, Unwaited, logged


def test_lines_are_written_in_their_order():
    read, write = os.pipe()
    log = Log(write)
    log.add(b"one")
    log.flush()
    log.write("two\n")
    log.close()
    os.close(write)
    with os.fdopen(read, "rb") as lines:
        assert lines.read() == b"one\ntwo\n"


def test_what_is_logged_in_the_block_is_written_by_its_end():
    before = structlog.get_config()
    read, write = os.pipe()
    try:
        with logged(write):
            structlog.configure(processors=[structlog.processors.JSONRenderer()])
            structlog.get_logger().info("ready", port=4573)
    finally:
        structlog.configure(**before)
    os.close(write)
    with os.fdopen(read, "rb") as lines:
        assert json.loads(lines.read()) == {"event": "ready", "port": 4573}


def test_a_full_disk_loses_lines_and_counts_them():
    full = os.open("/dev/full", os.O_WRONLY)
    log = Log(full)
    log.add(b"one")
    log.add(b"two")
    log.close()
    os.close(full)
    assert log.dropped == 2


class TestUnwaited:
    def test_writes_each_line_at_once(self):
        read, write = os.pipe()
        Unwaited(write).write("one\n")
        assert os.read(read, 100) == b"one\n"
        os.close(read)
        os.close(write)

    def test_does_not_wait_for_a_pipe_that_nobody_reads(self):
        """What is in it stays; what comes meanwhile is lost; when it is read, lines come again."""
        read, write = os.pipe()
        log = Unwaited(write)
        for _ in range(100):
            log.write("x" * 1023 + "\n")
        waiting = os.read(read, 1 << 20)
        assert 0 < len(waiting) < 100 * 1024
        log.write("again\n")
        assert os.read(read, 100) == b"again\n"
        os.close(read)
        os.close(write)

    def test_minds_neither_a_closed_pipe_nor_a_full_disk(self):
        read, write = os.pipe()
        os.close(read)
        full = os.open("/dev/full", os.O_WRONLY)
        for descriptor in (write, full):
            Unwaited(descriptor).write("one\n")
            os.close(descriptor)
