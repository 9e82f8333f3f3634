"""A FastAGI session, whatever the switch, the caller, the store and the clock do, in any order."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from twisted.internet.task import Clock

from router.agi.server import AgiPort, Limits
from router.agi.wire import FAILURE
from router.decision import Decision
from router.interfaces import Answer
from tests.fakes import Wire, decision, environment

WHOLE = environment()


class Session(RuleBasedStateMachine):
    """One session of a port that takes one."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.asked: list[Answer] = []
        self.refused: list[str] = []
        self.port = AgiPort(
            lambda _call, _started, answer: self.asked.append(answer),
            region="CN",
            seconds=self.clock.seconds,
            refused=self.refused.append,
            limits=Limits(sessions=1),
        )
        self.session, self.wire = self.port.buildProtocol(None), Wire()
        self.session.makeConnection(self.wire)
        self.left = WHOLE
        self.lost = False
        self.heard: list[bool] = []

    def sends(self, data: bytes) -> None:
        if not self.lost:
            self.session.dataReceived(data)

    @rule(size=st.integers(1, len(WHOLE)))
    def the_switch_goes_on_with_its_environment(self, size: int) -> None:
        if self.left:
            piece, self.left = self.left[:size], self.left[size:]
            self.sends(piece)

    @rule(data=st.binary(min_size=1, max_size=40))
    def somebody_sends_anything(self, data: bytes) -> None:
        self.sends(data)

    @rule(
        line=st.sampled_from(
            [b"HANGUP\n", b"200 result=0\n", b"200 result=-1\n", b"510 Invalid or unknown command\n", b"\n\n"]
        )
    )
    def the_switch_says(self, line: bytes) -> None:
        self.sends(line)

    @rule(data=st.binary(min_size=20_000, max_size=20_000))
    def somebody_floods(self, data: bytes) -> None:
        self.sends(data)

    @precondition(lambda self: len(self.heard) < len(self.asked))
    @rule(answer=st.sampled_from([decision(), None]))
    def it_is_decided(self, answer: Decision | None) -> None:
        self.heard.append(self.asked[-1](answer))

    @rule(seconds=st.floats(0, 3))
    def time_passes(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.port.sweep()

    @rule()
    def another_connects(self) -> None:
        """It is shed, or takes the place of this one, which then has been."""
        before, said = len(self.refused), self.wire.value()
        other = self.port.buildProtocol(None)
        other.makeConnection(Wire())
        other.connectionLost()
        if self.wire.value() == said:  # it is the other one that was counted
            del self.refused[before:]

    @rule()
    def the_connection_is_lost(self) -> None:
        if not self.lost:
            self.lost = True
            self.session.connectionLost()

    @invariant()
    def it_asks_once_at_most(self) -> None:
        assert len(self.asked) <= 1

    @invariant()
    def it_says_one_thing_at_most(self) -> None:
        """A whole command or FAILURE; and a command only for a decision that was heard."""
        said = self.wire.value()
        assert said in {b"", FAILURE} or (
            said.startswith(b'EXEC MSet "') and said.endswith(b'"\n') and said.count(b"\n") == 1
        )
        assert any(self.heard) == said.startswith(b"EXEC")

    @invariant()
    def it_is_counted_once_at_most(self) -> None:
        assert len(self.refused) - self.refused.count("ended_early") <= 1
        assert len(self.refused) <= 1

    @invariant()
    def a_refusal_ends_it(self) -> None:
        if self.wire.value() == FAILURE:
            assert self.wire.closed
            assert self.refused

    @invariant()
    def none_is_left_over_its_time(self) -> None:
        if self.lost:
            assert self.session not in self.port.sessions
        elif self.port.sessions.get(self.session, self.clock.seconds()) < self.clock.seconds() - 2:
            assert self.wire.closed


TestSession = Session.TestCase
TestSession.settings = settings(max_examples=2000, stateful_step_count=12, deadline=None)
