"""The link to the switch: a played Asterisk, a clock that is turned by hand."""

import pytest
from twisted.internet.endpoints import TCP4ClientEndpoint
from twisted.internet.error import ConnectError, ConnectionDone, ConnectionLost
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.python.failure import Failure

from router.ami.client import AmiLink, Login, Patience
from router.ami.wire import AmiTrouble, Message
from tests.ami.packets import (
    ACCEPTED,
    ANSWERED,
    BANNER,
    CHALLENGE,
    HUNG_UP,
    PONG,
    READY,
    REFUSED,
    packet,
    summary,
)

PATIENCE = Patience(login=5.0, quiet=5.0, silent=10.0, wrong=30.0)
RETRY = {1: 0.25, 2: 0.5, 3: 1.0}


class Told:
    """An observer that remembers."""

    def __init__(self) -> None:
        self.events: list[str | None] = []
        self.states: list[bool] = []
        self.troubles: list[AmiTrouble] = []
        self.stumbles_over = ""

    def event(self, message: Message) -> None:
        if message.event == self.stumbles_over:
            raise RuntimeError(message.event)
        self.events.append(message.event)

    def state(self, *, up: bool) -> None:
        self.states.append(up)

    def trouble(self, kind: AmiTrouble) -> None:
        self.troubles.append(kind)


class Switch:
    """Plays the other side of every connection that the link makes."""

    def __init__(self) -> None:
        self.reactor = MemoryReactorClock()
        self.told = Told()
        login = Login(user="ivr", secret="s3cret", events="agent")
        link = AmiLink(
            login,
            self.told,
            clock=self.reactor,
            retry=lambda attempt: RETRY.get(attempt, 2.0),
            patience=PATIENCE,
        )
        self.link = link
        self.service = link.service(TCP4ClientEndpoint(self.reactor, "127.0.0.1", 5038))
        self.service.startService()

    @property
    def attempts(self) -> int:
        return len(self.reactor.tcpClients)

    def accept(self) -> None:
        """Take the newest connection."""
        factory = self.reactor.tcpClients[-1][2]
        self.wire = StringTransport()
        self.protocol = factory.buildProtocol(None)
        self.protocol.makeConnection(self.wire)

    def refuse(self) -> None:
        """Let the newest connection come to nothing."""
        factory = self.reactor.tcpClients[-1][2]
        factory.clientConnectionFailed(None, Failure(ConnectError()))

    def say(self, *packets: str) -> None:
        self.protocol.dataReceived(b"".join(map(packet, packets)))

    def greet(self) -> None:
        self.protocol.dataReceived(BANNER)

    def let_in(self) -> None:
        """Accept, greet and take the login."""
        self.accept()
        self.greet()
        self.say(CHALLENGE)
        self.say(ACCEPTED)
        self.wire.clear()

    def hang_up(self, reason: Exception | None = None) -> None:
        self.protocol.connectionLost(Failure(reason or ConnectionDone()))

    def advance(self, seconds: float) -> None:
        """Turn the clock, a tenth of a second at a time."""
        for _ in range(round(seconds * 10)):
            self.reactor.advance(0.1)

    def heard(self) -> list[Message]:
        """The actions that the link has sent since the last time."""
        text = self.wire.value().decode()
        self.wire.clear()
        packets = [block.split("\r\n") for block in text.split("\r\n\r\n")[:-1]]
        return [
            Message(tuple((line.split(": ", 1)[0], line.split(": ", 1)[1]) for line in lines))
            for lines in packets
        ]


@pytest.fixture
def switch() -> Switch:
    return Switch()


