"""A candidate beside the live version, in a router that runs."""

import shutil
from pathlib import Path

import pytest

from router.policy.load import load
from tests.live.world import hotline
from tests.waiting import until


@pytest.fixture
def candidate(policies, tmp_path):
    folder = Path(shutil.copytree(policies, tmp_path / "candidate"))
    (folder / "10010.yaml").write_text(hotline("other", priority=9))
    return folder


def test_says_what_would_differ_and_decides_nothing(start, candidate):
    router = start("--shadow", str(candidate))
    until(lambda: router.process.sample("ivr_shadow_on"), "it decides, too")
    assert router.decides()["IVR_PRIORITY"] == "1"
    differs = {"hotline": "10010", "rule": "first", "shadow_rule": "other"}
    until(lambda: router.process.sample("ivr_shadow_decisions_total", **differs) == 1, "counted")
    assert router.process.sample("ivr_shadow_calls_total", result="different") == 1
    (candidate / "10010.yaml").write_text(hotline("renamed", priority=1))
    code, said = router.ivr("reload")
    assert code == 0
    assert f"shadow: {load(candidate).version}" in said
    router.decides()
    until(lambda: router.process.sample("ivr_shadow_calls_total", result="same") == 1, "the same action")
    assert router.process.sample("ivr_shadow_decisions_total") == 1


def test_with_mistakes_is_off(start, candidate):
    router = start("--shadow", str(candidate))
    until(lambda: router.process.sample("ivr_shadow_on"), "on")
    (candidate / "10010.yaml").write_text("hotline: 1\n")
    until(lambda: not router.process.sample("ivr_shadow_on"), "off")
    assert router.decides()["IVR_OK"] == "1"
    assert router.process.sample("ivr_policy_reload_ok") == 1
    assert "shadow policies not loaded" in router.process.last_words()


def test_goes_with_a_new_live_version(start, candidate):
    router = start("--shadow", str(candidate))
    until(lambda: router.process.sample("ivr_shadow_on"), "on")
    router.write(rule="second")
    assert router.ivr("reload")[0] == 0
    router.decides()
    differs = {"rule": "second", "shadow_rule": "other"}
    until(lambda: router.process.sample("ivr_shadow_decisions_total", **differs) == 1, "counted")
