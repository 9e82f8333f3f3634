"""A folder that is followed."""

import asyncio
import pickle
from contextlib import asynccontextmanager

import pytest

from router.live.following import Follower, Outcome, Result
from router.live.judge import verdict
from router.live.verdict import Failed, Good, Order, Refused
from router.policy.load import load
from tests.live.world import hotline

NEVER = 3600.0
"""Seconds between two polls, where a test does not want any."""
OFTEN = 0.002


def judged(order):
    """Without a proof no clock is needed."""
    return verdict(order, clock=None, now=0)


class Owner:
    """Whose policies they are: remembers what happened."""

    def __init__(self):
        self.live = None
        self.confirmed = []
        self.outcomes = []
        self.kept = []
        self.can_keep = True

    def take(self, policies):
        self.live = policies.version

    async def confirm(self, good):
        self.confirmed.append(good.version)

    async def keep(self, good):
        self.kept.append(good.version)
        return self.can_keep

    def told(self, outcome):
        self.outcomes.append(outcome)


class Examination:
    """Looks at folders when the test lets it, and remembers the orders."""

    def __init__(self):
        self.orders = []
        self.verdict = judged
        self.gate = asyncio.Event()
        self.gate.set()

    async def aside(self, function, *given):
        if function is self:
            self.orders.append(given[0])
            await self.gate.wait()
            return self.verdict(*given)
        return function(*given)

    def __call__(self):
        raise AssertionError


@asynccontextmanager
async def following(folder, *, live=None, poll=NEVER, **wish):
    """A follower that runs, its owner and what it examines with."""
    owner, examination = Owner(), Examination()
    follower = Follower(
        Order(folder=folder, proof_seconds=None),
        owner,
        live=live,
        examine=examination,
        aside=examination.aside,
        poll=poll,
        **wish,
    )
    task = asyncio.create_task(follower.follow())
    try:
        yield follower, owner, examination
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(condition):
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110  no event tells
            await asyncio.sleep(0.001)


def run(test):
    """Tests that await, without a plugin."""

    def ran(policies):
        asyncio.run(test(policies))

    ran.__doc__ = test.__doc__
    return ran


@run
async def test_a_new_version_is_taken_and_confirmed(policies):
    async with following(policies, live="policies@0") as (follower, owner, _):
        version = load(policies).version
        assert await follower.ask() == Outcome(result=Result.LOADED, version=version)
        assert (owner.live, owner.confirmed, follower.live) == (version, [version], version)


@run
async def test_the_version_that_is_live_is_confirmed_once_and_not_taken(policies):
    version = load(policies).version
    async with following(policies, live=version) as (follower, owner, examination):
        unchanged = Outcome(result=Result.UNCHANGED, version=version)
        assert [await follower.ask(), await follower.ask()] == [unchanged, unchanged]
        assert (owner.live, owner.confirmed) == (None, [version])
        assert [order.known for order in examination.orders] == [None, version]


@run
async def test_files_with_mistakes_change_nothing(policies):
    async with following(policies) as (follower, owner, _):
        good = (await follower.ask()).version
        (policies / "10010.yaml").write_text("hotline: 1\n")
        outcome = await follower.ask()
        assert (outcome.result, outcome.version, outcome.good) == (Result.REFUSED, good, False)
        assert outcome.problems[0].startswith("10010.yaml:1:1 ")
        assert owner.live == good
        (policies / "10010.yaml").write_text(hotline())
        assert (await follower.ask()).result is Result.UNCHANGED


@run
async def test_without_a_last_good_version_none_is_live_then(policies):
    """And the same files are taken again when they are good again."""
    async with following(policies, last_good=False) as (follower, owner, _):
        await follower.ask()
        (policies / "10010.yaml").write_text("hotline: 1\n")
        assert (await follower.ask()).version is None
        (policies / "10010.yaml").write_text(hotline())
        assert (await follower.ask()).result is Result.LOADED
        assert owner.outcomes[-1].version == owner.live


@run
async def test_who_asks_while_it_is_busy_waits_for_one_more(policies):
    """However many they are; and who asked before has the first outcome."""
    async with following(policies) as (follower, owner, examination):
        examination.gate.clear()
        first = follower.ask()
        await until(lambda: examination.orders)
        more = [follower.ask() for _ in range(5)]
        (policies / "10010.yaml").write_text(hotline("second"))
        examination.gate.set()
        await asyncio.gather(first, *more)
        assert len(examination.orders) == 2
        assert [outcome.result for outcome in owner.outcomes] == [Result.LOADED, Result.UNCHANGED]
        assert {asked.result() for asked in more} == {owner.outcomes[1]}


