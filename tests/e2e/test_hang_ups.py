"""Callers hang up at six points of a call: no session, no channel stays, and the journal tells it."""

import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace

import pytest

from loadtest.calls import Totals
from loadtest.ports import Ports
from loadtest.sipp import Callers, Calls
from loadtest.stack import Stack, Wish
from router.errors import Taint
from router.events import LEFT, CallCompleted, CallOffered, Event
from router.settings import Address
from router.store import stream
from tests.e2e.conftest import running
from tests.e2e.customers import Base, imported
from tests.e2e.floor import DOES_NOT_ANSWER, GIVES_UP_EARLY, HANGS_UP, until
from tests.e2e.load import KINDS, Line, callers
from tests.faults.proxy import Proxy, Way

pytestmark = [pytest.mark.e2e, pytest.mark.fault]

AT_ONCE = 4
"""Callers at each point: as many as a crew has people."""
TALK = 10.0
"""Seconds that an agent would talk: the caller hangs up before."""

DECIDED = ("CallRouted", "CallOffered", "CallEnded")
ASKED = (*DECIDED, "PersonRequested", "CallQueued")
GAVE_UP = (*ASKED, "CallAbandoned")
TALKED = (*ASKED, "CallAnswered", "CallCompleted")
BEFORE = ("CallOffered", "CallEnded")
"""Nobody decided it: nothing is told but that there was a call."""


@pytest.fixture(scope="module")
def line() -> Line:
    return Line(callers(300))


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Base]:
    """A store of its own."""
    with imported(tmp_path_factory.mktemp("left") / "store", callers(300)) as base:
        yield base


@pytest.fixture(scope="module")
def network(base: Base) -> Iterator[Proxy]:
    """What lies between the store and everybody else."""
    with Ports() as ports:
        port = ports.take()
        base.client.config_set("port", port)  # an embedded store has a socket only
        with Proxy(Address("127.0.0.1", port)) as proxy:
            yield proxy


