"""One call's way: ask the store once, decide, answer, then tell what happened."""

from dataclasses import replace
from pathlib import Path

import pytest

from router.decision import UNMARKED, Mark
from router.errors import StoreBusy, StoreDown, StoreTimeout
from router.facts import Call, Caller, Contact, Data, QueueLoad
from router.numbers import PseudonymKey
from router.policy.load import load
from router.policy.shadow import Shadow, Tally
from router.routing import Routing
from tests.fakes import Callers

KEY = PseudonymKey(key_id="k1", secret=b"s" * 32)
NOW = 1_732_391_200
CALL = Call(call_id="1732391200.1", ani="+8613800138000", dnis="10010")


class Service:
    """A routing with a store that answers when the test says so, and a record of what came out."""

    def __init__(self):
        self.store = Callers()
        self.trace = []
        self.heard = True
        self.routing = Routing(
            policies=load(Path("policies")),
            store=self.store,
            publish=self.trace.append,
            key=KEY,
            wall=lambda: NOW + 0.5,
            monotonic=lambda: 100.25,
        )

    def answer(self, decision, mark=UNMARKED):
        self.mark = mark
        self.trace.append(decision)
        return self.heard

    def route(self, call=CALL):
        self.routing.route(call, 100.0, self.answer)

    def caller(self, contacts=(), **customer):
        """What the store knows of a customer, the rest as missing."""
        missing = {need.name: need.missing for need in self.routing.policies.needs.attributes}
        return Caller(customer={**missing, "known": True, **customer}, contacts=tuple(contacts), loads={})


@pytest.fixture
def service():
    return Service()


def answered(hours_ago, call_id):
    return Contact(at=NOW - hours_ago * 3600, call_id=call_id, answered=True, queue="general")


def test_the_caller_is_answered_before_anything_is_told(service):
    """The decision first, then the event with the pseudonym, the mask and the time it took."""
    service.route()
    assert service.trace == []
    assert [asked for asked, _ in service.store.asked] == [KEY.pseudonym(CALL.ani)]
    service.store.tell(service.caller(age=70))
    decision, event = service.trace
    assert (decision.rule, decision.segment, decision.destination) == (
        event.rule,
        event.segment,
        event.destination,
    )
    assert event.destination == "queue:elder-care"
    assert (event.call_id, event.at, event.caller) == (CALL.call_id, NOW + 0.5, KEY.pseudonym(CALL.ani))
    assert (event.masked, event.data, event.seconds) == ("138****8000", Data.FRESH, 0.25)
    assert event.policy == service.routing.policies.version


@pytest.mark.parametrize(
    ("customer", "contacts", "destination"),
    [
        ({"age": 64}, [], "menu:main"),
        ({"age": 65}, [], "queue:elder-care"),
        ({"occupation": "truck_driver"}, [], "queue:truck"),
        ({"star": 5}, [], "queue:vip"),
        ({"key_customer": True}, [], "queue:vip"),
        ({"age": 70}, [answered(1, "1.1"), answered(71, "1.2")], "queue:expert"),
        ({"age": 70}, [answered(1, "1.1"), answered(73, "1.2")], "queue:elder-care"),
        ({}, [answered(1, "1.1")], "menu:main"),
    ],
)
def test_the_shipped_policy_routes_by_what_the_store_says(service, customer, contacts, destination):
    service.route()
    service.store.tell(service.caller(contacts=contacts, **customer))
    assert service.trace[0].destination == destination


@pytest.mark.parametrize(
    ("contacts", "mark"),
    [
        ([], Mark(province="henan")),
        ([answered(1, "1.1")], Mark(province="henan", repeat=True, owner="elder-2")),
        ([answered(25, "1.1")], Mark(province="henan", repeat=True)),
        ([answered(73, "1.1")], Mark(province="henan")),
    ],
)
def test_the_switch_is_told_what_kpis_and_the_dialplan_need(service, contacts, mark):
    """The province; that a person has answered lately; who did so first."""
    service.route()
    contacts = [replace(contact, agent="elder-2") for contact in contacts]
    service.store.tell(service.caller(contacts=contacts, age=70, province="henan"))
    assert service.mark == mark


