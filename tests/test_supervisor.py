"""What is to be done with workers, by tables of what happened; and what holds whatever they do."""

from dataclasses import dataclass, field
from signal import SIGABRT, SIGKILL, SIGTERM

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from router.supervisor import BROKEN, CANNOT_START, Limits, Over, Send, Spawn, Supervisor

LIMITS = Limits()

ROUNDED = 1e-6
"""Seconds that a sum of floats may be off."""


@dataclass
class World:
    """A supervisor, its clock, and workers that do what they are told to do here."""

    count: int = 2
    now: float = 1000.0
    running: set[int] = field(default_factory=set)
    sent: list = field(default_factory=list)
    spawned: list = field(default_factory=list)
    over: int | None = None

    def __post_init__(self):
        self.supervisor = Supervisor(self.count)
        self.look()

    def look(self):
        """Do what is ordered, now."""
        for order in self.supervisor.orders(self.now):
            match order:
                case Spawn(worker):
                    assert worker not in self.running
                    self.running.add(worker)
                    self.spawned.append((self.now, worker))
                    self.supervisor.started(worker, self.now)
                case Send(worker, by):
                    assert worker in self.running
                    self.sent.append((worker, by))
                case Over(code):
                    assert not self.running
                    self.over = code

    def pass_(self, seconds, *, beating=()):
        """Let time go by, looked at as often as it wants, with these saying that they turn."""
        end = self.now + seconds
        while self.now < end:
            self.now = min(end, self.now + max(0.01, min(0.5, self.supervisor.wake(self.now))))
            for worker in beating:
                self.supervisor.heard(worker, self.now)
            self.look()

    def ready(self, *workers):
        for worker in workers:
            self.supervisor.heard(worker, self.now, ready=True)

    def dies(self, worker, code=-SIGKILL):
        self.running.discard(worker)
        self.supervisor.ended(worker, self.now, code)
        self.look()


@pytest.fixture
def world():
    world = World()
    world.ready(0, 1)
    return world


def test_starts_all_of_them_at_once():
    assert World(count=3).spawned == [(1000.0, 0), (1000.0, 1), (1000.0, 2)]


def test_one_is_ready_when_it_says_so_and_until_it_ends(world):
    assert world.supervisor.ready == 2
    world.supervisor.heard(0, world.now, ready=False)
    assert world.supervisor.ready == 1
    world.dies(1)
    assert world.supervisor.ready == 0


@pytest.mark.parametrize(
    ("deaths", "pause"), [(1, 0), (2, 0.1), (3, 0.2), (4, 0.4), (7, 3.2), (8, 5), (60, 5), (200, 5)]
)
def test_one_that_dies_is_replaced_at_once_and_then_less_and_less_often(world, deaths, pause):
    """Each new one dies as soon as it is started; the pause doubles to a bound."""
    for _ in range(deaths - 1):
        world.dies(0)
        world.pass_(LIMITS.longest_pause, beating=[1])
    died = world.now
    world.dies(0)
    world.pass_(LIMITS.longest_pause, beating=[1])
    at, worker = world.spawned[-1]
    assert (worker, round(at - died, 2)) == (0, pause)


def test_one_that_has_lived_is_replaced_at_once_however_often_others_died_before(world):
    for _ in range(5):
        world.dies(0)
        world.pass_(LIMITS.longest_pause, beating=[1])
    world.ready(0)
    world.pass_(LIMITS.steady, beating=[0, 1])
    world.dies(0)
    assert 0 in world.running


class TestHung:
    def test_is_asked_where_and_then_killed_and_replaced(self, world):
        world.pass_(LIMITS.hung + 0.1, beating=[1])
        assert (world.sent, world.supervisor.ready) == ([(0, SIGABRT)], 1)
        world.pass_(LIMITS.abort + 0.1, beating=[1])
        assert world.sent == [(0, SIGABRT), (0, SIGKILL)]
        world.pass_(60, beating=[1])
        assert len(world.sent) == 2
        world.dies(0)
        assert 0 in world.running

    def test_one_that_says_that_it_turns_is_left_alone(self, world):
        world.pass_(100, beating=[0, 1])
        assert world.sent == []

    def test_has_longer_to_say_its_first_word(self):
        world = World()
        world.pass_(LIMITS.start - 0.1)
        assert world.sent == []
        world.pass_(0.2)
        assert world.sent == [(0, SIGABRT), (1, SIGABRT)]

    def test_nobody_is_blamed_when_it_was_we_who_stood_still(self, world):
        """As when the whole machine was stopped, and nobody has had time to say a word."""
        world.pass_(2, beating=[0, 1])
        world.now += 3600
        world.look()
        assert world.sent == []
        world.pass_(LIMITS.hung - LIMITS.look - 0.1, beating=[1])
        assert world.sent == []
        world.pass_(LIMITS.look, beating=[1])
        assert world.sent == [(0, SIGABRT)]


