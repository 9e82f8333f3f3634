"""Calls that `ivr explain` finds: of a number in the store, and past ones in the journal."""

import shutil
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from router.cli.customers import app as customers
from router.events import to_json
from router.facts import Call, Caller, Contact, QueueLoad
from router.numbers import Number
from router.policy.load import load
from router.routing import Routing
from router.settings import StoreUrl
from router.store.keyfile import load_key
from router.store.layout import IMPORTED, LOADS, contacts_key, encode_contact, encode_load
from router.store.stream import STREAM
from tests.cli.conftest import SHIPPED
from tests.fakes import Callers, routed

POLICIES = load(SHIPPED)
VERSION = POLICIES.version
NOW = 1_732_391_200
SENIOR = Number("+8613800138000")


@pytest.fixture
def senior(embedded_store, tmp_path):
    """A senior in the store, imported two days ago, whom a person has answered an hour ago."""
    url, client = embedded_store
    file = tmp_path / "customers.csv"
    file.write_text("number,age,star\n13800138000,70,4\n")
    environment = {"IVR_STORE": url.text, "IVR_POLICIES": str(SHIPPED)}
    assert CliRunner().invoke(customers, ["import", str(file)], env=environment).exit_code == 0
    client.set(IMPORTED, int(time.time()) - 2 * 86_400 - 60)
    pseudonym = load_key(None, url).pseudonym(SENIOR)
    contact = Contact(at=int(time.time()) - 3600, call_id="1.1", answered=True, queue="general")
    client.lpush(contacts_key(pseudonym), encode_contact(contact))
    return client


@pytest.mark.usefixtures("senior")
def test_a_number_is_looked_up(ivr_explain):
    """The number and the sensitive value are masked; the age of the data is told."""
    result = ivr_explain("13800138000")
    assert result.stdout.startswith("138****8000 to 10010, ")
    assert "reason: 65 or older: straight to a person\n" in result.stdout
    assert "  senior: yes — age: •••, needs at least 65\n" in result.stdout
    assert "  repeat: no — answered contacts in the last 72h: 1, needs at least 2\n" in result.stdout
    assert "  customers: last imported 2d before the call\n" in result.stdout
    assert "3800138" not in result.stdout
    assert "70" not in result.stdout.split("\n", 1)[1].replace(VERSION, "")


@pytest.mark.usefixtures("senior")
def test_what_is_given_is_put_over_what_is_known(ivr_explain):
    result = ivr_explain("13800138000", "--answered", "5m", "--set", "star=5")
    assert "note: given by hand: known, star, earlier calls\n" in result.stdout
    assert "queue:expert by route repeat-to-expert" in result.stdout


@pytest.mark.usefixtures("senior")
def test_sensitive_values_are_shown_on_demand_and_it_is_said(ivr_explain):
    result = ivr_explain("13800138000", "--unmask")
    assert "  senior: yes — age: 70, needs at least 65\n" in result.stdout
    assert "note: sensitive values are shown\n" in result.stdout


def test_the_load_of_queues_is_looked_up_while_it_is_fresh(ivr_explain, senior):
    busy = QueueLoad(waiting=9, longest_wait=50, ready=0)
    senior.hset(LOADS, "roaming", encode_load(busy, time.time()))
    arguments = ("13800138000", "--dialled", "18618610010")
    assert "queue roaming, longest wait: 50s, needs at least 45s" in ivr_explain(*arguments).stdout
    senior.hset(LOADS, "roaming", encode_load(busy, time.time() - 60))
    assert "queue roaming, longest wait: no fresh news" in ivr_explain(*arguments).stdout
    senior.hset(LOADS, "roaming", "nonsense")
    assert "queue roaming, longest wait: no fresh news" in ivr_explain(*arguments).stdout


@pytest.mark.usefixtures("senior")
def test_a_number_that_is_no_customers(ivr_explain):
    result = ivr_explain("13900000000")
    assert "data: the caller is no customer; every attribute has its value when missing\n" in result.stdout
    assert "menu:main by route everyone-else" in result.stdout


def test_a_withheld_number_needs_no_store(ivr_explain, tmp_path):
    result = ivr_explain(
        "", "--load", "roaming.ready=0", "--load", "roaming.longest_wait=1m", "--dialled", "18618610010"
    )
    assert result.stdout.startswith("a caller with a withheld number, to 18618610010, ")
    assert "queue:general by route nobody-ready" in result.stdout
    assert "data: none, the number is withheld" in result.stdout
    assert not (tmp_path / "store").exists()


# --- a past call ---------------------------------------------------------------------------------


def route(client, call, caller, policies=POLICIES, wall=NOW):
    """Route a call as the service does, and write its event as the journal does."""
    lookups, told = Callers(), []
    service = Routing(
        policies=policies,
        store=lookups,
        publish=told.append,
        key=load_key(None, StoreUrl(client.store)),
        wall=lambda: wall,
        monotonic=lambda: 1.0,
    )
    service.route(call, 0.0, lambda *_: True)
    lookups.tell(caller)
    client.xadd(STREAM, {"event": to_json(told[0]), "grounds": told[0].grounds})
    return told[0]


@pytest.fixture
def journal(embedded_store):
    url, client = embedded_store
    client.store = url.text
    return client


