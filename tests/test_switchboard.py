"""What the observer sees of the switch over AMI: counted, and made the floor."""

import pytest
from prometheus_client import CollectorRegistry

from router.ami.wire import AmiTrouble, Receiver
from router.floor import AgentState, Floor
from router.watch import Switchboard
from tests.ami.packets import ANSWERED, BANNER, JOINED, MEMBER_PAUSED, MEMBERS, packet


class Lists:
    """A link that is asked for lists, and answers when the test says so."""

    def __init__(self):
        self.asked = []

    def ask(self, answered, name):
        self.asked.append((name, answered))

    def tell(self, text):
        parts = [packet(part) for part in text.strip().split("\n\n") if part]
        _, answered = self.asked.pop(0)
        answered(Receiver().receive(BANNER + b"".join(parts)))


class TestSwitchboard:
    @pytest.fixture
    def registry(self):
        return CollectorRegistry()

    @pytest.fixture
    def floor(self):
        return Floor(wrap_up=lambda _: 0)

    @pytest.fixture
    def blind(self):
        return []

    @pytest.fixture
    def board(self, registry, floor, blind):
        return Switchboard(registry, floor, wall=lambda: 7.5, blind=lambda: blind.append(7.5))

    def hear(self, board, *texts):
        for message in Receiver().receive(BANNER + b"".join(map(packet, texts))):
            board.event(message)

    def test_counts_messages(self, board, registry):
        """All of them, whatever they mean."""
        self.hear(board, JOINED, ANSWERED)
        assert registry.get_sample_value("ivr_ami_messages_total") == 2

    def test_makes_the_floor(self, board, floor):
        """Once the members are listed; what came while the list was made is newer than it."""
        link = Lists()
        board.link = link
        board.state(up=True)
        self.hear(board, MEMBER_PAUSED.replace("general-1", "vip-1"))
        board.resync()  # one list at a time
        assert [asked for asked, _ in link.asked] == ["QueueStatus"]
        assert not floor.is_known
        link.tell(MEMBERS)
        assert floor.is_known
        assert floor.queues(7.5) == {("vip", AgentState.READY): 1, ("general", AgentState.PAUSED): 1}

    def test_is_blind_without_the_switch(self, board, floor, blind):
        """A list that was asked for before counts no more."""
        link = Lists()
        board.link = link
        board.state(up=True)
        board.state(up=False)
        assert (floor.is_known, blind) == (False, [7.5])
        link.tell("")
        assert not floor.is_known
        board.state(up=True)
        link.tell(MEMBERS)
        assert floor.is_known

    def test_asks_again_while_nobody_knows(self, board, floor, registry):
        """A switch that starts lets us in before app_queue is there."""
        link = Lists()
        board.link = link
        board.state(up=True)
        for _ in range(2):
            link.tell("Response: Error\nActionID: 1\nMessage: Invalid/unknown command: QueueStatus.")
            assert not floor.is_known
            board.seek()
        link.tell(MEMBERS)
        assert floor.is_known
        board.seek()
        assert not link.asked
        assert registry.get_sample_value("ivr_ami_errors_total", {"kind": "refused"}) == 2

    def test_counts_what_it_does_not_believe(self, board, registry):
        self.hear(board, MEMBER_PAUSED.replace("Status: 1", "Status: x"))
        assert registry.get_sample_value("ivr_ami_errors_total", {"kind": "tainted"}) == 1

    @pytest.mark.parametrize("kind", AmiTrouble)
    def test_has_every_trouble_from_the_start(self, board, registry, kind):
        """A rate starts at zero, and counts on."""
        assert registry.get_sample_value("ivr_ami_errors_total", {"kind": kind}) == 0
        board.trouble(kind)
        assert registry.get_sample_value("ivr_ami_errors_total", {"kind": kind}) == 1

    def test_knows_whether_events_come(self, board, registry):
        """For /readyz and for the gauge."""
        assert not board.is_up
        for up in (True, False):
            board.state(up=up)
            assert board.is_up is up
            assert registry.get_sample_value("ivr_ami_connected") == up
