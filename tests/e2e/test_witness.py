"""What the switch tells a client that is not ours (pyst2) is what the product says."""

from collections.abc import Iterator, Mapping
from contextlib import suppress

import pytest
from asterisk.manager import Manager

from router.events import CallAnswered
from tests.e2e.customers import NUMBERS
from tests.e2e.floor import Floor, Landed, until

pytestmark = [
    pytest.mark.e2e,
    # pyst2 0.5.1 uses threads as Python 2 did.
    pytest.mark.filterwarnings("ignore:.*(setDaemon|currentThread|isSet)..:DeprecationWarning"),
]


class Witness(Manager):  # type: ignore[misc]
    """An AMI client of somebody else's, logged in as the observer is."""

    def __init__(self, port: int, secret: str) -> None:
        super().__init__()
        self.connect("127.0.0.1", port)
        # No events but those that are asked for: at a line ChanVariable pyst2 0.5.1 calls dict.has_key(),
        # which is no more; its thread dies of it, and whoever asks then waits for ever.
        login = {"Action": "Login", "Username": "ivr", "Secret": secret, "Events": "off"}
        assert self.send_action(login)["Response"] == "Success"

    def end(self) -> None:
        """Log off, and wait for the threads to end."""
        with suppress(ValueError):  # the switch hung up, and pyst2's thread closed the file while it wrote
            self.logoff()
        until(lambda: not self.connected(), "the switch hangs up")
        self.close()

    def __del__(self) -> None:
        """It has been ended; pyst2 would do it again, at a time when its warnings are errors."""

    def queues(self, kind: str) -> list[Mapping[str, str]]:
        """What the switch says of its queues (QueueParams), their members or those who wait (QueueEntry)."""
        # pyst2 takes "status will follow" for a marker, and gives the whole list as one text.
        told = self.send_action({"Action": "QueueStatus"}).data.split("\r\n\r\n")
        events = [dict(line.split(": ", 1) for line in event.split("\r\n") if ": " in line) for event in told]
        assert events[-1]["EventList"] == "Complete"
        return [event for event in events if event.get("Event") == kind]

    def completed(self, queue: str) -> int:
        """Calls that were answered in a queue."""
        (params,) = (params for params in self.queues("QueueParams") if params["Queue"] == queue)
        return int(params["Completed"])


@pytest.fixture
def witness(floor: Floor) -> Iterator[Witness]:
    site = floor.stack.asterisk.site
    witness = Witness(site.ami_port, site.ami_secret)
    yield witness
    witness.end()


def test_a_waiting_caller_stands_in_the_queue_that_the_router_chose(floor: Floor, witness: Witness) -> None:
    """Nobody sits at the phones of the people for seniors until the witness has looked."""
    number, stack = NUMBERS["is seen waiting"], floor.stack
    stack.agents["elder"].stop()
    try:
        with floor.call(number) as call:
            until(lambda: floor.waits_in("elder-care"), f"the caller is in the queue\n{floor}")
            (entry,) = witness.queues("QueueEntry")
            assert (entry["Queue"], entry["Position"], entry["Priority"]) == ("elder-care", "1", "20")
            assert (entry["CallerIDNum"], entry["CallerIDName"]) == (number, "senior")
            stack.seat("elder")
            assert call.landed() == Landed(crew="elder", number=number, segment="senior")
    finally:
        stack.seat("elder")


def test_the_switch_and_the_observer_count_the_same_answered_call(floor: Floor, witness: Witness) -> None:
    number, watch = NUMBERS["is seen answered"], floor.stack.watch
    before = witness.completed("vip"), watch.sample("ivr_answered_total", queue="vip")
    with floor.call(number) as call:
        assert call.landed() == Landed(crew="vip", number=number, segment="vip")
    assert call.told(CallAnswered).queue == "vip"
    after = witness.completed("vip"), watch.sample("ivr_answered_total", queue="vip")
    assert after == (before[0] + 1, before[1] + 1)
