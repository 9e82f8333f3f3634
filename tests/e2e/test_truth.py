"""The KPIs are exact: they equal what queue_log, the CDRs and the phones say, whatever ended in between."""

import csv
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from loadtest.sipp import Callers, Calls
from loadtest.stack import Stack, Wish
from router.events import CallAnswered, CallCompleted, Event
from router.store import stream
from tests.e2e.conftest import running
from tests.e2e.customers import Base, imported
from tests.e2e.floor import DOES_NOT_ANSWER, HANGS_UP, WAITS, until
from tests.e2e.queue_truth import Truth, told, truth

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

ANSWERED, HANDED_ON, NOBODY, TIMED_OUT, OVERFLOWED, REFUSED, ANNOUNCED = (
    "10010",
    "037110010",
    "031110010",
    "053110010",
    "035110010",
    "02910010",
    "02410010",
)
"""Numbers dialled; each has a hotline of its own here."""
STAGE = 2
"""Seconds."""
LAST_WAIT = 3
"""Seconds in the last queue."""
CDR = "[general]\nenable = yes\n[csv]\nusegmtime = yes\n"


def to(queue: str, *overflow: str, after: int = STAGE, **more: object) -> list[object]:
    stages = [{"after": f"{after}s", "to": {"queue": name}} for name in overflow]
    return [{"name": "all", "to": {"queue": queue, **more}, **({"overflow": stages} if stages else {})}]


ROUTES: Mapping[str, list[object]] = {
    ANSWERED: to("vip"),
    HANDED_ON: to("roaming"),
    NOBODY: to("truck", "expert", after=60),
    TIMED_OUT: to("truck"),
    OVERFLOWED: to("truck", "expert"),
    REFUSED: to("elder-care"),
    ANNOUNCED: to("vip", announcement="expert-soon"),
}


@pytest.fixture(scope="module")
def policies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("truth")
    for name in ("attributes.yaml", "queues.yaml"):
        shutil.copy(Path("policies") / name, folder)
    for number, routes in ROUTES.items():
        YAML().dump({"hotline": number, "numbers": [number], "routes": routes}, folder / f"{number}.yaml")
    return folder


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Base]:
    with imported(tmp_path_factory.mktemp("base") / "store") as base:
        yield base


