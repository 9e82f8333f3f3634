"""The log: lines go out whole and in order, and whoever does not take them holds nobody up."""

import json
import os

import structlog

from router.log import Log, logged


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
