"""What routers and observers say, and what the doctor makes of it."""

from dataclasses import replace

import pytest

from router.doctor import services
from router.doctor.finding import Severity
from router.doctor.services import Decided, Role, ServiceSeen
from router.settings import Address

LIVE = "policies@0123456789ab"
ROUTER = Address("127.0.0.1", 4573)
SENT = {"IVR_ACTION": "menu", "IVR_MENU": "main", "IVR_POLICY": LIVE, "IVR_OK": "1"}
DECIDED = Decided(router=ROUTER, variables=SENT, seconds=0.0012)
SERVE = ServiceSeen(
    role=Role.SERVE,
    address=Address("127.0.0.1", 9464),
    ready=True,
    samples={"ivr_policy_reload_ok": 1.0, "process_max_fds": 20_000.0},
    policy=LIVE,
    build="1.0",
)
WATCH = replace(SERVE, role=Role.WATCH, address=Address("127.0.0.1", 9465))


def found(asked=(DECIDED,), seen=(SERVE, WATCH), folder=LIVE, own="1.0"):
    return {one.check: one for one in services.checks(asked, seen, folder=folder, own=own)}


def test_of_good_services_all_is_well():
    told = found()
    assert {name: one.severity for name, one in told.items()} == dict.fromkeys(
        ("router-decides", "serve-ready", "watch-ready", "same-policies"), Severity.OK
    )
    assert told["router-decides"].text == f"{ROUTER} sends a caller without a number to menu main in 1.2 ms"


@pytest.mark.parametrize(
    ("check", "changed", "severity", "word"),
    [
        ("router-decides", {"asked": [replace(DECIDED, trouble="timed out")]}, "error", "timed out"),
        ("router-decides", {"asked": [replace(DECIDED, variables={})]}, "error", "declined"),
        (
            "router-decides",
            {"asked": [replace(DECIDED, router=Address("192.0.2.1", 4573))]},
            *("warning", "beyond this machine"),
        ),
        ("serve-ready", {"seen": [replace(SERVE, ready=False)]}, "error", "not ready"),
        ("watch-ready", {"seen": [replace(WATCH, ready=False)]}, "error", "not ready"),
        ("serve-ready", {"seen": [replace(SERVE, trouble="refused")]}, "error", "refused"),
        (
            "serve-reload",
            {"seen": [replace(SERVE, samples={"ivr_policy_reload_ok": 0.0})]},
            *("warning", "earlier version"),
        ),
        (
            "serve-descriptors",
            {"seen": [replace(SERVE, samples={"process_max_fds": 1024.0})]},
            *("warning", "1024"),
        ),
        ("same-release", {"own": "1.1"}, "warning", "1.0"),
        ("same-policies", {"seen": [SERVE, replace(WATCH, policy="policies@b")]}, "error", "policies@b"),
        ("same-policies", {"folder": "policies@c"}, "warning", "policies@c"),
        ("same-policies", {"folder": ""}, "ok", LIVE),
        ("same-policies", {"asked": [], "seen": []}, "skipped", "version"),
    ],
)
def test_what_is_wrong_is_found(check, changed, severity, word):
    one = found(**changed)[check]
    assert (one.severity, word in one.text) == (severity, True), one
    assert bool(one.remedy) == (severity in {"warning", "error"})
