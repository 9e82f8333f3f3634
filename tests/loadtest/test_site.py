"""The files that differ from one switch to the next."""

from dataclasses import replace

import pytest

from loadtest.agents import Crew
from loadtest.site import BadSite, Site, queue_in_asterisk, render

ELDER, *_ = Crew(name="elder", agents=2, queues={"elder-care": 0, "general": 1}).at(5061)
CROWD = Crew(name="crowd", agents=1, queues={"general": 0}, many_calls=True).at(5062)[0]
SITE = Site(
    name="ivr1",
    sip_port=5060,
    ami_port=5038,
    ami_secret="s3cret",
    rtp_first=10000,
    rtp_last=10099,
    routers=("127.0.0.1:4573", "127.0.0.1:4574"),
    hotlines=("10010",),
    agents=(ELDER, CROWD),
)


def test_trunk_is_known_by_its_address() -> None:
    assert render(SITE)["pjsip.conf"] == (
        "[transport-udp](udp)\nbind = 127.0.0.1:5060\n\n"
        "[trunk](trunk-endpoint)\n\n"
        "[trunk-1](trunk-address)\nmatch = 127.0.0.1\n"
    )


def test_an_agent_is_an_endpoint_with_a_static_contact() -> None:
    assert render(replace(SITE, agents=(ELDER,)))["agents.conf"] == (
        "[elder-1](agent-endpoint)\naors = elder-1\n"
        "[elder-1](agent-static)\ncontact = sip:elder-1@127.0.0.1:5061\n\n"
    )


def test_one_who_takes_many_calls_is_never_busy() -> None:
    phones = render(SITE)["agents.conf"]
    assert "[crowd-1](agent-endpoint)\naors = crowd-1\ndevice_state_busy_at = 0\n" in phones
    assert "device_state_busy_at" not in render(replace(SITE, agents=(ELDER,)))["agents.conf"]


def test_members_stand_under_their_queues_with_their_penalties() -> None:
    """And each in a queue of his own, for callers whom he has answered before."""
    assert render(SITE)["members.conf"] == (
        "[elder-care](+)\n"
        "member => PJSIP/elder-1,0,elder-1,PJSIP/elder-1,no\n"
        "[general-queue](+)\n"
        "member => PJSIP/elder-1,1,elder-1,PJSIP/elder-1,no\n"
        "member => PJSIP/crowd-1,0,crowd-1,PJSIP/crowd-1,yes\n"
        "[own-elder-1](own)\n"
        "member => PJSIP/elder-1,0,elder-1,PJSIP/elder-1,no\n"
        "[own-crowd-1](own)\n"
        "member => PJSIP/crowd-1,0,crowd-1,PJSIP/crowd-1,yes\n"
    )


def test_wrapup_can_be_set_for_all_queues() -> None:
    members = render(replace(SITE, wrapup=0))["members.conf"]
    assert members.count("wrapuptime = 0\n") == 4
    assert "wrapuptime" not in render(SITE)["members.conf"]


def test_a_members_own_wrapup_stands_behind_it_and_leaves_the_others_alone() -> None:
    members = render(replace(SITE, agents=(replace(ELDER, wrapup=7), CROWD)))["members.conf"]
    assert "member => PJSIP/elder-1,1,elder-1,PJSIP/elder-1,no,7\n" in members
    assert "member => PJSIP/crowd-1,0,crowd-1,PJSIP/crowd-1,yes\n" in members


def test_general_has_another_name_in_queues_conf_and_only_general() -> None:
    assert queue_in_asterisk("general") == "general-queue"
    assert queue_in_asterisk("vip") == "vip"


def test_globals_name_both_routers_and_leave_the_last_wait_alone() -> None:
    assert render(SITE)["globals.conf"] == "IVR_ROUTER_A = 127.0.0.1:4573\nIVR_ROUTER_B = 127.0.0.1:4574\n"


def test_one_router_leaves_the_second_empty() -> None:
    site = replace(SITE, routers=("127.0.0.1:4573",), last_wait=3)
    assert render(site)["globals.conf"] == (
        "IVR_ROUTER_A = 127.0.0.1:4573\nIVR_ROUTER_B = \nIVR_LAST_WAIT = 3\n"
    )


def test_the_secret_is_in_a_file_of_its_own() -> None:
    holders = [name for name, text in render(SITE).items() if "s3cret" in text]
    assert holders == ["ami_secret.conf"]


def test_hotlines_become_extensions() -> None:
    assert render(SITE)["hotlines.conf"] == "exten => 10010,1,Goto(inbound-call,${EXTEN},1)\n"


def test_a_control_number_is_answered_without_asking_anybody() -> None:
    lines = render(replace(SITE, control="000"))["hotlines.conf"].splitlines()
    assert lines[1:] == ["exten => 000,1,Answer(,i)", " same => n,Hangup()"]


@pytest.mark.parametrize(
    "change",
    [
        {"name": "a\nb"},
        {"ami_secret": "x;y"},
        {"hotlines": ("10010,1,Hangup()\nexten => 1",)},
        {"control": "000,1,Hangup()\nexten => 1"},
        {"trunk": "10.0.0.1\n[x]"},
        {"routers": ()},
        {"routers": ("a", "b", "c")},
        {"routers": ("127.0.0.1:1,evil",)},
        {"agents": (replace(ELDER, name="a]"),)},
        {"agents": (replace(ELDER, host="h ost"),)},
        {"agents": (replace(ELDER, queues={"q](+": 0}),)},
    ],
)
def test_nothing_breaks_out_of_its_line(change: dict[str, object]) -> None:
    with pytest.raises(BadSite):
        render(replace(SITE, **change))  # type: ignore[arg-type]
