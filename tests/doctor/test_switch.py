"""What a switch says, and what the doctor makes of it."""

from dataclasses import replace

import pytest

from router.doctor import switch
from router.doctor.finding import Severity
from router.doctor.switch import NEEDED, READS_FILES, READY, NoSwitch, QueueSeen, SwitchSeen, Trouble
from router.settings import Address

HERE = Address("127.0.0.1", 5038)
ROUTER = Address("127.0.0.1", 4573)
STAFFED = QueueSeen(members=3, reachable=2, calls=7)
MENU = "ivr-menu-main"
WELL = SwitchSeen(
    version="22.10.1+dfsg-1",
    started=1_764_000_000.0,
    rights={"Ping": "", "QueueReload": "", "Getvar": "call,reporting,all"},
    refused={"Command": "Permission denied", "Originate": "Permission denied"},
    queues={"vip": STAFFED, "default": STAFFED, "own-vip-1": STAFFED},
    values={
        READS_FILES: "",
        "IVR_ROUTER_A": str(ROUTER),
        "IVR_ROUTER_B": "",
        **{switch.dialplan_exists(name): "1" for name in (*switch.CONTEXTS, MENU)},
    },
)


def findings(seen=WELL, queues=("vip",), menus=(MENU,), routers=(ROUTER,)):
    """The severity of each finding, and its text; of two of one check the last."""
    found = {one.check: one for one in switch.checks(seen, queues, menus, routers)}
    return {name: one.severity for name, one in found.items()}, found


def test_of_a_good_switch_all_is_well():
    severities, _ = findings()
    assert severities == dict.fromkeys(
        (
            *("asterisk-version", "ami-rights", "ami-needed", "ami-reads-files", "queues"),
            *("queue-members", "dialplan", "routers-asked"),
        ),
        Severity.OK,
    )


def valued(**values):
    return replace(WELL, values={**WELL.values, **values})


@pytest.mark.parametrize(
    ("check", "seen", "severity", "word"),
    [
        ("asterisk-version", replace(WELL, version="20.5.0"), "error", "20.5.0"),
        ("asterisk-version", replace(WELL, version="23.0.0"), "ok", "23"),
        ("asterisk-version", replace(WELL, version="GIT-master"), "skipped", "not tell"),
        ("asterisk-version", replace(WELL, version=""), "skipped", "not tell"),
        ("ami-rights", replace(WELL, refused={}), "warning", "Command, Originate"),
        ("ami-rights", replace(WELL, rights={"Hangup": "system,call,all"}), "warning", "Hangup"),
        ("ami-rights", replace(WELL, rights={f"A{n:02}": "all" for n in range(20)}), "warning", "12 more"),
        ("ami-needed", replace(WELL, refused=dict.fromkeys(NEEDED, "no")), "error", "QueueSummary (no)"),
        ("ami-reads-files", valued(**{READS_FILES: "yes"}), "error", "passwords"),
        ("queues", replace(WELL, queues={"default": STAFFED}), "error", "no queue vip"),
        ("queues", replace(WELL, queues={"vip": STAFFED}), "error", "no queue default"),
        ("queues", replace(WELL, refused={"QueueStatus": "no"}), "skipped", "not tell"),
        (
            "queue-members",
            replace(WELL, queues={**WELL.queues, "vip": QueueSeen(members=0, reachable=0, calls=0)}),
            *("warning", "no members in vip"),
        ),
        (
            "queue-members",
            replace(WELL, queues={**WELL.queues, "vip": QueueSeen(members=2, reachable=0, calls=0)}),
            *("warning", "no phone of any member is there in vip"),
        ),
        ("dialplan", valued(**{switch.dialplan_exists(MENU): "0"}), "error", MENU),
        ("dialplan", valued(**{switch.dialplan_exists("ivr-route"): ""}), "error", "ivr-route"),
        ("dialplan", replace(WELL, refused={READY: "no"}), "skipped", "not let us ask"),
        ("routers-asked", valued(IVR_ROUTER_A=""), "error", "no router"),
        ("routers-asked", valued(IVR_ROUTER_A="127.0.0.1:9"), "warning", "127.0.0.1:9"),
        ("routers-asked", valued(IVR_ROUTER_B="127.0.0.1:9"), "warning", "127.0.0.1:9"),
        ("routers-asked", replace(WELL, refused={READY: "no"}), "skipped", "not let us ask"),
    ],
)
def test_what_is_wrong_is_found(check, seen, severity, word):
    severities, found = findings(seen)
    assert (severities[check], word in found[check].text) == (severity, True), found[check]
    assert bool(found[check].remedy) == (severity in {"warning", "error"})


def test_queues_of_policies_that_cannot_be_read_are_not_looked_for():
    assert findings(queues=None)[0]["queues"] == Severity.SKIPPED


def test_without_routers_to_compare_with_the_ones_asked_are_told():
    severities, found = findings(routers=())
    assert (severities["routers-asked"], str(ROUTER) in found["routers-asked"].text) == (Severity.OK, True)


@pytest.mark.parametrize("trouble", Trouble)
def test_a_switch_that_cannot_be_looked_at_is_an_error_with_its_reason(trouble):
    (found,) = switch.reached(HERE, NoSwitch(trouble=trouble, detail="the reason"))
    assert found.severity == Severity.ERROR
    assert str(HERE) in found.text
    assert "the reason" in found.text
    assert found.remedy


@pytest.mark.parametrize(("host", "severity"), [("127.0.0.1", "ok"), ("192.0.2.1", "warning")])
def test_ami_over_a_network_is_worth_a_warning(host, severity):
    (found,) = switch.reached(Address(host, 5038), WELL)
    assert found.severity == severity
