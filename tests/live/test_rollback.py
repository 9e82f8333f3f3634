"""`ivr rollback`, with a router that follows the folder."""

import os
import re
import shutil
import subprocess
import sys
import time

from router.live.archive import Archive
from router.live.files import contents, replace
from router.policy.load import load
from router.policy.source import MAX_BYTES
from tests.live.world import ROOT, hotline


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


def test_into_a_folder_that_the_router_does_not_follow_changes_nothing(router, tmp_path):
    """The default one, say, or another router's."""
    router.settled()
    second = live(router, "second")
    other = shutil.copytree(router.policies, tmp_path / "other")
    before = contents(other)
    code, said = router.ivr("rollback", "--policies", str(other), options=router.own)
    assert code == 2
    assert f"follows {router.policies.resolve()}, not {other}" in said
    assert contents(other) == before
    assert (router.version(), load(router.policies).version) == (second, second)
    assert [kept for kept in Archive(router.versions).versions() if kept.withdrawn] == []


def test_into_the_same_folder_by_another_way(router, tmp_path):
    first = router.settled().version()
    live(router, "second")
    (tmp_path / "link").symlink_to(router.policies)
    code, said = router.ivr("rollback", "--policies", str(tmp_path / "link"), options=router.own)
    assert (code, said.splitlines()[-1]) == (0, f"{first} is live")


def test_where_there_is_no_folder_says_what_to_do(tmp_path):
    """The default one, away from where the router runs."""
    command = [sys.executable, "-m", "router", "rollback"]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 2
    assert "policies: there is no such folder; give the router's --policies" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_goes_to_no_version_of_another_router(router):
    """They share the folder of versions."""
    first = router.settled().version()
    live(router, "second")
    Archive(router.versions).went_live("q@000000000001", contents(router.policies), at=time.time() + 60)
    code, said = router.rollback()
    assert (code, said.splitlines()[-1]) == (0, f"{first} is live")


def test_through_a_link_to_releases(start, policies, tmp_path):
    """Two steps back and no further, and it says whose files it replaced."""
    policies.rename(tmp_path / "rel-1")
    policies.symlink_to("rel-1")
    router = start().settled()
    versions = [router.version()]
    for number in (2, 3):
        release = shutil.copytree(tmp_path / "rel-1", tmp_path / f"rel-{number}")
        (release / "10010.yaml").write_text(hotline(rule=f"r{number}"))
        policies.unlink()
        policies.symlink_to(release.name)
        assert router.ivr("reload")[0] == 0
        versions.append(router.version())
    assert {version.partition("@")[0] for version in versions} == {"policies"}
    code, said = router.rollback()
    assert (code, router.version()) == (0, versions[1])
    assert f"{policies} is a link to rel-3: its files were replaced" in said.splitlines()
    assert router.rollback()[0] == 0
    assert router.version() == versions[0]
    assert router.rollback()[0] == 2


def test_says_so_when_another_version_is_live_after_it(router, monkeypatch):
    """Somebody has written to the files in the meantime."""
    first = router.settled().version()
    second = live(router, "second")
    written = []

    def disturbed(folder, kept):
        replace(folder, kept)
        written.append(router.write(rule="third"))

    monkeypatch.setattr("router.live.files.replace", disturbed)
    code, said = router.rollback()
    assert code == 1
    assert said.splitlines()[-1] == f"{first} is not live: {written[0]} is"
    kept = Archive(router.versions).versions()
    assert [version.version for version in kept if version.withdrawn] == [second]


def test_refused_withdraws_nothing(router, monkeypatch):
    router.settled()
    second = live(router, "second")

    def disturbed(folder, kept):
        replace(folder, kept)
        router.break_()

    monkeypatch.setattr("router.live.files.replace", disturbed)
    code, said = router.rollback()
    assert (code, router.version()) == (1, second)
    assert f"not loaded; {second} goes on" in said
    assert not any(kept.withdrawn for kept in Archive(router.versions).versions())


def test_to_a_copy_that_was_changed_changes_nothing(router):
    """Though its files are without mistakes."""
    first = router.settled().version()
    second = live(router, "second")
    (router.versions / first / "10010.yaml").write_text(hotline(rule="other"))
    code, said = router.rollback()
    assert code == 1
    assert "were changed since it was live; nothing is changed" in said
    assert load(router.policies).version == second


def test_destroys_no_file_that_is_too_large_to_keep(router):
    router.settled()
    second = live(router, "second")
    large = router.policies / "large.yaml"
    large.write_bytes(b"#" * (MAX_BYTES + 9))
    code, said = router.rollback()
    assert code == 2
    assert f"{large} is too large to be kept; move it elsewhere first; nothing is changed" in said
    assert large.stat().st_size == MAX_BYTES + 9
    assert router.version() == second
