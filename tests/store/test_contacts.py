"""What events add to the contacts of a caller, on a real store."""

import pytest

from router.facts import CallId
from router.numbers import Pseudonym
from router.store.bulk import bulk
from router.store.contacts import COMMANDS, recording
from router.store.layout import MAX_CONTACTS, contacts_key, decode_contacts
from tests import fakes
from tests.fakes import routed

CALLER = Pseudonym("k1.AAAAAAAAAAAAAAAA")
KEY = contacts_key(CALLER)
WINDOW = 72 * 3600


def answered(call_id="1.1", at=110.0, queue="expert", caller=CALLER):
    return fakes.answered(
        call_id=CallId(call_id), at=at, caller=caller, hotline="10010", queue=queue, agent="a1", wait=7
    )


def offered(call_id="1.1", at=100.5, caller=CALLER):
    return routed(call_id=CallId(call_id), at=at, caller=caller)


def record(valkey, *events, window=WINDOW):
    with bulk(valkey) as connection:
        for event in events:
            connection.send(recording(event, window), COMMANDS, lambda _: None)
        connection.finish()


def contacts(valkey):
    return decode_contacts(valkey.lrange(KEY, 0, -1))


def test_an_offered_call(valkey):
    record(valkey, offered())
    assert valkey.lrange(KEY, 0, -1) == [b"o 100 1.1 10010"]


def test_an_answered_call(valkey):
    record(valkey, offered(), answered())
    assert valkey.lrange(KEY, 0, -1) == [b"a 110 1.1 10010 expert 7 a1", b"o 100 1.1 10010"]
    [contact] = contacts(valkey)
    assert (contact.at, contact.answered, contact.queue) == (110, True, "expert")


def test_the_newest_is_first(valkey):
    record(valkey, offered("1.1", at=100), offered("2.1", at=200))
    assert [contact.call_id for contact in contacts(valkey)] == ["2.1", "1.1"]


def test_a_call_that_was_abandoned(valkey):
    """It says where he waited, and for how long."""
    record(
        valkey,
        offered(),
        fakes.abandoned(call_id=CallId("1.1"), at=120.0, caller=CALLER, queue="vip", wait=20),
    )
    [contact] = contacts(valkey)
    assert (contact.answered, contact.queue, contact.wait, contact.lost) == (False, "vip", 20, "abandoned")


@pytest.mark.parametrize("event", [offered(caller=None), answered(caller=None)])
def test_withheld_callers_have_no_contacts(event):
    assert recording(event, WINDOW) == b""


def test_nothing_is_kept_that_no_policy_looks_at():
    assert recording(offered(), 0) == b""


def test_written_twice_is_one_contact(valkey):
    """The journal writes a batch again when it cannot know that it was taken."""
    record(valkey, offered(), answered(), offered(), answered())
    assert len(contacts(valkey)) == 1


def test_the_list_is_bounded(valkey):
    """A robot that calls all day costs no more memory than anybody."""
    for call in range(MAX_CONTACTS + 10):
        record(valkey, offered(str(call)))
    assert valkey.llen(KEY) == MAX_CONTACTS
    assert contacts(valkey)[0].call_id == str(MAX_CONTACTS + 9)


def test_contacts_end_with_the_window(valkey):
    """Counted from the last one."""
    record(valkey, offered(), window=60)
    record(valkey, answered(), window=WINDOW)
    assert WINDOW - 60 < valkey.ttl(KEY) <= WINDOW