class TestLogin:
    def test_waits_for_the_banner(self, switch):
        """Nothing is sent to somebody who has not said that he is an Asterisk."""
        switch.accept()
        assert switch.wire.value() == b""
        switch.greet()
        assert switch.wire.value() == b"Action: Challenge\r\nActionID: 1\r\nAuthType: MD5\r\n\r\n"

    def test_proves_the_secret_without_sending_it(self, switch):
        """The key is `printf 162789441s3cret | md5sum`; only the wanted classes of events are asked for."""
        switch.accept()
        switch.greet()
        switch.heard()
        switch.say(CHALLENGE)
        assert switch.wire.value() == (
            b"Action: Login\r\nActionID: 2\r\nAuthType: MD5\r\nUsername: ivr\r\n"
            b"Key: 3c720321b7a3b2447c42cf85d28b83f9\r\nEvents: agent\r\n\r\n"
        )

    def test_opens_the_events(self, switch):
        """The state is up from the switch's word on; events before it are not believed."""
        switch.accept()
        switch.greet()
        switch.say(CHALLENGE, ANSWERED)
        assert (switch.told.states, switch.told.events) == ([], [])
        switch.say(ACCEPTED, ANSWERED, HUNG_UP)
        assert switch.told.states == [True]
        assert switch.told.events == ["AgentConnect", "QueueCallerAbandon"]

    def test_may_come_byte_by_byte(self, switch):
        """The pieces make no difference."""
        switch.accept()
        for byte in BANNER + packet(CHALLENGE) + packet(ACCEPTED) + packet(ANSWERED):
            switch.protocol.dataReceived(bytes([byte]))
        assert [action["Action"] for action in switch.heard()] == ["Challenge", "Login"]
        assert switch.told.events == ["AgentConnect"]

    def test_with_a_wrong_secret_is_tried_again_slowly(self, switch):
        """It is said, counted, the connection closed, and the next one made after 30 s."""
        switch.accept()
        switch.greet()
        switch.say(CHALLENGE)
        switch.say(REFUSED)
        assert switch.told.troubles == [AmiTrouble.REFUSED]
        assert switch.wire.disconnected
        switch.hang_up()
        switch.advance(29.5)
        assert switch.attempts == 1
        switch.advance(1)
        assert switch.attempts == 2
        switch.let_in()
        assert switch.told.states == [True]
        assert switch.told.troubles == [AmiTrouble.REFUSED]

    @pytest.mark.parametrize("says", ["Asterisk is shutting down.", "Login Already In Use"])
    def test_refused_for_another_reason_is_tried_again_soon(self, switch, says):
        """A switch that restarts, or still has our last session, takes us shortly after."""
        switch.accept()
        switch.greet()
        switch.say(f"Response: Error\nActionID: 1\nMessage: {says}")
        assert switch.heard()[1:] == []
        switch.hang_up()
        switch.advance(0.3)
        assert switch.attempts == 2
        assert switch.told.troubles == [AmiTrouble.REFUSED]

    def test_has_a_deadline(self, switch):
        """A peer that takes the connection and says nothing, or not enough, is left."""
        switch.accept()
        switch.greet()
        switch.advance(4.5)
        assert not switch.wire.disconnected
        switch.protocol.dataReceived(b"Resp")
        switch.advance(1)
        assert switch.wire.disconnected
        assert switch.told.troubles == [AmiTrouble.SILENT]


class TestReconnection:
    def test_after_a_loss(self, switch):
        """The state goes down, the next connection logs in again, and the state is up."""
        switch.let_in()
        switch.hang_up(ConnectionLost())
        assert switch.told.states == [True, False]
        assert switch.told.troubles == [AmiTrouble.LOST]
        switch.advance(0.3)
        switch.let_in()
        switch.say(ANSWERED)
        assert switch.told.states == [True, False, True]
        assert switch.told.events == ["AgentConnect"]

    def test_waits_longer_each_time(self, switch):
        """Refused connections and ones that never got in count alike; a login forgets them."""
        for wait in (0.25, 0.5):
            switch.refuse()
            made = switch.attempts
            switch.advance(wait - 0.2)
            assert switch.attempts == made
            switch.advance(0.3)
            assert switch.attempts == made + 1
        switch.accept()
        switch.hang_up()
        switch.advance(0.8)
        assert switch.attempts == 3
        switch.advance(0.3)
        assert switch.attempts == 4
        assert switch.told.troubles == [AmiTrouble.UNREACHABLE] * 2 + [AmiTrouble.LOST]
        switch.let_in()
        switch.hang_up()
        switch.advance(0.3)
        assert switch.attempts == 5

    def test_old_answers_do_not_count(self, switch):
        """What was asked on a lost connection is not answered on the next one."""
        switch.accept()
        switch.greet()
        switch.say(CHALLENGE)
        switch.hang_up()
        switch.advance(0.3)
        switch.accept()
        switch.greet()
        switch.say(ACCEPTED)
        assert switch.told.states == []

    def test_ends_with_the_service(self, switch):
        """Stopped on purpose is no trouble, and nothing is tried again."""
        switch.let_in()
        stopped = switch.service.stopService()
        assert switch.wire.disconnecting
        switch.hang_up()
        assert stopped.called
        switch.advance(60)
        assert switch.attempts == 1
        assert (switch.told.states, switch.told.troubles) == ([True, False], [])