@pytest.mark.parametrize("error", [StoreTimeout("x"), StoreDown("x"), StoreBusy("x")])
def test_without_the_store_the_caller_is_as_unknown_and_it_is_said(service, error):
    service.route()
    service.store.tell(error)
    decision, event = service.trace
    assert (decision.destination, event.data) == ("menu:main", Data.ABSENT)


def test_what_a_replica_knows_is_decided_by_and_it_is_said(service):
    service.route()
    service.store.tell(replace(service.caller(age=70), data=Data.REPLICA))
    decision, event = service.trace
    assert (decision.destination, event.data) == ("queue:elder-care", Data.REPLICA)


WITHHELD = Call(call_id="1.1", ani=None, dnis="10010")


def test_a_withheld_number_is_not_looked_up_where_no_policy_asks_for_a_load(service):
    policies = service.routing.policies
    service.routing.policies = replace(policies, needs=replace(policies.needs, queues=()))
    service.route(WITHHELD)
    decision, event = service.trace
    assert (service.store.asked, decision.destination) == ([], "menu:main")
    assert (event.caller, event.masked, event.data) == (None, "withheld", Data.WITHHELD)


def test_of_a_withheld_number_only_the_loads_are_asked(service):
    """The policies ask for one: a caller of whom nothing is known goes elsewhere when the queue is busy."""
    service.route(replace(WITHHELD, dnis="18618610010"))
    assert [pseudonym for pseudonym, _ in service.store.asked] == [None]
    busy = {"roaming": QueueLoad(waiting=3, longest_wait=45, ready=0)}
    service.store.tell(replace(service.routing.policies.unknown, loads=busy))
    decision, event = service.trace
    assert (decision.rule, event.data) == ("nobody-ready", Data.WITHHELD)


def test_a_withheld_number_without_an_answer_is_no_missing_customer(service):
    """What the store could not say is nothing of him."""
    service.route(WITHHELD)
    service.store.tell(StoreTimeout("no answer in 50 ms"))
    decision, event = service.trace
    assert (decision.destination, event.data) == ("menu:main", Data.WITHHELD)


def test_a_number_of_no_hotline_is_declined(service):
    """The dialplan's default route takes it; the store is not asked, nothing is published."""
    service.route(Call(call_id="1.1", ani=CALL.ani, dnis="10086"))
    assert (service.trace, service.store.asked) == ([None], [])


def test_a_call_ends_with_the_policies_it_began_with(service):
    """A version that goes live while the store is asked decides the next call, not this one."""
    service.route()
    five_stars = service.caller(star=5)
    service.routing.policies = None
    service.store.tell(five_stars)
    assert service.trace[0].destination == "queue:vip"


def test_a_decision_that_nobody_heard_is_not_told(service):
    """The caller left while the store was asked: he was not routed, and it is no contact."""
    service.heard = False
    service.route()
    service.store.tell(service.caller())
    assert len(service.trace) == 1


def test_a_decision_that_breaks_is_declined_and_breaks_nobody_elses(service):
    """It happens in the store's callback, where other callers' replies are waiting."""
    service.route()
    broken = Caller(customer={}, contacts=(), loads={})
    service.store.tell(broken)
    assert service.trace == [None]


def test_a_candidate_decides_after_the_caller_was_answered(service):
    """Asked for with what it needs, too; the call's event does not know of it."""
    soon = []
    tally = Tally()
    live = service.routing.policies
    service.routing.shadow = Shadow(live, live.needs, soon=soon.append, tally=tally)
    service.route()
    service.store.tell(service.caller(age=70))
    assert (len(service.trace), len(soon), tally.pairs) == (2, 1, {})
    soon[0]()
    [((decided, other), calls)] = tally.pairs.items()
    assert (decided is service.trace[0], other.rule, calls) == (True, decided.rule, 1)


def test_a_candidate_is_told_nothing_that_nobody_heard(service):
    soon = []
    live = service.routing.policies
    service.routing.shadow = Shadow(live, live.needs, soon=soon.append, tally=Tally())
    service.heard = False
    service.route()
    service.store.tell(service.caller())
    assert soon == []


def test_a_new_version_has_the_candidate_beside_it(service):
    live = service.routing.policies
    service.routing.shadow = first = Shadow(live, live.needs, soon=lambda _: None, tally=Tally())
    other = load(Path("policies"))
    service.routing.go_live(other)
    assert service.routing.policies is other
    assert service.routing.shadow is not first
    assert service.routing.shadow.policies is live