@run
async def test_changed_files_are_looked_at_when_they_have_settled(policies):
    """Once for each change; files that nobody touches are looked at once, after the start."""
    async with following(policies, live=load(policies).version, poll=OFTEN) as (_, owner, examination):
        await until(lambda: owner.outcomes)
        assert owner.outcomes[0].result is Result.UNCHANGED
        (policies / "10010.yaml").write_text(hotline("second"))
        await until(lambda: len(owner.outcomes) == 2)
        assert owner.outcomes[1] == Outcome(result=Result.LOADED, version=load(policies).version)
        assert len(examination.orders) == 2


@run
async def test_files_that_change_with_every_look_are_not_read(policies):
    """Somebody is writing them."""
    async with following(policies, poll=OFTEN) as (follower, owner, examination):
        await follower.ask()
        looks = []

        async def writing(function, *given):
            if function is not examination:
                looks.append(None)
                (policies / "10010.yaml").write_text(hotline("x" * len(looks)))
            return await examination.aside(function, *given)

        follower._aside = writing
        await until(lambda: len(looks) > 10)
        assert len(examination.orders) == 1
        follower._aside = examination.aside
        await until(lambda: len(examination.orders) == 2)
        assert owner.outcomes[1].result is Result.LOADED


@run
async def test_a_failure_is_told_and_tried_again_by_itself(policies):
    async with following(policies, poll=OFTEN) as (follower, owner, examination):
        examination.verdict = lambda _: Failed(why="killed")
        outcome = await follower.ask()
        assert outcome == Outcome(result=Result.FAILED, version=None, problems=("killed",))
        examination.verdict = judged
        await until(lambda: len(owner.outcomes) == 2)
        assert owner.outcomes[1].result is Result.LOADED


@run
async def test_a_bug_of_ours_is_a_failure_and_not_the_end(policies):
    async with following(policies) as (follower, owner, examination):
        examination.verdict = lambda _: Good(version="x", book=pickle.dumps(None), files={}, proved=True)
        assert (await follower.ask()).result is Result.FAILED
        assert owner.live is None
        examination.verdict = judged
        assert (await follower.ask()).result is Result.LOADED


@run
async def test_says_whom_the_proof_need_not_persuade(policies):
    """What is live, and what has been live: of this folder, not of another in the same archive."""
    async with following(policies, live="policies@1", trusted=lambda: ["policies@2", "other@3"]) as (
        follower,
        _,
        examination,
    ):
        examination.verdict = lambda _: Refused(problems=("broken",))
        await follower.ask()
        assert examination.orders[0].trusted == {"policies@1", "policies@2"}


@run
async def test_a_version_that_could_not_be_kept_is_kept_with_the_next_look(policies):
    """Once it is, no more."""
    version = load(policies).version
    async with following(policies, live=version) as (follower, owner, _):
        owner.can_keep = False
        await follower.ask()
        await follower.ask()
        owner.can_keep = True
        await follower.ask()
        assert owner.kept == [version] * 3
        assert (await follower.ask()).result is Result.UNCHANGED
        assert (owner.kept, owner.confirmed) == ([version] * 3, [version])


@run
async def test_a_version_that_could_not_be_kept_is_tried_again_by_itself(policies):
    """Though nobody asks, and though its files are no longer good."""
    version = load(policies).version
    async with following(policies, live=version, poll=OFTEN) as (follower, owner, _):
        owner.can_keep = False
        await follower.ask()
        (policies / "10010.yaml").write_text("hotline: 1\n")
        await until(lambda: len(owner.kept) > 2)
        owner.can_keep = True
        tries = len(owner.kept)
        await until(lambda: len(owner.kept) > tries)
        assert set(owner.kept) == {version}
        assert owner.outcomes[-1].result is Result.REFUSED


@run
async def test_who_waits_when_it_ends_is_told_so(policies):
    async with following(policies) as (follower, _, examination):
        examination.gate.clear()
        busy = follower.ask()
        await until(lambda: examination.orders)
        waiting = follower.ask()
    assert busy.cancelled()
    assert waiting.cancelled()


@pytest.mark.parametrize("result", Result)
def test_files_are_live_when_loaded_or_unchanged(result):
    assert Outcome(result=result, version="v").good is (result in {Result.LOADED, Result.UNCHANGED})
