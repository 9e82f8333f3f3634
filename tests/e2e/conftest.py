"""A real switch, a real store and the product's own processes, with callers and agents played by SIPp."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis

from loadtest.installation import AsteriskUnavailable
from loadtest.prompts import PromptsMissing, silence
from loadtest.sipp import SippMissing
from loadtest.site import HOTLINES
from loadtest.stack import Stack, Wish
from tests import document
from tests.e2e import table
from tests.e2e.customers import NUMBERS, STRANGER, Base, imported
from tests.e2e.floor import NO_HOTLINE, Floor, until
from tests.e2e.load import Flow

TALK = 0.2
"""Seconds that an agent talks."""
PROMPT = 0.1
"""Seconds of silence in place of each prompt: these tests look at ways, not at words."""
ROWS: list[table.Row] = []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table; IVR_FAULT_REPORT names a file for it."""
    if not ROWS:
        return
    terminalreporter.section("faults under real calls")
    for line in table.lines(ROWS):
        terminalreporter.line(line)
    if path := os.environ.get("IVR_FAULT_REPORT"):
        document.write(Path(path), table.BEGIN, table.lines(ROWS))


def told_of(fault: str, calls: Flow, rate: float) -> table.Row:
    """Put a fault into the table, when its flow of calls is over."""
    ROWS.append(table.row(fault, calls, rate))
    return ROWS[-1]


@pytest.fixture(scope="session")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of recorded prompts, all of them short."""
    return silence(tmp_path_factory.mktemp("recordings"), PROMPT)


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Base]:
    """The customers, imported."""
    with imported(tmp_path_factory.mktemp("base") / "store") as base:
        yield base


@contextmanager
def running(wish: Wish, folder: Path) -> Iterator[Stack]:
    """A stack that takes calls. Where it cannot be: an error, or a skip if IVR_E2E says "optional"."""
    try:
        stack = Stack(wish, folder)
    except (AsteriskUnavailable, SippMissing, PromptsMissing) as missing:
        if os.environ.get("IVR_E2E") == "optional":
            pytest.skip(f"NOT TESTED, there is no switch here: {missing}")
        pytest.fail(f"there is no switch here (IVR_E2E=optional skips these tests): {missing}", pytrace=False)
    with stack:
        yield stack


@pytest.fixture(scope="session")
def wish(recordings: Path) -> Callable[[Base], Wish]:
    """What stacks of these tests have in common: short prompts, short talks, a number too many."""
    return lambda base: Wish(
        store=base.store,
        key_file=base.key_file,
        talk=TALK,
        wrapup=0,
        hotlines=(*HOTLINES, NO_HOTLINE),
        recordings=recordings,
    )


@pytest.fixture(scope="session")
def stack(
    wish: Callable[[Base], Wish], base: Base, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """The shipped configuration and policies, running; modules that break things have their own."""
    with running(wish(base), tmp_path_factory.mktemp("stack")) as stack:
        yield stack


@pytest.fixture
def floor(stack: Stack, base: Base) -> Iterator[Floor]:
    """The stack, to place calls on; at the end of each test no call is left and nobody's number is told."""
    floor = Floor(stack, base)
    yield floor
    try:
        until(floor.is_empty, lambda: f"all calls have ended\n{floor}")
    except AssertionError:
        stack.asterisk.cli("channel request hangup all")  # or the next tests would fail as well
        raise
    assert not told_numbers(floor)


def told_numbers(floor: Floor) -> list[str]:
    """Where a caller's number stands in full: in logs of ours, or in the store."""
    processes = (*floor.stack.routers, floor.stack.watch)
    places = {process.log.name: process.log.read_text() for process in processes}
    client = floor.base.client
    places |= {f"{key}": f"{key} {dumped(client, key)}" for key in client.scan_iter()}
    numbers = (*NUMBERS.values(), STRANGER)
    return [f"{number} in {place}" for place, text in places.items() for number in numbers if number in text]


def dumped(client: redis.Redis, key: bytes) -> str:
    """What the store has under a key, as text."""
    match client.type(key):
        case b"hash":
            return repr(client.hgetall(key))
        case b"list":
            return repr(client.lrange(key, 0, -1))
        case b"stream":
            return repr(client.xrange(key))
        case _:
            return repr(client.get(key))
