"""What a run's journal comes to."""

import pytest

from loadtest.load.seen import Outcome
from router.cli.under_load import Journal
from router.events import UNDECIDED, CallOffered, CallUnanswered, PersonRequested, Unanswered, to_json
from router.store import stream
from tests.fakes import abandoned, answered, routed


def requested(call_id):
    return PersonRequested(
        call_id=call_id,
        at=1.0,
        hotline="10010",
        segment="senior",
        province="none",
        queue="elder-care",
        by="direct",
    )


def offered(call_id, rule):
    return CallOffered(
        call_id=call_id,
        at=1.0,
        hotline="10010",
        segment="none",
        province="none",
        rule=rule,
        destination="queue:x",
    )


EVENTS = [
    *(routed(call_id=f"1.{place}") for place in range(5)),
    *(requested(f"1.{place}") for place in range(4)),
    offered("1.0", "senior-direct"),
    offered("1.5", UNDECIDED),
    answered(call_id="1.0", at=3.0, wait=2, waited=5),
    abandoned(call_id="1.1", at=4.0),
    CallUnanswered(
        call_id="1.2",
        at=5.0,
        caller=None,
        hotline="10010",
        segment="senior",
        province="none",
        asked="elder-care",
        queue="default",
        wait=1,
        waited=9,
        why=Unanswered.TIMED_OUT,
    ),
]


@pytest.fixture
def journal(embedded_store):
    """A journal of a run, read twice: in the middle and at its end."""
    _, client = embedded_store
    journal = Journal(client)
    for place, event in enumerate(EVENTS):
        client.xadd(stream.STREAM, {"event": to_json(event)})
        if place == 6:
            journal.read()
    journal.read()
    return journal


def test_requests_end_by_an_answer_or_without(journal):
    assert [(request.outcome, request.waited) for request in journal.requests] == [
        (Outcome.ANSWERED, 5),
        (Outcome.ABANDONED, 12),
        (Outcome.UNANSWERED, 9),
    ]
    assert [*journal.open] == ["1.3"]


def test_a_call_by_default_is_one_that_nobody_decided(journal):
    assert journal.by_default == 1
    assert len(journal.board.routed) == 5
