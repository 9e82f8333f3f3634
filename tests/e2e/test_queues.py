"""What policies ask of queues and for: how busy they are, who may take the call, what is said, and when."""

import shutil
import time
import wave
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from loadtest.stack import Stack, Wish
from router.events import CallAnswered, CallRouted
from router.facts import QueueLoad
from router.store.layout import LOADS, decode_load
from tests.e2e.conftest import running
from tests.e2e.customers import NUMBERS, Base, imported
from tests.e2e.floor import Floor, Landed, until

pytestmark = pytest.mark.e2e

BUSY, HELPERS, OWN_FIRST, ANNOUNCED, GENERAL, BY_DAY, ALWAYS = (
    "10010",
    "037110010",
    "031110010",
    "053110010",
    "035110010",
    "02910010",
    "02410010",
)
"""Numbers dialled; each has a hotline of its own here."""
STAGE = 4
"""Seconds."""
ANNOUNCEMENT = 2.5
"""Seconds."""
WRAPUP = 60
"""Seconds: until the tests are over, who has had a call writes."""
ROUTES: Mapping[str, list[object]] = {
    BUSY: [
        {
            "name": "busy",
            "when": {"load": {"queue": "general", "waiting": {"at_least": 1}}},
            "to": {"queue": "vip"},
        },
        {"name": "free", "to": {"queue": "general"}},
    ],
    HELPERS: [{"name": "helpers", "to": {"queue": "vip", "penalty": {"min": 1, "max": 1}}}],
    OWN_FIRST: [
        {
            "name": "own-first",
            "to": {"queue": "roaming", "penalty": {"min": 0, "max": 0}},
            "overflow": [{"after": f"{STAGE}s", "to": {"queue": "roaming", "penalty": {"min": 1, "max": 1}}}],
        }
    ],
    ANNOUNCED: [{"name": "announced", "to": {"queue": "expert", "announcement": "expert-soon"}}],
    GENERAL: [{"name": "general", "to": {"queue": "general"}}],
    BY_DAY: [
        {"name": "closed", "when": {"not": {"open": "another-day"}}, "to": {"announce": "office-closed"}},
        {"name": "open", "to": {"queue": "vip"}},
    ],
    ALWAYS: [
        {"name": "open", "when": {"open": "always"}, "to": {"queue": "vip"}},
        {"name": "closed", "to": {"announce": "office-closed"}},
    ],
}


@pytest.fixture(scope="module")
def policies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hotline for each thing that a policy can ask for."""
    folder: Path = tmp_path_factory.mktemp("asking")
    for name in ("attributes.yaml", "queues.yaml"):
        shutil.copy(Path("policies") / name, folder)
    weekday = (time.gmtime().tm_wday + 3) % 7  # not today, nor tomorrow should it be midnight soon
    day = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")[weekday]
    hours = {
        "another-day": {"days": {day: ["00:00-24:00"]}},
        "always": {"days": {"mon-sun": ["00:00-24:00"]}},
    }
    YAML().dump({"time_zone": "UTC", "hours": hours}, folder / "hours.yaml")
    for number, routes in ROUTES.items():
        YAML().dump({"hotline": number, "numbers": [number], "routes": routes}, folder / f"{number}.yaml")
    return folder


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Base]:
    """A store of its own: another switch's observer would tell how busy other queues are."""
    with imported(tmp_path_factory.mktemp("base") / "store") as base:
        yield base


@pytest.fixture(scope="module")
def stack(
    wish: Callable[[Base], Wish],
    base: Base,
    policies: Path,
    recordings: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Stack]:
    """One announcement is longer than the others; agents write for a minute after a call."""
    folder = tmp_path_factory.mktemp("asked")
    own = shutil.copytree(recordings, folder / "recordings")
    for sound in own.glob("*/expert-soon.wav"):
        with wave.open(str(sound), "rb") as short:
            form = short.getparams()
        with wave.open(str(sound), "wb") as long:
            long.setparams(form)
            long.writeframes(bytes(round(2 * 8000 * ANNOUNCEMENT)))
    asking = replace(wish(base), policies=policies, recordings=own, wrapup=WRAPUP)
    with running(asking, folder / "stack") as stack:
        yield stack


def load_of(floor: Floor, queue: str) -> QueueLoad | None:
    """The load that routers find in the store."""
    value = floor.base.client.hget(LOADS, queue)
    return None if value is None else decode_load(value)[0]


@contextmanager
def nobody_sits_at(stack: Stack, crew: str) -> Iterator[None]:
    stack.agents[crew].stop()
    try:
        yield
    finally:
        stack.seat(crew)


