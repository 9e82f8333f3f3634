"""The journal by age: on a real store, through a link that waits for its answers."""

import hiredis
import pytest

from router.errors import StoreDown
from router.store import retention
from router.store.retention import Retention
from router.store.stream import STREAM

DAY = 86_400_000


class Link:
    """A link that asks the store at once."""

    def __init__(self, client):
        self.client, self.asked = client, 0

    def serves(self, tag):
        return tag == STREAM

    def request(self, commands, replies, done, tag):
        assert (replies, tag) == (1, STREAM)
        self.asked += 1
        reader = hiredis.Reader()
        reader.feed(commands)
        done([self.client.execute_command(*reader.gets())])


@pytest.fixture
def link(valkey):
    return Link(valkey)


def fill(client, now, ages):
    for age in ages:  # a block each, so that each can go by itself
        client.xadd(STREAM, {"event": "x" * 5000}, id=f"{now - int(age * DAY)}-0")


def test_what_is_older_goes_and_is_counted(valkey, link, monkeypatch):
    """Some at a time, until there is nothing; by the store's clock."""
    monkeypatch.setattr(retention, "AT_ONCE", 2)
    seconds, _ = valkey.time()
    fill(valkey, seconds * 1000, (400, 100, 91, 90.1, 90.01, 89.9, 1))
    expired = []
    Retention(link, days=90, expired=expired.append).trim()
    assert (sum(expired), max(expired), valkey.xlen(STREAM)) == (5, 2, 2)
    assert link.asked == len(expired) + 1


def test_a_journal_that_is_not_there_is_no_error(valkey, link):
    expired = []
    Retention(link, days=1, expired=expired.append).trim()
    assert (expired, valkey.exists(STREAM)) == ([], 0)


def test_a_store_that_is_away_or_refuses_is_asked_another_time():
    class Refusing:
        is_up = True

        def __init__(self, *answers):
            self.answers = list(answers)

        def serves(self, _tag):
            return self.is_up

        def request(self, _commands, _replies, done, _tag):
            done(self.answers.pop(0))

    link = Refusing(StoreDown("gone"), [hiredis.ReplyError("NOPERM")])
    retained = Retention(link, days=1, expired=pytest.fail)
    retained.trim()
    retained.trim()
    assert link.answers == []
    link.is_up = False
    retained.trim()
