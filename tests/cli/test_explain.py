"""`ivr explain`: of a caller made up; what it prints and how it exits."""

import json

import pytest

from router.errors import PolicyError, SettingsError
from router.policy.load import load
from tests.cli.conftest import SHIPPED

VERSION = load(SHIPPED).version


def test_a_caller_made_up_needs_no_store(ivr_explain, tmp_path):
    result = ivr_explain(
        "--set", "age=70", "--set", "star=2", "--answered", "1h", "--at", "2026-11-23T10:00+08:00"
    )
    lines = result.stdout.splitlines()
    assert lines[0].startswith("a caller made up, to 10010, 2026-11-23 ")
    assert lines[1:] == [
        f"queue:elder-care by route senior-direct of hotline 10010; segment senior; policy {VERSION}",
        "reason: 65 or older: straight to a person",
        "reason: 65岁及以上，直达人工",
        "owner: none; nobody is known to have answered in the last 24h",
        "segments",
        "  repeat: no — answered contacts in the last 72h: 1, needs at least 2",
        "  vip: no — any of",
        "    no — star: 2, needs at least 5",
        "    no — key_customer: false (the value when missing), needs true",
        "  senior: yes — age: •••, needs at least 65",
        "  truck_driver: not asked — occupation: •••, needs truck_driver",
        "routes",
        "  repeat-to-expert: no — answered contacts in the last 72h: 1, needs at least 2",
        "  vip-direct: no — segment vip",
        "  senior-direct: yes — age: •••, needs at least 65",
        "data: fresh",
        "  star: from billing",
        "  key_customer, age: from CRM",
        "  contacts: as of the call",
    ]
    assert not (tmp_path / "store").exists()


@pytest.mark.parametrize(
    ("arguments", "destination"),
    [
        ([], "menu:main"),
        (["--set", "age=64"], "menu:main"),
        (["--set", "occupation=truck_driver"], "queue:truck"),
        (["--set", "age=70", "--set", "age="], "menu:main"),
        (["--answered", "71h", "--answered", "5m"], "queue:expert"),
        (["--answered", "73h", "--answered", "5m"], "menu:main"),
        (["--offered", "1h", "--answered", "5m"], "menu:main"),
        (["--dialled", "18618610010"], "queue:roaming"),
        (
            [
                *("--dialled", "18618610010"),
                *("--load", "roaming.ready=0", "--load", "roaming.longest_wait=45s"),
            ],
            "queue:general",
        ),
        (
            ["--dialled", "18618610010", "--load", "roaming.ready=0", "--load", "roaming.longest_wait=44"],
            "queue:roaming",
        ),
    ],
)
def test_what_is_given_is_decided_for(ivr_explain, arguments, destination):
    assert json.loads(ivr_explain(*arguments, "--format", "json").stdout)["destination"] == destination


def test_who_has_an_attribute_is_a_customer(ivr_explain):
    assert "  known: from" not in ivr_explain().stdout
    assert "data: the caller is no customer" in ivr_explain().stdout
    assert "data: fresh" in ivr_explain("--set", "age=20").stdout
    assert "data: the caller is no customer" in ivr_explain("--set", "known=false").stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("--set", "known=false", "--set", "age=70"),
            "--set known=false: nothing else is known of a caller who is not known",
        ),
        (["--set", "age"], '--set "age": write it like age=70'),
        (["--set", "agee=70"], '--set: no attribute "agee"; did you mean "age"?'),
        (["--set", "age=170"], "--set age must be a whole number from 0 to 130"),
        (["--answered", "soon"], '--answered must be a duration like 45s, 15m, 72h or 7d, not "soon"'),
        (["--offered", "31d"], "--offered must be at most 30d"),
        (["--at", "10:00"], '--at must be a time like 2026-03-02T10:00:00+08:00, not "10:00"'),
        (["--load", "general=1"], '--load "general=1": write it like general.waiting=30'),
        (["--load", "generel.waiting=1"], '--load: no queue "generel"; did you mean "general"?'),
        (["--load", "general.wait=1"], '--load: no measure "wait"; did you mean "waiting"?'),
        (["--load", "general.waiting=1m"], '--load "general.waiting=1m": waiting is a number'),
        (["--call", "1.1", "--set", "age=70"], "--call explains a call as it was"),
        (["--call", "1.1", "13800138000"], "--call explains a call as it was"),
        (["nobody"], "this is not a telephone number"),
    ],
)
def test_what_cannot_be_read_is_said(ivr_explain, arguments, message):
    result = ivr_explain(*arguments, code=SettingsError)
    assert str(result.exception).startswith(message)


def test_a_number_of_no_hotline_is_exit_code_1(ivr_explain):
    result = ivr_explain("--dialled", "10086", code=1)
    assert result.stderr == 'ivr: no hotline has the number "10086"\n'
    ivr_explain("", "--dialled", "10086", code=1)


def test_policies_with_mistakes_are_not_explained(ivr_explain, tmp_path):
    ivr_explain(code=PolicyError, IVR_POLICIES=str(tmp_path / "absent"))


def test_in_chinese(ivr_explain):
    lines = ivr_explain("--set", "age=70", "--lang", "zh").stdout.splitlines()
    assert lines[2:5] == [
        "原因：65岁及以上，直达人工",
        "首问责任人：无；最近24小时内未见有人接通",
        "客户群",
    ]
    assert ivr_explain("--set", "age=70", "--lang", "en").stdout.count("reason") == 1


def test_json(ivr_explain):
    """One object, with the values; sensitive ones masked in it, too."""
    arguments = ("--set", "age=70", "--at", "2026-11-23T10:00+08:00", "--format", "json")
    told = json.loads(ivr_explain(*arguments).stdout)
    assert (told["policy"], told["rule"], told["at"]) == (
        VERSION,
        "senior-direct",
        "2026-11-23T02:00:00+00:00",
    )
    assert told["reason"] == {"en": "65 or older: straight to a person", "zh": "65岁及以上，直达人工"}
    assert [(segment["name"], segment["belongs"]) for segment in told["segments"]] == [
        ("repeat", False),
        ("vip", False),
        ("senior", True),
        ("truck_driver", False),
    ]
    assert told["routes"][-1]["condition"]["parts"] == [
        {
            "kind": "AtLeast",
            "text": {"en": "age: •••, needs at least 65", "zh": "age：•••，需至少 65"},
            "holds": True,
            "asked": True,
            "value": "•••",
            "source": "CRM",
            "parts": [],
        }
    ]
    unmasked = json.loads(ivr_explain(*arguments, "--unmask", "--lang", "en").stdout)
    assert unmasked["routes"][-1]["condition"]["parts"][0]["value"] == 70
    assert unmasked["notes"] == ["sensitive values are shown"]
    assert set(unmasked["reason"]) == {"en"}


def test_json_of_a_date_and_of_a_catch_all(ivr_explain):
    told = json.loads(ivr_explain("--format", "json", "--dialled", "18618610010").stdout)
    assert told["routes"][-1] == {"name": "everyone-else", "matches": True, "condition": None}
    [wait, ready] = told["routes"][1]["condition"]["parts"]
    assert (wait["kind"], wait["value"], wait["holds"]) == ("Load", None, False)
    assert ready["asked"] is False