def test_a_caller_goes_elsewhere_while_another_waits(floor: Floor) -> None:
    """The observer publishes it for real; with the one who waited gone, the next is not sent away."""
    busy, waiting = NUMBERS["finds the queue busy"], NUMBERS["waits in the queue"]
    with nobody_sits_at(floor.stack, "general"):
        with floor.call(waiting, dialled=GENERAL) as first:
            load = until(
                lambda: (load := load_of(floor, "general")) and load.waiting and load, "the caller is counted"
            )
            assert load.waiting == 1
            with floor.call(busy, dialled=BUSY) as second:
                assert second.landed() == Landed(crew="vip", number=busy, segment="none")
                assert second.told(CallRouted).rule == "busy"
            with floor.call("", "an_anonymous_caller", dialled=BUSY) as withheld:
                assert withheld.landed() == Landed(crew="vip", number="", segment="none")
                assert withheld.told(CallRouted).rule == "busy"
            until(lambda: (load_of(floor, "general") or load).longest_wait >= 2, "the wait grows")
            floor.stack.seat("general")
            assert first.landed() == Landed(crew="general", number=waiting, segment="none")
        until(lambda: (load_of(floor, "general") or load).waiting == 0, "nobody waits")
    free = NUMBERS["finds the queue empty"]
    with floor.call(free, dialled=BUSY) as call:
        assert call.landed() == Landed(crew="general", number=free, segment="none")
        assert call.told(CallRouted).rule == "free"


def test_who_writes_is_not_ready(floor: Floor) -> None:
    """Asterisk's Available counts him; a caller would wait for him all the same."""
    before = until(lambda: load_of(floor, "expert"), "there is a load")
    number = NUMBERS["makes an agent write"]
    with floor.call(number, dialled=ANNOUNCED) as call:
        assert call.landed().crew == "expert"
    until(floor.is_empty, "the call has ended")
    until(lambda: load_of(floor, "expert") == replace(before, ready=before.ready - 1), "one less is ready")


def test_a_call_for_helpers_is_taken_by_helpers_though_own_people_are_free(floor: Floor) -> None:
    number = NUMBERS["is for helpers"]
    with floor.call(number, dialled=HELPERS) as call:
        assert call.landed() == Landed(crew="general", number=number, segment="none")
        assert call.told(CallAnswered).queue == "vip"


def test_limits_hold_for_their_stage_and_the_next_has_its_own(floor: Floor) -> None:
    """Own people write. The queue's rule would open it to helpers after a second: it does not count here."""
    asterisk = floor.stack.asterisk
    rules = asterisk.folder.configuration / "queuerules.conf"
    rules.write_text(rules.read_text().replace("=> 30,1", "=> 1,1"))
    asterisk.cli("queue reload rules")
    assert "After 1 seconds, adjust QUEUE_MAX_PENALTY to 1" in asterisk.cli("queue show rules")
    for who in ("makes one of two write", "makes both write"):
        with floor.call(NUMBERS[who], dialled=OWN_FIRST) as call:
            assert call.landed() == Landed(crew="roaming", number=NUMBERS[who], segment="none")
    number = NUMBERS["is for own people"]
    with floor.call(number, dialled=OWN_FIRST) as call:
        assert call.landed() == Landed(crew="general", number=number, segment="none")
        routed, answered = call.told(CallRouted), call.told(CallAnswered)
    assert answered.queue == "roaming"
    assert answered.at - routed.at >= STAGE - 1


def test_an_announcement_is_heard_before_the_queue(floor: Floor) -> None:
    number = NUMBERS["hears an announcement"]
    with floor.call(number, dialled=ANNOUNCED) as call:
        until(lambda: "ivr/expert-soon" in floor.stack.asterisk.cli("core show channels concise"), "it plays")
        assert not floor.waits_in("expert")
        assert call.landed() == Landed(crew="expert", number=number, segment="none")
        routed, answered = call.told(CallRouted), call.told(CallAnswered)
    assert answered.at - routed.at >= ANNOUNCEMENT - 1


def test_a_caller_outside_the_hours_hears_so_and_one_inside_reaches_a_person(floor: Floor) -> None:
    early = NUMBERS["calls too early"]
    with floor.call(early, dialled=BY_DAY) as call:
        routed = call.told(CallRouted)
        assert (routed.rule, routed.destination) == ("closed", "announce:office-closed")
    assert call.events() == [routed]
    number = NUMBERS["calls in time"]
    with floor.call(number, dialled=ALWAYS) as call:
        assert call.landed() == Landed(crew="vip", number=number, segment="none")


def test_the_switch_says_nothing_strange(floor: Floor) -> None:
    """No value that app_queue complains of, no prompt that is missing, no answer that is not believed."""
    complaints = "\n".join(floor.stack.asterisk.complaints())
    assert "PENALTY" not in complaints
    assert "rule" not in complaints
    assert "ivr/" not in complaints
    assert floor.stack.watch.sample("ivr_ami_errors_total") == 0