class TestEnds:
    def test_when_all_have_ended(self, world):
        world.supervisor.end(world.now)
        world.look()
        assert world.sent == [(0, SIGTERM), (1, SIGTERM)]
        world.dies(0, 0)
        assert world.over is None
        world.dies(1, 0)
        assert (world.over, world.running) == (0, set())

    def test_by_force_at_the_deadline(self, world):
        world.supervisor.end(world.now)
        world.look()
        world.dies(0, 0)
        world.pass_(LIMITS.end - 0.1, beating=[1])
        assert (1, SIGKILL) not in world.sent
        world.pass_(0.2, beating=[1])
        assert world.sent.count((1, SIGKILL)) == 1
        world.dies(1)
        assert world.over == 0

    def test_and_nobody_is_started_meanwhile(self, world):
        """One that waits for its next start is not started; one that is just told to end is not replaced."""
        world.dies(0)
        world.dies(0)
        world.supervisor.end(world.now)
        world.pass_(LIMITS.longest_pause, beating=[1])
        assert world.running == {1}

    def test_one_that_hangs_already_is_killed_at_the_deadline(self, world):
        world.pass_(LIMITS.hung + 0.1, beating=[1])
        world.supervisor.end(world.now)
        world.pass_(LIMITS.end + 0.1, beating=[1])
        assert world.sent == [(0, SIGABRT), (1, SIGTERM), (0, SIGKILL), (1, SIGKILL)]


class TestGivesUp:
    def test_when_one_says_that_it_cannot_start(self):
        """Whoever was started with it is told to end, and the code is the one that it has said."""
        world = World()
        world.ready(1)
        world.dies(0, CANNOT_START)
        assert world.sent == [(1, SIGTERM)]
        world.dies(1, 0)
        assert world.over == CANNOT_START

    def test_but_not_when_it_could_start_before(self, world):
        """What hinders it now may pass, and the others decide meanwhile."""
        world.dies(0, CANNOT_START)
        assert (world.running, world.sent) == ({0, 1}, [])
        world.dies(0, CANNOT_START)
        world.pass_(1, beating=[1])
        assert (world.running, world.sent) == ({0, 1}, [])

    def test_when_all_have_died_too_often(self, world):
        for _ in range(LIMITS.tries):
            for worker in (0, 1):
                world.dies(worker)
            world.pass_(LIMITS.longest_pause)
        assert (world.over, world.running) == (BROKEN, set())

    def test_but_not_as_long_as_one_lives(self, world):
        for _ in range(3 * LIMITS.tries):
            world.dies(0)
            world.pass_(LIMITS.longest_pause, beating=[1])
        assert world.over is None
        assert world.supervisor.ready == 1


class Anything(RuleBasedStateMachine):
    """Workers live, die, hang and speak as they like, and time goes by in any steps."""

    def __init__(self):
        super().__init__()
        self.world = World(count=3)

    @rule(seconds=st.sampled_from([0.0, 0.05, 0.4, 1.0, 3.5, 11.0, 100.0]))
    def time_passes(self, seconds):
        self.world.now += seconds
        self.world.look()

    @rule(seconds=st.sampled_from([1.0, 5.0, 12.0]))
    def time_passes_and_all_turn(self, seconds):
        self.world.pass_(seconds, beating=self.world.running)

    @precondition(lambda self: self.world.running)
    @rule(data=st.data(), code=st.sampled_from([0, 1, CANNOT_START, -SIGKILL]))
    def one_dies(self, data, code):
        self.world.dies(data.draw(st.sampled_from(sorted(self.world.running))), code)

    @precondition(lambda self: self.world.running)
    @rule(data=st.data(), ready=st.sampled_from([None, True, False]))
    def one_speaks(self, data, ready):
        worker = data.draw(st.sampled_from(sorted(self.world.running)))
        self.world.supervisor.heard(worker, self.world.now, ready=ready)

    @rule(often=st.integers(1, 30))
    def each_dies_as_soon_as_it_is_started(self, often):
        for _ in range(often):
            for worker in sorted(self.world.running):
                self.world.dies(worker)
            self.world.now += 0.05
            self.world.look()

    @rule()
    def somebody_wants_it_to_end(self):
        self.world.supervisor.end(self.world.now)
        self.world.look()

    @invariant()
    def there_are_never_more_than_wanted(self):
        assert self.world.running <= {0, 1, 2}
        assert self.world.supervisor.ready <= len(self.world.running)

    @invariant()
    def none_is_started_more_than_nine_times_in_ten_seconds(self):
        """One that dies at once is started at 0, 0, 0.1, 0.3, 0.7, 1.5, 3.1 and 6.3 s; and one was before."""
        for number in range(3):
            starts = [at for at, worker in self.world.spawned if worker == number]
            assert not any(b - a < LIMITS.steady - ROUNDED for a, b in zip(starts, starts[9:], strict=False))

    @invariant()
    def it_wants_to_be_asked_again_soon(self):
        if self.world.over is None:
            assert self.world.supervisor.wake(self.world.now) <= LIMITS.look + ROUNDED


TestAnything = Anything.TestCase
TestAnything.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
