"""A router of two workers and its policies: both are told, and one that comes later goes by the same."""

import os
import re
import signal
import socket
from pathlib import Path

import pytest

from router.live.control import remove_left
from router.live.remote import NoRouter, Remote, control_of, workers_of
from tests.waiting import until


@pytest.fixture
def router(start):
    router = start("--workers", "2")
    until(lambda: versions(router).keys() == {0, 1}, "both listen")
    return router


def versions(router):
    """The version that each worker goes by."""
    found = {}
    for number, path in workers_of(router.control).items():
        try:
            found[number] = Remote(control=path).policy()["version"]
        except NoRouter:
            continue
    return found


def workers(router):
    pid = router.process.pid
    return list(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))


def replaced(router):
    """Kill both, and wait until two others answer."""
    killed = set(workers(router))
    for pid in killed:
        os.kill(pid, signal.SIGKILL)
    until(
        lambda: not killed & set(workers(router)) and versions(router).keys() == {0, 1}, "two others answer"
    )


def test_a_reload_reaches_both_and_says_what_came_of_it_for_each(router):
    version = router.write(rule="second")
    code, said = router.ivr("reload")
    assert code == 0
    lines = [rf"worker {number}: {version} is live since [0-9:]+\n" for number in (0, 1)]
    assert re.fullmatch("".join(lines), said), said
    assert versions(router) == {0: version, 1: version}


def test_mistakes_are_told_by_each(router):
    before = versions(router)
    router.break_()
    code, said = router.ivr("reload")
    assert code == 1
    assert [f"worker {number}: not loaded; {before[number]} goes on" in said for number in (0, 1)] == [
        True
    ] * 2
    assert versions(router) == before


def test_a_worker_that_does_not_answer_is_told(router):
    """The other one is asked all the same."""
    version = router.write(rule="second")
    stopped = control_of(router.control, 7)
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(stopped))
    code, said = router.ivr("reload")
    assert code == 2
    assert said.count(f"{version} is live since") == 2
    assert f"worker 7: no router answers at {stopped}" in said


def test_a_rollback_reaches_both(router):
    first = router.settled().version()
    router.write(rule="second")
    assert router.ivr("reload")[0] == 0
    code, said = router.rollback()
    assert (code, said.splitlines()[-2:]) == (0, [f"worker {number}: {first} is live" for number in (0, 1)])
    assert versions(router) == {0: first, 1: first}


def test_those_that_come_later_go_by_what_is_live_and_not_by_what_the_parent_has_read(router):
    """Also when the files have mistakes by then, with which no router would start."""
    version = router.write(rule="second")
    assert router.ivr("reload")[0] == 0
    router.break_()
    assert router.ivr("reload")[0] == 1
    replaced(router)
    assert versions(router) == {0: version, 1: version}
    assert router.decides()["IVR_POLICY"] == version


def test_sighup_reaches_both(router):
    version = router.write(rule="second")
    router.process.signal(signal.SIGHUP)
    until(lambda: versions(router) == {0: version, 1: version}, "both go by it")


def test_a_router_alone_has_no_numbers(start):
    router = start()
    assert not control_of(router.control, 1).exists()
    code, said = router.ivr("reload")
    assert (code, said.startswith("policies@")) == (0, True)


def test_sockets_that_workers_have_left_are_removed_but_no_living_one(tmp_path):
    control = tmp_path / "control.sock"
    with socket.socket(socket.AF_UNIX) as living:
        living.bind(str(control_of(control, 3)))
        living.listen()
        for number in (1, 2):
            with socket.socket(socket.AF_UNIX) as left:
                left.bind(str(control_of(control, number)))
        assert list(workers_of(control)) == [0, 1, 2, 3]
        remove_left(control, workers=2)
        assert list(workers_of(control)) == [0, 1, 3]
