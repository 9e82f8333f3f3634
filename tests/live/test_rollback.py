"""`ivr rollback`, with a router that follows the folder."""

import re

from router.live.archive import Archive
from router.policy.load import load
from tests.live.world import hotline


def test_goes_back_step_by_step_and_stays_there_after_a_restart(router):
    first = router.settled().version()
    second, third = (live(router, rule) for rule in ("second", "third"))
    code, said = router.rollback()
    assert (code, said.splitlines()[-1]) == (0, f"{second} is live")
    assert router.decides()["IVR_POLICY"] == second
    assert router.rollback()[0] == 0
    assert router.version() == first
    code, said = router.rollback()
    assert code == 2
    assert f"no version before {first}" in said
    assert router.process.stop() == 0
    router.process.start()
    assert router.version() == first
    assert router.rollback(third)[0] == 0
    assert router.version() == third


def live(router, rule):
    version = router.write(rule=rule)
    assert router.ivr("reload")[0] == 0
    return version


def test_removes_later_hotlines_and_keeps_what_was_there(router):
    router.settled()
    (router.policies / "400.yaml").write_text(hotline().replace("10010", "400"))
    assert router.ivr("reload")[0] == 0
    broken = "hotline: 1\n"
    (router.policies / "10010.yaml").write_text(broken)
    code, said = router.rollback()
    assert code == 0
    assert not (router.policies / "400.yaml").exists()
    kept = re.search(r"is kept as (\S+)", said)[1]
    assert Archive(router.versions).files(kept)["10010.yaml"] == broken.encode()
    assert router.decides(dialled="400") == {}


def test_lists_what_is_kept(router):
    first = router.settled().version()
    second = live(router, "second")
    router.rollback()
    code, said = router.rollback("--list")
    assert code == 0
    assert re.search(rf"{first}.* live *│", said), said
    assert re.search(rf"{second}.*withdrawn", said)


def test_without_a_router_is_for_the_next_start(router):
    """Also when it cannot start, because its files are broken."""
    first = router.settled().version()
    live(router, "second")
    assert router.process.stop() == 0
    code, said = router.rollback()
    assert code == 2
    assert "its next start loads them" in said
    router.process.start()
    assert router.version() == first


def test_to_what_is_not_kept_changes_nothing(router):
    before = (router.policies / "10010.yaml").read_bytes()
    code, said = router.rollback("policies@000000000000")
    assert code == 2
    assert 'has no version "policies@000000000000"' in said
    assert (router.policies / "10010.yaml").read_bytes() == before


def test_to_a_copy_that_somebody_spoilt_changes_nothing(router):
    first = router.settled().version()
    second = live(router, "second")
    (router.versions / first / "10010.yaml").write_text("hotline: 1\n")
    code, said = router.rollback()
    assert code == 1
    assert f"{first} has mistakes; nothing is changed" in said
    assert load(router.policies).version == second
