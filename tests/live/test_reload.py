"""`ivr serve` while its policies change: the whole of it, as a process."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

from router.live.archive import Archive
from router.live.remote import Remote
from router.policy.load import load
from router.store.keyfile import make_key
from tests.live.world import ROOT, freeze, has_order
from tests.waiting import until

RELOADS = int(os.environ.get("IVR_RELOADS", "100"))
"""Of the test that reloads under calls; 1000 take some minutes."""


def test_changed_files_are_live_by_themselves(router):
    """Every decision names its version, and the series of a new rule are there before its first call."""
    first = load(router.policies).version
    assert (router.version(), router.decides()["IVR_POLICY"]) == (first, first)
    loaded = router.process.sample("ivr_policy_loaded_timestamp_seconds")
    second = router.write(rule="second")
    until(lambda: router.version() == second, "the new version is live")
    metrics = router.process.get("metrics")
    assert 'rule="second"' in metrics
    assert metrics.count("ivr_policy_info{") == 1
    assert router.process.sample("ivr_policy_loaded_timestamp_seconds") > loaded
    assert (router.decides()["IVR_POLICY"], router.decides()["IVR_RULE"]) == (second, "second")
    until(lambda: router.process.sample("ivr_routed_total", rule="second") == 2, "counted")


def test_sighup_loads_what_changed(router):
    """At once, and not only when files have been the same for a second."""
    router.settled()
    second = router.write(rule="second")
    router.process.signal(signal.SIGHUP)
    until(lambda: router.reloads("loaded"), "loaded")
    assert router.decides()["IVR_POLICY"] == second


def test_files_with_mistakes_are_refused_and_the_last_good_ones_serve_on(router):
    router.settled()
    good = router.version()
    router.break_()
    until(lambda: router.reloads("refused"), "refused")
    assert router.process.sample("ivr_policy_reload_ok") == 0
    assert (router.version(), router.decides()["IVR_POLICY"]) == (good, good)
    [line] = [json.loads(line) for line in router.process.last_words().splitlines() if "not loaded" in line]
    assert (line["level"], line["live"]) == ("error", good)
    assert line["problems"] >= len(line["first"]) > 0
    assert line["first"][0].startswith("10010.yaml:1:")
    shutil.rmtree(router.policies)
    until(lambda: router.reloads("refused") == 2, "a folder that is gone is refused, too")
    assert router.decides()["IVR_POLICY"] == good


def test_reload_waits_for_the_outcome_and_prints_it(router):
    first = router.version()
    since = r" is live since \d\d:\d\d:\d\d\n"
    code, said = router.ivr("reload")
    assert code == 0
    assert re.fullmatch(re.escape(first) + since, said), said
    second = router.write(rule="second")
    code, said = router.ivr("reload")
    assert code == 0
    assert re.fullmatch(re.escape(second) + since, said), said
    router.break_()
    code, said = router.ivr("reload")
    assert code == 1
    assert re.search(r"^10010\.yaml:1:1 .*is missing$", said, re.MULTILINE)
    assert said.startswith(f"not loaded; {second} goes on\n")
    state = Remote(control=router.control).policy()
    assert (state["version"], state["result"]) == (second, "refused")


def test_reload_where_no_router_is(tmp_path):
    command = [sys.executable, "-m", "router", "reload", "--control", str(tmp_path / "nothing.sock")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd=ROOT)
    assert done.returncode == 2
    assert "no router answers" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_killed_examiner_is_a_failure_and_the_next_reload_works(router):
    """Stopped, so that it is surely at work when it is killed; what it looked at is tried again."""
    router.settled()
    first = router.version()
    threads = Path(f"/proc/{router.process.pid}/task").iterdir()
    [child] = [child for thread in threads for child in (thread / "children").read_text().split()]
    freeze(int(child))
    said = []
    asking = threading.Thread(target=lambda: said.append(router.ivr("reload")))
    asking.start()
    until(lambda: has_order(child), "it is asked")
    os.kill(int(child), signal.SIGKILL)
    asking.join()
    assert said[0][0] == 2
    assert f"could not be looked at; {first} goes on" in said[0][1]
    assert router.reloads("failed") == 1
    second = router.write(rule="second")
    assert router.ivr("reload")[0] == 0
    assert router.decides()["IVR_POLICY"] == second
    assert router.process.sample("ivr_policy_reload_ok") == 1


def test_versions_that_cannot_be_kept_are_counted_and_no_obstacle(start, tmp_path):
    (tmp_path / "file").touch()
    router = start("--versions", str(tmp_path / "file"))
    second = router.write(rule="second")
    until(lambda: router.version() == second, "live")
    until(lambda: router.process.sample("ivr_policy_keep_errors_total"), "counted")
    (tmp_path / "file").unlink()
    assert router.ivr("reload")[0] == 0
    assert [kept.version for kept in Archive(tmp_path / "file").versions()] == [second]


def test_a_closed_terminal_ends_it(valkey_url, policies):
    """Its SIGHUP is no wish for a reload."""
    make_key(policies.parent / "key")
    own, terminal = os.openpty()
    command = [sys.executable, "-m", "router", "serve", "--agi", "127.0.0.1:0", "--metrics", "127.0.0.1:0"]
    command += [
        "--store",
        valkey_url,
        "--key-file",
        str(policies.parent / "key"),
        "--policies",
        str(policies),
    ]
    command += ["--control", str(policies.parent / "c"), "--versions", str(policies.parent / "v")]
    with subprocess.Popen(command, stdin=terminal, stdout=subprocess.PIPE, cwd=ROOT) as process:
        os.close(terminal)
        assert any(b'"ready"' in line for line in iter(process.stdout.readline, b""))
        process.send_signal(signal.SIGHUP)
        assert Remote(control=policies.parent / "c").reload()["policies"]["result"] == "unchanged"
        os.close(own)
        process.send_signal(signal.SIGHUP)
        assert process.wait(20) == 0


def test_no_call_fails_while_versions_change(router):
    """Calls one after another in two threads; each is decided by one of the versions that were written."""
    router.settled()
    versions = {router.version()}
    seen, stop = [], threading.Event()

    def call():
        while not stop.is_set():
            seen.append(router.decides().get("IVR_POLICY"))

    callers = [threading.Thread(target=call) for _ in range(2)]
    for caller in callers:
        caller.start()
    remote = Remote(control=router.control)
    for number in range(RELOADS):
        version = router.write(rule=f"r{number % 7}", priority=number % 5)
        versions.add(version)
        assert remote.reload()["policies"]["version"] == version
        if number % 10 == 9:
            router.break_()
            assert remote.reload()["policies"]["result"] == "refused"
    stop.set()
    for caller in callers:
        caller.join()
    assert set(seen) <= versions
    assert len(seen) >= RELOADS
    assert router.process.sample("ivr_routed_total") == len(seen)
    assert router.process.sample("ivr_agi_refused_total") == 0
