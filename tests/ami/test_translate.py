"""What the switch says of its queues, as values of ours."""

import pytest

from router.ami.translate import Waiting, ready, ready_of, waiting
from router.ami.wire import AmiError, AmiTrouble, Message, Receiver
from tests.ami.packets import BANNER, FORBIDDEN, READY, packet, summary


def messages(text: str) -> list[Message]:
    return Receiver().receive(BANNER + packet(text))


def without(text: str, key: str) -> str:
    return "\n".join(line for line in text.split("\n") if not line.startswith(key))


class TestWaiting:
    def test_is_of_every_queue_those_who_wait_now(self):
        """Callers and the longest wait of them; not HoldTime, the average of calls that are over."""
        assert waiting(messages(summary())) == {
            "general-queue": Waiting(callers=3, longest=41),
            "vip": Waiting(callers=0, longest=0),
        }

    def test_is_of_none_where_the_switch_has_no_queue(self):
        first, *_, last = messages(summary())
        assert waiting([first, last]) == {}

    def test_has_a_bound(self):
        found = waiting(messages(summary(Callers="999999999", LongestHoldTime="100001")))
        assert found["general-queue"] == Waiting(callers=100_000, longest=100_000)

    @pytest.mark.parametrize(
        "changed",
        [
            {"Callers": "-1"},
            {"Callers": ""},
            {"Callers": "1e3"},
            {"LongestHoldTime": "4294967295"},
            {"LongestHoldTime": "٣"},
            {"Queue": ""},
            {"Queue": "vip,ready)"},
            {"Queue": "v" * 81},
            {"Event": "QueueParams"},
        ],
    )
    def test_is_not_read_from_strange_lines(self, changed):
        with pytest.raises(AmiError) as refused:
            waiting(messages(summary(**changed)))
        assert refused.value.trouble is AmiTrouble.TAINTED

    @pytest.mark.parametrize("key", ["Queue", "Callers", "LongestHoldTime"])
    def test_is_not_read_where_a_line_is_missing(self, key):
        first, *rest = summary().strip().split("\n\n")
        with pytest.raises(AmiError) as refused:
            waiting(messages("\n\n".join([first, *(without(text, key) for text in rest)])))
        assert refused.value.trouble is AmiTrouble.TAINTED

    def test_a_refusal_is_told_apart(self):
        with pytest.raises(AmiError) as refused:
            waiting(messages(FORBIDDEN))
        assert refused.value.trouble is AmiTrouble.REFUSED
        with pytest.raises(AmiError) as refused:
            waiting(messages(READY))
        assert refused.value.trouble is AmiTrouble.TAINTED


class TestReady:
    def test_is_a_figure_of_app_queue(self):
        assert ready_of("general-queue") == "QUEUE_MEMBER(general-queue,ready)"
        assert ready(messages(READY)) == 0

    @pytest.mark.parametrize("text", [FORBIDDEN, READY.replace("Value: 0", "Value:"), "Response: Success"])
    def test_is_not_read_from_anything_else(self, text):
        with pytest.raises(AmiError):
            ready(messages(text))
