"""Faults while real calls come at a steady rate: none fails, none goes by the dialplan's default route."""

import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from loadtest.site import Site
from loadtest.stack import Stack, Wish
from router.settings import StoreUrl
from router.store.embedded import connected
from tests.e2e.conftest import running, told_of
from tests.e2e.customers import Base, imported
from tests.e2e.floor import LIMIT, PRESSES_0, until
from tests.e2e.load import UNKNOWN_CREW, Line, callers, flow, nobody_failed, wished

pytestmark = [pytest.mark.e2e, pytest.mark.fault, pytest.mark.timeout(300)]

RATE = 25.0
MOST = 2_000
"""Callers that a test may need."""
SETTLED = 40
"""So many calls are answered by the right people before a fault, and after it."""
RELOADED = 30
"""Times; with globals that are cleared first, some 500 of the questions asked meanwhile find nothing."""
PATIENCE = 0.7
"""Seconds that the dialplan waits for a router (asterisk_conf/extensions.conf)."""


@pytest.fixture(scope="module")
def customers() -> dict[str, Mapping[str, str]]:
    return callers(5 * MOST)


@pytest.fixture(scope="module")
def line(customers) -> Line:
    return Line(customers)


@pytest.fixture(scope="module")
def base(customers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Base]:
    """A store of its own."""
    with imported(tmp_path_factory.mktemp("loaded") / "store", customers) as base:
        yield base


@pytest.fixture(scope="module")
def stack(
    wish: Callable[[Base], Wish], base: Base, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """A stack of its own, with two routers."""
    wanted = replace(wished(wish(base)), routers=2)
    with running(wanted, tmp_path_factory.mktemp("loaded-stack")) as stack:
        yield stack


RELOADS = (
    "dialplan reload",
    "queue reload all",
    "module reload app_queue.so",
    "core reload",
    "dialplan reload",
    "core reload",
)


def test_the_switch_reads_its_files_anew(stack: Stack, line: Line) -> None:
    """Dialplan, queues and everything, again and again: every caller reaches the people for him."""
    with flow(stack, line, rate=RATE, most=MOST) as calls:
        calls.more(SETTLED)
        for command in RELOADS:
            assert "No such" not in stack.asterisk.cli(command)
            calls.more(SETTLED // 2)
    told_of("switch reloads dialplan, queues, everything", calls, RATE)
    nobody_failed(calls)
    assert not calls.astray()


def test_while_the_dialplan_is_read_anew_the_switch_knows_its_routers(stack: Stack) -> None:
    """Asked over AMI as fast as it answers: no call finds a moment in which it would have nobody to ask."""
    over = threading.Event()
    with ThreadPoolExecutor(1) as asking:
        told = asking.submit(asked_again_and_again, stack.asterisk.site, "IVR_ROUTER_A", over)
        for _ in range(RELOADED):
            stack.asterisk.cli("dialplan reload")
        over.set()
    assert told.result() == {stack.asterisk.site.routers[0]}


def asked_again_and_again(site: Site, variable: str, over: threading.Event) -> set[str]:
    """All values that a global variable had, until it is over."""
    login = f"Action: Login\r\nUsername: ivr\r\nSecret: {site.ami_secret}\r\nEvents: off\r\n\r\n"
    question = f"Action: Getvar\r\nVariable: {variable}\r\n\r\n".encode()
    values = set()
    with socket.create_connection(("127.0.0.1", site.ami_port), timeout=LIMIT) as switch:
        said = switch.makefile("rb")
        switch.sendall(login.encode())
        while not over.is_set():
            switch.sendall(question)
            while not (line := said.readline().decode()).startswith("Value: "):
                assert line, "the switch has hung up"
            values.add(line.removeprefix("Value: ").strip())
    return values


def test_no_call_is_dropped_because_the_observer_hears_late(stack: Stack) -> None:
    """As shipped, a backlog of AMI's events would have the switch pass over new calls."""
    settings = stack.asterisk.cli("pjsip show settings")
    (trigger,) = (line.split()[-1] for line in settings.splitlines() if "taskprocessor_overload" in line)
    assert trigger == "pjsip_only"


@pytest.mark.long
def test_the_store_is_killed_and_comes_back(stack: Stack, base: Base, line: Line) -> None:
    """Meanwhile callers are unknown: they hear the menu, and reach a person by a key."""
    with flow(stack, line, rate=RATE, most=MOST, scenario=PRESSES_0) as calls:
        calls.more(SETTLED)
        os.kill(base.pid, signal.SIGKILL)
        until(lambda: not any(router.is_ready() for router in stack.routers), "the routers have noticed")
        until(lambda: calls.astray().total() > SETTLED, lambda: f"unknown callers are answered: {calls}")
        with connected(StoreUrl(base.store)):
            until(lambda: is_whole(stack), "the store is back")
            calls.more(SETTLED)
    told_of("store killed and back", calls, RATE)
    nobody_failed(calls)
    assert calls.astray().keys() == {UNKNOWN_CREW}


@pytest.mark.long
def test_the_store_is_stopped(stack: Stack, base: Base, line: Line) -> None:
    """It takes questions and says nothing: the same, and nobody waits for it for long."""
    with flow(stack, line, rate=RATE, most=MOST, scenario=PRESSES_0) as calls:
        calls.more(SETTLED)
        os.kill(base.pid, signal.SIGSTOP)
        try:
            until(lambda: calls.astray().total() > SETTLED, lambda: f"unknown callers are answered: {calls}")
        finally:
            os.kill(base.pid, signal.SIGCONT)
        until(lambda: is_whole(stack), "the store is back")
        calls.more(SETTLED)
    row = told_of("store stopped", calls, RATE)
    nobody_failed(calls)
    assert calls.astray().keys() == {UNKNOWN_CREW}
    assert row.worst < 2 * PATIENCE  # a client's own patience would be seconds


@pytest.mark.long
def test_one_of_two_routers_is_killed(stack: Stack, line: Line) -> None:
    """The other one decides what comes, and what the first had begun with."""
    first, second = stack.routers
    with flow(stack, line, rate=RATE, most=MOST) as calls:
        calls.more(SETTLED)
        before = second.sample("ivr_routed_total")
        first.kill()
        calls.more(SETTLED)
        assert second.sample("ivr_routed_total") > before
        first.start()
        calls.more(SETTLED)
    row = told_of("router killed, the other stays", calls, RATE)
    nobody_failed(calls)
    assert not calls.astray()
    assert row.worst < 1.0


@pytest.mark.long
def test_one_of_two_routers_is_stopped_for_four_seconds(stack: Stack, line: Line) -> None:
    """A caller waits for it as long as the dialplan does, and no channel is left."""
    first, _ = stack.routers
    with flow(stack, line, rate=RATE, most=MOST) as calls:
        calls.more(SETTLED)
        first.signal(signal.SIGSTOP)
        stopped = time.monotonic()
        try:
            until(lambda: time.monotonic() > stopped + 4, "four seconds")
        finally:
            first.signal(signal.SIGCONT)
        calls.more(SETTLED)
    row = told_of("router stopped for 4 s, the other stays", calls, RATE)
    nobody_failed(calls)
    # awake, it has the calls of a second to decide at once: on a busy machine some without their store
    assert calls.astray().keys() <= {UNKNOWN_CREW}
    assert PATIENCE <= row.worst < 2 * PATIENCE


def is_whole(stack: Stack) -> bool:
    """Routers and observer are with the store."""
    return all(process.is_ready() for process in (*stack.routers, stack.watch))
