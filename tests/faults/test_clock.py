"""The wall clock is set, turned, or comes to a year that nobody knows, while calls are decided."""

import shutil
import signal
import socket
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from ruamel.yaml import YAML

from loadtest.stack import Ivr
from router.agi.switch import environment
from router.serve import SWEEP_SECONDS
from router.settings import Address
from tests.faults.calls import PATIENCE, Calls, Outcome, nobody_was_lost, settled
from tests.faults.conftest import CUSTOMERS, Rig, told
from tests.faults.wall_clock import SEEN_SECONDS, WallClock
from tests.waiting import LIMIT, until

pytestmark = [pytest.mark.fault, pytest.mark.long]

HOUR = 3600
SHANGHAI = "Asia/Shanghai"
BERLIN = "Europe/Berlin"
"""Its clocks are turned at 01:00 UTC, on 29 March and on 25 October 2026."""


def seconds(text: str, zone: str) -> float:
    """Seconds since the epoch when clocks of a zone show this."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


def policies(folder: Path, hours: dict[str, object], **holidays: object) -> Path:
    """The shipped kinds of callers, each to his people in hours; out of hours everybody hears the menu."""
    made = folder / "policies"
    made.mkdir()
    for name in ("attributes.yaml", "queues.yaml"):
        shutil.copy(Path("policies") / name, made)
    routes = [
        {"name": "closed", "when": {"not": {"open": "desk"}}, "to": {"menu": "main"}},
        {"name": "vip", "when": {"star": {"at_least": 5}}, "to": {"queue": "vip"}},
        {"name": "senior", "when": {"age": {"at_least": 65}}, "to": {"queue": "elder-care"}},
        {"name": "driver", "when": {"occupation": "truck_driver"}, "to": {"queue": "truck"}},
        {"name": "else", "to": {"menu": "main"}},
    ]
    YAML().dump({"hotline": "10010", "numbers": ["10010"], "routes": routes}, made / "10010.yaml")
    YAML().dump({**hours, **({"holidays": holidays} if holidays else {})}, made / "hours.yaml")
    return made


def desk(zone: str, span: str, days: str = "mon-sun", **more: object) -> dict[str, object]:
    """hours.yaml with one desk."""
    return {"time_zone": zone, "hours": {"desk": {"days": {days: [span]}, **more}}}


def deciding(rig: Rig, clock: WallClock, folder: Path) -> tuple[Ivr, Calls]:
    """A router under this clock with these policies, and calls to it."""
    router = rig.router(rig.store().url, "--policies", str(folder), prefix=clock.prefix)
    return router, rig.calls()


def direct(outcome: Outcome) -> bool:
    """The caller is one who goes straight to people when they are there."""
    return outcome.caller.destination != "menu:main"


def closed(calls: Calls, since: float) -> Callable[[], bool]:
    """So many callers in a row heard the menu who would have been sent to people, placed since then."""

    def found() -> bool:
        last = [each for each in calls.outcomes if direct(each)][-20:]
        return len(last) == 20 and all(
            each.destination == "menu:main" and each.variables["IVR_RULE"] == "closed" and each.at > since
            for each in last
        )

    return found


def decided(calls: Calls, what: str, *, is_open: bool) -> None:
    """Wait until calls of from now on are decided as in hours, or as out of them."""
    state = settled if is_open else closed
    until(state(calls, time.monotonic()), lambda: f"{what}: {calls.outcomes[-3:]}")


def nobody_was_left(calls: Calls) -> None:
    """Every call was decided by a router, as open or as closed, and of this very caller's data.

    Under libfaketime a process asks for the time slowly: an answer or two of the store may be late for it.
    """
    assert [each for each in calls.outcomes if not each.is_routed] == []
    found = [(each.variables["IVR_PROVINCE"], each.caller.customer["province"]) for each in calls.outcomes]
    unknown = [province for province, _ in found if province == "none"]
    assert len(unknown) <= len(found) / 20
    assert [pair for pair in found if pair[0] not in {pair[1], "none"}] == []


def test_the_clock_is_set_an_hour_forward_and_back(rig: Rig) -> None:
    """Hours go by the new time from the next call on; no lookup and no session is over before its time."""
    clock = WallClock(rig.folder)
    clock.set(seconds("2026-03-03 17:30", SHANGHAI))
    folder = policies(rig.folder, desk(SHANGHAI, "09:00-18:00"))
    router, calls = deciding(rig, clock, folder)
    with calls.flow():
        decided(calls, "17:30", is_open=True)
        for ahead, is_open in ((HOUR, False), (-HOUR, True), (-8 * HOUR, True), (-HOUR, False), (HOUR, True)):
            clock.jump(ahead)
            decided(calls, f"{ahead / HOUR:+g} h", is_open=is_open)
    nobody_was_left(calls)
    assert router.sample("ivr_agi_refused_total") == 0
    row = told("clock set an hour forward and back", calls.outcomes)
    assert row.worst < PATIENCE


@pytest.mark.parametrize("ahead", [HOUR, -HOUR], ids=["forward", "back"])
def test_deadlines_do_not_go_by_the_clock_that_is_set(rig: Rig, ahead: int) -> None:
    """A session that has begun is finished; one that never goes on is ended; a silent store costs 50 ms."""
    clock = WallClock(rig.folder)
    store = rig.store()
    router = rig.router(store.url, prefix=clock.prefix)
    where = Address.parse(router.agi)
    block = environment(CUSTOMERS[0].number, "10010", "1.1")
    with (
        socket.create_connection((where.host, where.port), timeout=LIMIT) as begun,
        socket.create_connection((where.host, where.port), timeout=LIMIT) as silent,
    ):
        begun.sendall(block[:-1])
        silent.sendall(block[:-1])
        until(lambda: router.sample("ivr_agi_sessions") == 2, "both sessions are open")
        clock.jump(ahead)
        jumped = time.monotonic()
        seen = jumped + SEEN_SECONDS + SWEEP_SECONDS
        until(lambda: time.monotonic() > seen, "late sessions have been looked for")
        begun.sendall(block[-1:])
        assert b"IVR_OK=1" in begun.recv(8192)
        begun.sendall(b"200 result=0\n")
        assert silent.recv(8192) == b""
    assert router.sample("ivr_agi_refused_total", reason="deadline") == 1
    calls = rig.calls()
    with calls.flow():
        until(settled(calls, 0), "calls are decided")
        store.signal(signal.SIGSTOP)
        clock.jump(ahead)
        until(lambda: router.sample("ivr_store_up") == 0, "the breaker is open")
        clock.jump(ahead)
        store.signal(signal.SIGCONT)
        until(settled(calls, time.monotonic()), "callers are known again")
    nobody_was_lost(calls.outcomes)
    assert router.sample("ivr_store_errors_total", kind="timeout") > 0
    assert max(each.seconds for each in calls.outcomes) < PATIENCE


def test_the_clock_is_turned_forward(rig: Rig) -> None:
    """01:59 is followed by 03:00: a desk that opens at 02:30 opens then, and nobody sets anything."""
    clock = WallClock(rig.folder)
    clock.set(seconds("2026-03-29 01:58", BERLIN))
    folder = policies(rig.folder, desk(BERLIN, "02:30-12:00"))
    router, calls = deciding(rig, clock, folder)
    with calls.flow():
        decided(calls, "before the turn", is_open=False)
        clock.set(seconds("2026-03-29 01:59:58", BERLIN))
        decided(calls, "behind the turn", is_open=True)
    nobody_was_left(calls)
    assert router.sample("ivr_agi_refused_total") == 0
    told("clock turned forward", calls.outcomes)


def test_the_clock_is_turned_back(rig: Rig) -> None:
    """02:59 is followed by 02:00: a desk that closes at 02:30 does so when the clock shows it again."""
    clock = WallClock(rig.folder)
    clock.set(seconds("2026-10-25 01:00", BERLIN))
    folder = policies(rig.folder, desk(BERLIN, "12:00-02:30"))
    router, calls = deciding(rig, clock, folder)
    with calls.flow():
        decided(calls, "01:00", is_open=True)
        clock.set(seconds("2026-10-25 02:45", BERLIN))
        decided(calls, "02:45, for the first time", is_open=True)
        clock.jump(HOUR)
        decided(calls, "02:45, for the second time", is_open=False)
    nobody_was_left(calls)
    assert router.sample("ivr_agi_refused_total") == 0
    told("clock turned back", calls.outcomes)


@pytest.mark.parametrize(
    ("unannounced", "is_open"), [("as_rules_say", False), ("none", True)], ids=["by rule", "no holidays"]
)
def test_a_year_comes_that_the_calendar_does_not_know(rig: Rig, unannounced: str, *, is_open: bool) -> None:
    """1 January 2027, a Friday, is what the file says of unknown years; the alert's condition holds."""
    clock = WallClock(rig.folder)
    clock.set(seconds("2026-12-31 23:58", SHANGHAI))
    folder = policies(
        rig.folder,
        desk(SHANGHAI, "00:00-24:00", "mon-fri", holidays="closed"),
        country="CN",
        announced_until=2026,
        unannounced=unannounced,
    )
    router, calls = deciding(rig, clock, folder)
    with calls.flow():
        decided(calls, "the last day of the year", is_open=True)
        clock.set(seconds("2026-12-31 23:59:58", SHANGHAI))
        seen = seconds("2027-01-01 00:00", SHANGHAI) + SEEN_SECONDS
        until(lambda: clock.now > seen, "New Year")
        decided(calls, "New Year's Day", is_open=is_open)
    nobody_was_left(calls)
    year = datetime.fromtimestamp(clock.now, ZoneInfo(SHANGHAI)).year
    assert router.sample("ivr_policy_holidays_announced_until") == 2026 < year  # HolidaysUnknown
    told(f"a year that the calendar does not know: {unannounced}", calls.outcomes)