def caller(policies=POLICIES, contacts=(), loads=None, **customer):
    missing = {need.name: need.missing for need in policies.needs.attributes}
    return Caller(
        customer={**missing, "known": True, **customer}, contacts=tuple(contacts), loads=loads or {}
    )


CALL = Call(call_id="1732391200.1", ani=SENIOR, dnis="10010")


def test_a_past_call_is_explained_by_what_was_kept_of_it(ivr_explain, journal):
    """Its attributes, contacts and time of then: nothing of what the store knows now."""
    route(journal, CALL, caller(age=70, contacts=[Contact(at=NOW - 9, call_id="1", answered=True, queue="")]))
    result = ivr_explain("--call", CALL.call_id)
    lines = result.stdout.splitlines()
    assert lines[0].startswith("call 1732391200.1 of 138****8000 to 10010, 2024-11-")
    assert lines[0].endswith(
        f": went to queue:elder-care by route senior-direct; segment senior; policy {VERSION}"
    )
    assert lines[1].startswith("queue:elder-care by route senior-direct")
    assert "  repeat: no — answered contacts in the last 72h: 1, needs at least 2" in lines
    assert "note" not in result.stdout


@pytest.fixture
def changed(tmp_path):
    """Policies in which 60 is a senior."""
    folder = shutil.copytree(SHIPPED, tmp_path / "policies")
    text = (folder / "10010.yaml").read_text(encoding="utf-8")
    (folder / "10010.yaml").write_text(text.replace("at_least: 65", "at_least: 60"), encoding="utf-8")
    return folder


def test_a_version_that_is_not_at_hand_is_said_loudly(ivr_explain, journal, changed):
    route(journal, CALL, caller(age=62))
    result = ivr_explain("--call", CALL.call_id, IVR_POLICIES=str(changed))
    assert ": went to menu:main by route everyone-else; " in result.stdout
    assert (
        f"note: NOT the version that decided: {VERSION} is not at hand. This is what policies@"
        in result.stdout
    )
    assert (
        f"queue:elder-care by route senior-direct of hotline 10010; segment senior; policy {VERSION}"
        not in (result.stdout)
    )


def test_the_version_is_taken_from_the_archive(ivr_explain, journal, changed, tmp_path):
    """Whatever the policies at hand say, and even when they cannot be read."""
    route(journal, CALL, caller(age=62))
    shutil.copytree(SHIPPED, tmp_path / "versions" / VERSION)
    for policies in (changed, tmp_path / "absent"):
        result = ivr_explain("--call", CALL.call_id, IVR_POLICIES=str(policies))
        assert "note" not in result.stdout
        assert (
            f"menu:main by route everyone-else of hotline 10010; segment none; policy {VERSION}"
            in result.stdout
        )


def test_the_same_files_in_another_folder_are_the_same_version(ivr_explain, journal, tmp_path):
    route(journal, CALL, caller(age=62))
    same = shutil.copytree(SHIPPED, tmp_path / "same")
    result = ivr_explain("--call", CALL.call_id, IVR_POLICIES=str(same))
    assert "note" not in result.stdout
    assert f"policy {VERSION}" in result.stdout.splitlines()[1]


def test_an_archive_that_was_changed_is_not_believed(ivr_explain, journal, changed, tmp_path):
    route(journal, CALL, caller(age=62))
    kept = Path(shutil.copytree(changed, tmp_path / "versions" / VERSION))
    result = ivr_explain("--call", CALL.call_id)
    assert f"note: the files in {kept} were changed\n" in result.stdout
    (kept / "10010.yaml").write_text("hotline: 1\n")
    result = ivr_explain("--call", CALL.call_id)
    assert f"note: {kept} can no longer be read: 10010.yaml:1:" in result.stdout
    assert "NOT the version" not in result.stdout, "the policies at hand are it"


def test_a_version_that_is_a_path_leads_nowhere(ivr_explain, journal):
    event = routed(policy="../policies", grounds=b'{"dnis":"10010"}')
    journal.xadd(STREAM, {"event": to_json(event), "grounds": event.grounds})
    assert "NOT the version that decided: ../policies is not" in ivr_explain("--call", event.call_id).stdout


def test_an_explanation_that_is_not_what_was_decided_is_marked(ivr_explain, journal):
    """Somebody wrote to the journal, or the files of a version are not what they were."""
    event = routed(policy=VERSION, rule="vip-direct\x1b[31m")
    journal.xadd(STREAM, {"event": to_json(event), "grounds": b'{"dnis":"10010"}'})
    result = ivr_explain("--call", event.call_id)
    assert "note: this is not what the journal says was decided" in result.stdout
    assert "\x1b" not in result.stdout


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (None, "the journal has no call 1732391200.1: it never was, or it is too long ago"),
        ({}, "the journal has not kept what this call was decided by: an earlier release has routed it"),
        ({"grounds": "[]"}, "what the journal has kept of this call cannot be read: not the grounds"),
        ({"grounds": '{"dnis":"10086"}'}, 'no hotline has the number "10086"'),
    ],
)
def test_a_call_that_cannot_be_explained_is_exit_code_1(ivr_explain, journal, fields, message):
    if fields is not None:
        journal.xadd(STREAM, {"event": to_json(routed(policy=VERSION)), **fields})
    result = ivr_explain("--call", "1732391200.1", code=1)
    assert result.stderr.startswith(f"ivr: {message}")
    assert result.stdout == ""