class TestSilence:
    def test_is_broken_by_a_ping(self, switch):
        """After five quiet seconds the switch is asked for a word; its answer is enough."""
        switch.let_in()
        for number in range(3, 9):
            switch.advance(6)
            [ping] = switch.heard()
            assert (ping["Action"], ping["ActionID"]) == ("Ping", str(number))
            switch.say(PONG.replace("ActionID: 3", f"ActionID: {number}"))
        assert switch.told.troubles == []

    def test_is_none_while_events_come(self, switch):
        """Events are as good as an answer: no ping is sent."""
        switch.let_in()
        for _ in range(10):
            switch.advance(4)
            switch.say(HUNG_UP)
        assert switch.heard() == []

    def test_ends_the_link(self, switch):
        """A half-open link is noticed after ten seconds, and a new one made."""
        switch.let_in()
        switch.advance(9)
        assert not switch.wire.disconnected
        assert len(switch.heard()) == 1
        switch.advance(2)
        assert switch.wire.disconnected
        switch.hang_up()
        assert switch.told.states == [True, False]
        assert switch.told.troubles == [AmiTrouble.SILENT]
        switch.advance(0.3)
        assert switch.attempts == 2

    def test_a_slow_answer_is_an_answer(self, switch):
        """A switch that needs four seconds for a ping is not left."""
        switch.let_in()
        switch.advance(9.5)
        switch.say(PONG)
        switch.advance(5)
        assert not switch.wire.disconnected
        assert switch.told.troubles == []


class TestGarbage:
    def test_somebody_else_is_left(self, switch):
        """A port where no Asterisk listens."""
        switch.accept()
        switch.protocol.dataReceived(b"SSH-2.0-OpenSSH_9.2\r\n")
        assert switch.wire.disconnected
        assert switch.told.troubles == [AmiTrouble.NOT_AMI]
        assert switch.wire.value() == b""

    def test_a_line_without_an_end_is_left(self, switch):
        """What still comes on that connection is not looked at."""
        switch.let_in()
        switch.protocol.dataReceived(b"E" * 100_000)
        switch.say(ANSWERED)
        switch.hang_up()
        assert switch.told.troubles == [AmiTrouble.OVERSIZE]
        assert switch.told.states == [True, False]
        assert switch.told.events == []

    def test_a_packet_of_no_kind_is_counted(self, switch):
        """The rest of an event that was cut in two; the link goes on."""
        switch.let_in()
        switch.say("CallerIDName: Eve\nLanguage: en", ANSWERED)
        assert switch.told.troubles == [AmiTrouble.ORPHAN]
        assert switch.told.events == ["AgentConnect"]

    def test_an_answer_to_nothing_is_ignored(self, switch):
        """Nobody asked."""
        switch.let_in()
        switch.say("Response: Success\nActionID: 99", "Response: Goodbye")
        assert switch.told.troubles == []

    def test_an_event_that_is_stumbled_over_costs_no_other(self, switch):
        """It is counted, and the next one taken."""
        switch.let_in()
        switch.told.stumbles_over = "QueueCallerAbandon"
        switch.say(HUNG_UP, ANSWERED)
        assert switch.told.troubles == [AmiTrouble.FAILED]
        assert switch.told.events == ["AgentConnect"]
        assert switch.told.states == [True]