@pytest.fixture(scope="module")
def stack(
    wish: Callable[[Base], Wish], base: Base, policies: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """Nobody answers in truck, all of elder-care are paused, people of roaming hand calls on to experts."""
    folder = tmp_path_factory.mktemp("counted")
    with running(replace(wish(base), policies=policies, last_wait=LAST_WAIT), folder / "stack") as stack:
        asterisk = stack.asterisk
        (asterisk.folder.configuration / "cdr.conf").write_text(CDR)
        (asterisk.folder.logs / "cdr-csv").mkdir()
        asterisk.cli("module reload cdr")
        asterisk.cli("module load cdr_csv.so")
        prepare(stack)
        yield stack


def prepare(stack: Stack) -> None:
    """As `stack` says; in truck nobody of another crew helps out."""
    stack.seat("truck", DOES_NOT_ANSWER)
    stack.seat("roaming", "an_agent_hands_the_call_on")
    for queue, crew, number in (
        ("elder-care", "elder", 4),
        ("elder-care", "general", 12),
        ("truck", "general", 12),
    ):
        for agent in range(1, number + 1):
            stack.asterisk.cli(f"queue pause member PJSIP/{crew}-{agent} queue {queue}")


def place(
    stack: Stack, held: ExitStack, dialled: str, count: int, scenario: str = WAITS, **more: float
) -> Callers:
    """Begin to call, from numbers of nobody."""
    place.numbers += 1  # type: ignore[attr-defined]
    numbers = [f"137{place.numbers:04}{caller:04}" for caller in range(count)]  # type: ignore[attr-defined]
    calls = Calls(scenario=scenario, numbers=numbers, dialled=dialled, rate=10, **more)  # type: ignore[arg-type]
    callers = Callers(calls, stack.asterisk.address, stack.folder / "callers", stack.ports)
    return held.enter_context(callers)


place.numbers = 0  # type: ignore[attr-defined]


def everything(stack: Stack, held: ExitStack, times: int) -> dict[str, Callers]:
    """So many calls of each kind, all at a time."""
    return {
        "answered": place(stack, held, ANSWERED, 2 * times),
        "handed on": place(stack, held, HANDED_ON, times),
        "abandons soon": place(stack, held, NOBODY, times, HANGS_UP, stay=1),
        "abandons late": place(stack, held, NOBODY, times, HANGS_UP, stay=7),
        "times out": place(stack, held, TIMED_OUT, times),
        "overflows": place(stack, held, OVERFLOWED, times),
        "is refused": place(stack, held, REFUSED, times),
        "hangs up at once": place(stack, held, ANSWERED, times, HANGS_UP, stay=0.05),
        "hangs up in the announcement": place(stack, held, ANNOUNCED, times, HANGS_UP, stay=0.03),
    }


def metrics(stack: Stack) -> dict[str, float]:
    """What the observer says, by "metric queue" and "outcome NAME", over all hotlines."""
    found: Counter[str] = Counter()
    names = "demand|queued|answered|abandoned|short_abandoned|timed_out|overflowed|refused|cut|transferred"
    for line in stack.watch.get("metrics").splitlines():
        series, _, value = line.rpartition(" ")
        labels = dict(re.findall(r'(\w+)="([^"]*)"', series))
        name = series.partition("{")[0]
        if (plain := re.fullmatch(rf"ivr_({names})_total", name)) is not None:
            found[f"{plain[1]} {labels['queue']}"] += float(value)
        elif name in {"ivr_wait_seconds_sum", "ivr_talk_seconds_sum"}:
            found[f"{name[4:8]} {labels['queue']}"] += float(value)
        elif name == "ivr_talk_seconds_count":
            found[f"completed {labels['queue']}"] += float(value)
        elif name == "ivr_requests_total":
            found[f"outcome {labels['outcome']}"] += float(value)
        elif name == "ivr_offered_total":
            found["offered"] += float(value)
    return found


def await_agreement(stack: Stack) -> Truth:
    """Wait until the metrics say what the log says, and no call is open."""
    until(
        lambda: stack.asterisk.channels() == 0,
        lambda: f"all calls have ended: {stack.asterisk.cli('core show channels verbose')}",
    )

    def agreed() -> Truth | None:
        found = truth(stack.asterisk.queue_log.read_text())
        return None if told(metrics(stack), found) else found

    return until(
        agreed, lambda: f"agreement: {told(metrics(stack), truth(stack.asterisk.queue_log.read_text()))}", 10
    )


def journaled(base: Base) -> list[Event]:
    events: list[Event] = []
    after = "0"
    while True:
        after, page = stream.read(base.client, after)
        if not page:
            return events
        events += page


def test_totals_equal_what_log_records_and_phones_say(stack: Stack, base: Base) -> None:
    """Call by call: who was placed in which way is told in exactly that way, once."""
    times = 5
    with ExitStack() as held:
        placed = everything(stack, held, times)
        for name, callers in placed.items():
            totals = callers.wait(90)
            assert totals.failed == 0, f"{name}: {totals}\n{callers.last_words()}"
    found = await_agreement(stack)
    assert found.outcomes["timed_out"] == times
    assert found.queues["roaming"]["transferred"] == times
    assert found.queues["expert"]["answered"] == 2 * times
    assert found.queues["truck"]["overflowed"] == times
    assert found.queues["truck"]["abandoned"] == 2 * times
    assert found.queues["truck"]["short_abandoned"] == times
    assert found.queues["elder-care"]["refused"] == times
    assert found.queues["default"]["answered"] == times
    # the phones: who answered how many
    answered = sum(len(agents.calls) for agents in stack.agents.values())
    assert found.outcomes["answered"] == answered
    # the CDRs: a record for each agent that was talked to
    file = stack.asterisk.folder.logs / "cdr-csv/Master.csv"
    rows = list(csv.reader(file.read_text().splitlines()))
    by_agent = Counter(
        re.sub(r"PJSIP/(.*)-[0-9a-f]+", r"\1", row[6]) for row in rows if row[6] and row[14] == "ANSWERED"
    )
    events = journaled(base)
    connected = Counter(event.agent for event in events if isinstance(event, CallAnswered))
    assert connected == by_agent
    completed = Counter(event.agent for event in events if isinstance(event, CallCompleted))
    assert completed == by_agent


def test_totals_are_whole_when_the_link_to_the_switch_was_cut(stack: Stack) -> None:
    """AMI tells of no call: a cut link loses none."""
    before = stack.watch.sample("ivr_ami_errors_total", kind="lost")
    with ExitStack() as held:
        placed = everything(stack, held, 2)
        for line in stack.asterisk.cli("manager show connected").splitlines():
            if line.split()[:1] == ["ivr"]:
                stack.asterisk.cli(f"manager kick session {line.split()[-4]}")
        for callers in placed.values():
            callers.wait(90)
    until(lambda: stack.watch.sample("ivr_ami_errors_total", kind="lost") > before, "the link was cut")
    await_agreement(stack)


def test_totals_are_whole_when_the_observer_is_killed_in_mid_load(stack: Stack, base: Base) -> None:
    """It goes on from where it was: nothing is missing, nothing is counted or journaled twice."""
    with ExitStack() as held:
        placed = everything(stack, held, 3)
        until(lambda: stack.asterisk.channels() > 10, "calls are there")
        stack.watch.kill()
        for callers in placed.values():
            callers.wait(90)
        stack.watch.start()
    found = await_agreement(stack)
    answers = [event.call_id for event in journaled(base) if isinstance(event, CallAnswered)]
    assert len(answers) == found.outcomes["answered"]


def test_totals_are_whole_when_the_switch_dies_in_mid_load(stack: Stack) -> None:
    """Calls that were cut are told as that; those of after the restart count on."""
    with ExitStack() as held:
        placed = everything(stack, held, 3)
        until(lambda: "truck" in stack.asterisk.cli("core show channels concise"), "somebody waits")
        stack.asterisk.kill()
        for callers in placed.values():
            callers.stop(0)  # or they would call the new one again, and be gone
    stack.asterisk.start()
    prepare(stack)
    with ExitStack() as held:
        for callers in everything(stack, held, 2).values():
            callers.wait(90)
    found = await_agreement(stack)
    assert found.outcomes["cut"] > 0