@pytest.fixture(scope="module")
def stack(
    wish: Callable[[Base], Wish], base: Base, network: Proxy, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """A stack of its own, with long talks."""
    wanted = replace(wish(base), store=f"redis://{network.address}", talk=TALK)
    with running(wanted, tmp_path_factory.mktemp("left-stack")) as stack:
        yield stack


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Where callers hang up."""

    stack: Stack
    network: Proxy
    base: Base

    def is_empty(self) -> bool:
        """Nobody has anything of a call left: the switch, the router, the observer."""
        stack = self.stack
        return (
            stack.asterisk.channels() == 0
            and stack.router.sample("ivr_agi_sessions") == 0
            and stack.watch.sample("ivr_live_calls") == 0
        )

    def told(self, since: str, calls: int) -> dict[str, list[Event]]:
        """Wait until the journal has the ends of so many calls; all its events since then, by call."""

        def found() -> dict[str, list[Event]] | None:
            told: dict[str, list[Event]] = {}
            for event in stream.read(self.base.client, since, count=10_000)[1]:
                told.setdefault(event.call_id, []).append(event)
            ended = [events for events in told.values() if "CallEnded" in kinds(events)]
            return told if len(ended) == len(told) == calls else None

        return until(found, lambda: f"{calls} calls are told: {stream.read(self.base.client, since)}")

    def now(self) -> str:
        """The journal's newest place."""
        newest = self.base.client.xrevrange(stream.STREAM, count=1)
        return newest[0][0].decode() if newest else "0"

    def place(
        self, scenario: str, numbers: Mapping[str, object], stay: float
    ) -> AbstractContextManager[Callers]:
        """Callers who play a scenario, all at once."""
        calls = Calls(scenario=scenario, numbers=[*numbers], rate=50, stay=stay)
        return Callers(calls, self.stack.asterisk.address, self.stack.folder / "callers", self.stack.ports)


@pytest.fixture
def scene(stack: Stack, network: Proxy, base: Base) -> Iterator[Scene]:
    """Nothing of any call is left behind, and nobody took a caller who left for an attack."""
    scene = Scene(stack=stack, network=network, base=base)
    yield scene
    until(scene.is_empty, lambda: f"nothing is left\n{stack.asterisk.cli('core show channels verbose')}")
    assert not any(stack.router.sample("ivr_agi_refused_total", reason=taint) for taint in Taint)


def kinds(events: list[Event]) -> list[str]:
    """Their names, sorted: router and observer write independently."""
    return sorted(type(event).__name__ for event in events)


def test_before_the_router_answers(scene: Scene, line: Line) -> None:
    """It hangs, and they leave before the dialplan gives it up: their channels go at once, not with it."""
    since, router = scene.now(), scene.stack.router
    router.signal(signal.SIGSTOP)
    try:
        with scene.place(GIVES_UP_EARLY, line.next(AT_ONCE), 0.2) as sipp:
            assert sipp.wait(20) == Totals(created=AT_ONCE, successful=AT_ONCE)
        until(lambda: scene.stack.asterisk.channels() == 0, "no channel is left")
    finally:
        router.signal(signal.SIGCONT)
    for events in scene.told(since, AT_ONCE).values():
        assert kinds(events) == sorted(BEFORE)
        assert [event.rule for event in events if isinstance(event, CallOffered)] == [LEFT]


def test_while_the_router_asks_a_slow_store(scene: Scene, line: Line) -> None:
    """Answers come too late; each caller leaves within the 50 ms that they are waited for, if he is quick."""
    since, router = scene.now(), scene.stack.router
    before = left_early(router)
    scene.network.go(Way.SLOW, delay=0.2)
    placed = 0
    try:
        while left_early(router) < before + AT_ONCE:
            assert placed < 20 * AT_ONCE, "nobody left in time"
            with scene.place(GIVES_UP_EARLY, line.next(AT_ONCE), 0.01) as sipp:
                placed += sipp.wait(20).created  # who was too slow has failed to give up, and hangs up
    finally:
        scene.network.go(Way.PASS)
    found = [(kinds(events), events) for events in scene.told(since, placed).values()]
    early = [events for names, events in found if names == sorted(BEFORE)]
    assert len(early) >= AT_ONCE
    assert {event.rule for events in early for event in events if isinstance(event, CallOffered)} == {LEFT}
    assert all(names in (sorted(BEFORE), sorted(DECIDED)) for names, _ in found)


def left_early(router) -> float:
    """Callers who left while it decided."""
    return sum(router.sample("ivr_agi_refused_total", reason=why) for why in ("ended_early", "hung_up"))


def test_between_the_decision_and_a_queue(scene: Scene) -> None:
    """In the menu: it is decided, and nobody was asked for yet."""
    strangers = [f"1370000{place:04}" for place in range(AT_ONCE)]
    since = scene.now()
    with scene.place(HANGS_UP, dict.fromkeys(strangers), 0.5) as sipp:
        assert sipp.wait(20) == Totals(created=AT_ONCE, successful=AT_ONCE)
    assert [kinds(events) for events in scene.told(since, AT_ONCE).values()] == [sorted(DECIDED)] * AT_ONCE


def of(crew: str, line: Line) -> dict[str, Mapping[str, str]]:
    """The next callers whom this crew answers."""
    found: dict[str, Mapping[str, str]] = {}
    while len(found) < AT_ONCE:
        found |= {number: kind for number, kind in line.next(1).items() if kind == KINDS[crew]}
    return found


@contextmanager
def nobody_there(stack: Stack) -> Iterator[None]:
    """The people for seniors have left their phones."""
    stack.agents["elder"].stop(0)
    try:
        yield
    finally:
        stack.seat("elder")


@contextmanager
def nobody_answers(stack: Stack) -> Iterator[None]:
    """The people for seniors let the phone ring."""
    stack.seat("elder", DOES_NOT_ANSWER)
    try:
        yield
    finally:
        stack.seat("elder")


@contextmanager
def everybody_talks(stack: Stack) -> Iterator[None]:
    """As on any day."""
    assert stack.agents["elder"].running
    yield


@pytest.mark.parametrize(
    ("people", "shown", "wanted"),
    [
        (nobody_there, "!Queue!", GAVE_UP),
        (nobody_answers, "!Ringing!", GAVE_UP),
        (everybody_talks, "!AppQueue!", TALKED),
    ],
    ids=["while waiting in the queue", "while a phone rings", "while talking"],
)
def test_with_a_person_asked_for(
    scene: Scene,
    line: Line,
    people: Callable[[Stack], AbstractContextManager[None]],
    shown: str,
    wanted: tuple[str, ...],
) -> None:
    """Callers are where the test says, each of them, before they hang up; the caller is who ended it."""
    since = scene.now()
    with people(scene.stack):
        with scene.place(HANGS_UP, of("elder", line), 2.0) as sipp:
            until(
                lambda: scene.stack.asterisk.cli("core show channels concise").count(shown) >= AT_ONCE, shown
            )
            assert sipp.wait(20) == Totals(created=AT_ONCE, successful=AT_ONCE)
        until(lambda: scene.stack.asterisk.channels() == 0, "no channel is left")
    told = scene.told(since, AT_ONCE).values()
    assert [kinds(events) for events in told] == [sorted(wanted)] * AT_ONCE
    completed = [event.by for events in told for event in events if isinstance(event, CallCompleted)]
    assert completed == ["caller"] * (AT_ONCE if wanted is TALKED else 0)
