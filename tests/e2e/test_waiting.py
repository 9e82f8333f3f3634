"""Callers who wait: until they give up, or until others help out."""

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from loadtest.stack import Stack, Wish
from router.events import CallAbandoned, CallAnswered, CallRouted
from tests.e2e.conftest import running
from tests.e2e.customers import NUMBERS, Base
from tests.e2e.floor import DOES_NOT_ANSWER, HANGS_UP, Floor, Landed, until

pytestmark = pytest.mark.e2e

STAGE = 2
"""Seconds after which these policies send a waiting caller on."""


@pytest.fixture(scope="module")
def stack(
    wish: Callable[[Base], Wish], base: Base, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """The shipped policies with short stages; experts and the people for seniors let the phone ring."""
    folder = tmp_path_factory.mktemp("impatient")
    policies = shutil.copytree("policies", folder / "policies")
    file = policies / "10010.yaml"
    text, stages = re.subn(r"after: \d+s", f"after: {STAGE}s", file.read_text())
    assert stages == 4
    file.write_text(text)
    with running(replace(wish(base), policies=policies), folder / "stack") as stack:
        yield stack


@pytest.fixture(autouse=True, scope="module")
def _nobody_answers(stack: Stack) -> None:
    for crew in ("elder", "truck", "expert"):
        stack.seat(crew, DOES_NOT_ANSWER)


def test_a_caller_who_gives_up_is_told_of_as_that(floor: Floor) -> None:
    """A phone has rung, and nobody was spoken to."""
    number, watch = NUMBERS["gives up"], floor.stack.watch
    with floor.call(number, HANGS_UP, stay=1.5) as call:
        until(lambda: floor.waits_in("truck"), f"the caller is in the queue\n{floor}")
    routed, abandoned = call.told(CallRouted), call.told(CallAbandoned)
    assert (abandoned.call_id, abandoned.hotline, abandoned.queue) == (routed.call_id, "10010", "truck")
    assert call.events() == [routed, abandoned]
    assert floor.contacts(number) == ["truck"]
    assert watch.sample("ivr_abandoned_total", hotline="10010", queue="truck") == 1


def test_a_caller_whom_nobody_answers_is_taken_by_the_next_queue(floor: Floor) -> None:
    """Not before its time, and without counting as one who gave up."""
    number = NUMBERS["meets nobody for seniors"]
    with floor.call(number) as call:
        assert call.landed() == Landed(crew="general", number=number, segment="senior")
    routed, answered = call.told(CallRouted), call.told(CallAnswered)
    assert (routed.destination, answered.queue) == ("queue:elder-care", "general")
    assert answered.at - routed.at >= STAGE - 1
    assert call.events() == [routed, answered]


def test_a_repeat_caller_whom_no_expert_answers_is_taken_by_the_next_queue(floor: Floor) -> None:
    number = NUMBERS["meets no expert"]
    for times in (1, 2):
        with floor.call(number) as call:
            assert call.landed() == Landed(crew="general", number=number, segment="senior")
        floor.await_contacts(number, ["elder-care"] * times)
    with floor.call(number) as call:
        assert call.landed() == Landed(crew="general", number=number, segment="repeat")
    routed, answered = call.told(CallRouted), call.told(CallAnswered)
    assert (routed.destination, answered.queue) == ("queue:expert", "general")
    assert answered.at - routed.at >= STAGE - 1