class TestAsk:
    @pytest.fixture
    def answers(self):
        return []

    def test_is_answered_by_a_response(self, switch, answers):
        switch.let_in()
        switch.link.ask(answers.append, "Getvar", Variable="X")
        [asked] = switch.heard()
        assert (asked["Action"], asked["ActionID"], asked["Variable"]) == ("Getvar", "3", "X")
        switch.say(READY.replace("ActionID: 4", "ActionID: 3"))
        assert [[message["Value"] for message in answer] for answer in answers] == [["0"]]

    def test_is_answered_by_a_list_between_other_events(self, switch, answers):
        """Events of calls, and the answer to another action, come in between and go where they belong."""
        switch.let_in()
        switch.link.ask(answers.append, "QueueSummary")
        switch.link.ask(answers.append, "Getvar", Variable="X")
        response, *items, end = summary().strip().split("\n\n")
        switch.say(ANSWERED, response, HUNG_UP, items[0], READY, ANSWERED, items[1])
        assert [len(answer) for answer in answers] == [1]
        switch.say(end, HUNG_UP)
        assert [len(answer) for answer in answers] == [1, 4]
        assert switch.told.events == [
            "AgentConnect",
            "QueueCallerAbandon",
            "AgentConnect",
            "QueueCallerAbandon",
        ]
        assert switch.told.troubles == []

    def test_without_a_connection_is_not_answered(self, switch, answers):
        """Told so at once: before the login, too."""
        switch.link.ask(answers.append, "QueueSummary")
        switch.accept()
        switch.greet()
        switch.link.ask(answers.append, "QueueSummary")
        assert answers == [(), ()]

    def test_is_not_answered_when_the_connection_ends(self, switch, answers):
        """Half an answer is none; the next connection is asked anew."""
        switch.let_in()
        switch.link.ask(answers.append, "QueueSummary")
        switch.say(*summary().strip().split("\n\n")[:2])
        assert answers == []
        switch.hang_up()
        assert answers == [()]
        switch.advance(0.3)
        switch.let_in()
        switch.link.ask(answers.append, "Getvar", Variable="X")
        switch.say(READY.replace("ActionID: 4", "ActionID: 3"))
        assert [len(answer) for answer in answers] == [0, 1]

    def test_without_an_answer_ends_the_link(self, switch, answers):
        """After ten seconds, though events come: a switch that does not answer is not asked for ever."""
        switch.let_in()
        switch.link.ask(answers.append, "QueueSummary")
        for _ in range(3):
            switch.advance(3)
            switch.say(HUNG_UP)
        assert not switch.wire.disconnected
        switch.advance(2)
        assert switch.wire.disconnected
        assert switch.told.troubles == [AmiTrouble.SILENT]

    def test_a_list_without_an_end_ends_the_link(self, switch, answers):
        switch.let_in()
        switch.link.ask(answers.append, "QueueSummary")
        response, item, *_ = summary().strip().split("\n\n")
        switch.say(response, *[item] * 20_000)
        assert switch.wire.disconnected
        assert switch.told.troubles == [AmiTrouble.OVERSIZE]
        switch.hang_up()
        assert answers == [()]

    def test_an_answer_that_is_stumbled_over_costs_nothing_else(self, switch, answers):
        def stumble(answer):
            raise RuntimeError(answer)

        switch.let_in()
        switch.link.ask(stumble, "Getvar", Variable="X")
        switch.link.ask(answers.append, "Getvar", Variable="X")
        switch.say(READY.replace("ActionID: 4", "ActionID: 3"), READY)
        assert switch.told.troubles == [AmiTrouble.FAILED]
        assert [len(answer) for answer in answers] == [1]

    def test_cannot_be_made_two(self, switch, answers):
        """Nothing is asked then, and nobody told."""
        switch.let_in()
        with pytest.raises(ValueError, match="control characters"):
            switch.link.ask(answers.append, "Getvar", Variable="X\r\nAction: Logoff")
        assert (switch.heard(), answers) == ([], [])


def test_a_login_does_not_show_its_secret():
    """Not in a traceback either."""
    assert "s3cret" not in repr(Login(user="ivr", secret="s3cret", events="agent"))
