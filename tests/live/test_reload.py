"""`ivr serve` while its policies change: the whole of it, as a process."""

import json
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from typer.testing import CliRunner

from loadtest.ports import Ports
from loadtest.stack import Ivr
from router.agi.switch import ask
from router.cli.app import app
from router.errors import IvrError
from router.live.archive import Archive
from router.live.remote import Remote
from router.policy.load import load
from router.settings import Address
from router.store.keyfile import make_key
from tests.live.conftest import ROOT, freeze, has_order, hotline, wait_for

RELOADS = int(os.environ.get("IVR_RELOADS", "100"))
"""Of the test that reloads under calls; 1000 take some minutes."""


class Router:
    """A running `ivr serve` that follows a folder, and where everything of it is."""

    def __init__(self, ports, store, policies, *options):
        folder = policies.parent
        self.policies = policies
        self.agi = Address("127.0.0.1", ports.take())
        self.control = folder / "control.sock"
        self.versions = folder / "versions"
        if not (folder / "key").exists():
            make_key(folder / "key")
        self.own = ("--control", str(self.control), "--versions", str(self.versions))
        arguments = (
            *("serve", "--agi", str(self.agi), "--store", store, "--key-file", str(folder / "key")),
            *("--policies", str(policies), *self.own, *options),
        )
        self.process = Ivr(arguments, metrics=f"127.0.0.1:{ports.take()}", log=folder / "serve.log")

    def write(self, **wish):
        (self.policies / "10010.yaml").write_text(hotline(**wish))
        return load(self.policies).version

    def break_(self):
        (self.policies / "10010.yaml").write_text("hotline: 1\n")

    def decides(self, dialled="10010"):
        return ask(self.agi, "", dialled, "1.1").variables

    def version(self):
        [line] = [line for line in self.process.get("metrics").splitlines() if "ivr_policy_info{" in line]
        return re.search('version="([^"]*)"', line)[1]

    def reloads(self, outcome):
        return self.process.sample("ivr_policy_reloads_total", outcome=outcome)

    def settled(self):
        """It has looked at the files that it started with."""
        assert Remote(control=self.control).reload()["policies"]["result"] == "unchanged"
        return self

    def ivr(self, *arguments, options=None):
        """Exit code and output of a command of operations staff."""
        done = CliRunner().invoke(app, [*arguments, *(options or ("--control", str(self.control)))])
        if isinstance(done.exception, IvrError | OSError):  # what main() makes of it
            return 2, f"{done.output}{done.exception}"
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, done.output

    def rollback(self, *arguments):
        return self.ivr("rollback", *arguments, "--policies", str(self.policies), options=self.own)


@pytest.fixture
def ports():
    with Ports(1) as ports:
        yield ports


@pytest.fixture
def start(ports, valkey_url, policies):
    """Start a router, with options; it ends with the test."""
    started = []

    def start(*options):
        started.append(Router(ports, valkey_url, policies, *options))
        return started[-1]

    yield start
    for router in started:
        assert router.process.stop() == 0


@pytest.fixture
def router(start):
    return start()


def test_changed_files_are_live_by_themselves(router):
    """Every decision names its version, and the series of a new rule are there before its first call."""
    first = load(router.policies).version
    assert (router.version(), router.decides()["IVR_POLICY"]) == (first, first)
    loaded = router.process.sample("ivr_policy_loaded_timestamp_seconds")
    second = router.write(rule="second")
    wait_for(lambda: router.version() == second, "the new version is live")
    metrics = router.process.get("metrics")
    assert 'rule="second"' in metrics
    assert metrics.count("ivr_policy_info{") == 1
    assert router.process.sample("ivr_policy_loaded_timestamp_seconds") > loaded
    assert (router.decides()["IVR_POLICY"], router.decides()["IVR_RULE"]) == (second, "second")
    wait_for(lambda: router.process.sample("ivr_routed_total", rule="second") == 2, "counted")


def test_sighup_loads_what_changed(router):
    """At once, and not only when files have been the same for a second."""
    router.settled()
    second = router.write(rule="second")
    router.process.signal(signal.SIGHUP)
    wait_for(lambda: router.reloads("loaded"), "loaded")
    assert router.decides()["IVR_POLICY"] == second


def test_files_with_mistakes_are_refused_and_the_last_good_ones_serve_on(router):
    router.settled()
    good = router.version()
    router.break_()
    wait_for(lambda: router.reloads("refused"), "refused")
    assert router.process.sample("ivr_policy_reload_ok") == 0
    assert (router.version(), router.decides()["IVR_POLICY"]) == (good, good)
    [line] = [json.loads(line) for line in router.process.last_words().splitlines() if "not loaded" in line]
    assert (line["level"], line["live"]) == ("error", good)
    assert line["problems"] >= len(line["first"]) > 0
    assert line["first"][0].startswith("10010.yaml:1:")
    shutil.rmtree(router.policies)
    wait_for(lambda: router.reloads("refused") == 2, "a folder that is gone is refused, too")
    assert router.decides()["IVR_POLICY"] == good


def test_reload_waits_for_the_outcome_and_prints_it(router):
    first = router.version()
    assert router.ivr("reload") == (0, f"{first} is live; its files have not changed\n")
    second = router.write(rule="second")
    code, said = router.ivr("reload")
    assert (code, said.split()[0]) == (0, second)
    router.break_()
    code, said = router.ivr("reload")
    assert code == 1
    assert re.search(r"^10010\.yaml:1:1 .*is missing$", said, re.MULTILINE)
    assert said.endswith(f"not loaded; {second} goes on\n")
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
    wait_for(lambda: has_order(child), "it is asked")
    os.kill(int(child), signal.SIGKILL)
    asking.join()
    assert said[0][0] == 2
    assert f"could not be looked at; {first} goes on" in said[0][1]
    assert router.reloads("failed") == 1
    second = router.write(rule="second")
    assert router.ivr("reload")[0] == 0
    assert router.decides()["IVR_POLICY"] == second
    assert router.process.sample("ivr_policy_reload_ok") == 1


class TestControlSocket:
    def test_is_the_users_own(self, router):
        mode = router.control.stat().st_mode
        assert stat.S_ISSOCK(mode)
        assert stat.S_IMODE(mode) == 0o600

    def test_goes_with_the_router_and_is_replaced_after_a_kill(self, ports, valkey_url, policies):
        killed = Router(ports, valkey_url, policies)
        killed.process.signal(signal.SIGKILL)
        killed.process._process.wait()
        assert killed.control.exists()
        router = Router(ports, valkey_url, policies)
        assert router.ivr("reload")[0] == 0
        assert router.process.stop() == 0
        assert not router.control.exists()

    def test_of_a_living_router_is_not_taken(self, router):
        done = subprocess.run(
            [
                *(sys.executable, "-m", "router", "serve", "--agi", "127.0.0.1:0", *router.own),
                *("--metrics", "127.0.0.1:0", "--store", f"embedded:{router.policies.parent / 'store'}"),
            ],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            cwd=ROOT,
        )
        assert done.returncode == 2
        assert f"{router.control}: another router listens there" in done.stderr
        assert router.ivr("reload")[0] == 0

    def test_answers_two_questions_and_no_others(self, router):
        for request, status in (
            (b"GET /policy", b"200"),
            (b"GET /reload", b"405"),
            (b"POST /policy", b"405"),
            (b"GET /../etc", b"404"),
            (b"GARBAGE", b"400"),
        ):
            with socket.socket(socket.AF_UNIX) as peer:
                peer.settimeout(10)
                peer.connect(str(router.control))
                peer.sendall(request + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                assert peer.recv(100).split()[1] == status

    def test_keeps_nothing_of_a_body(self, router):
        with socket.socket(socket.AF_UNIX) as peer:
            peer.settimeout(10)
            peer.connect(str(router.control))
            body = b"x" * 1_000_000
            peer.sendall(b"POST /reload HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            assert peer.recv(100).split()[1] == b"200"

    def test_outlives_who_does_not_wait(self, router):
        for _ in range(5):
            with socket.socket(socket.AF_UNIX) as peer:
                peer.connect(str(router.control))
                peer.sendall(b"POST /reload HTTP/1.1\r\nHost: x\r\n\r\n")
        assert router.ivr("reload")[0] == 0
        assert "Traceback" not in router.process.log.read_text()


class TestRollback:
    def test_goes_back_step_by_step_and_stays_there_after_a_restart(self, router):
        first = router.settled().version()
        second, third = (self.live(router, rule) for rule in ("second", "third"))
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

    def live(self, router, rule):
        version = router.write(rule=rule)
        assert router.ivr("reload")[0] == 0
        return version

    def test_removes_later_hotlines_and_keeps_what_was_there(self, router):
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

    def test_lists_what_is_kept(self, router):
        first = router.settled().version()
        second = self.live(router, "second")
        router.rollback()
        code, said = router.rollback("--list")
        assert code == 0
        assert re.search(rf"{first}.* live *│", said), said
        assert re.search(rf"{second}.*withdrawn", said)

    def test_without_a_router_is_for_the_next_start(self, router):
        """Also when it cannot start, because its files are broken."""
        first = router.settled().version()
        self.live(router, "second")
        assert router.process.stop() == 0
        code, said = router.rollback()
        assert code == 2
        assert "its next start loads them" in said
        router.process.start()
        assert router.version() == first

    def test_to_what_is_not_kept_changes_nothing(self, router):
        before = (router.policies / "10010.yaml").read_bytes()
        code, said = router.rollback("policies@000000000000")
        assert code == 2
        assert 'has no version "policies@000000000000"' in said
        assert (router.policies / "10010.yaml").read_bytes() == before

    def test_to_a_copy_that_somebody_spoilt_changes_nothing(self, router):
        first = router.settled().version()
        second = self.live(router, "second")
        (router.versions / first / "10010.yaml").write_text("hotline: 1\n")
        code, said = router.rollback()
        assert code == 1
        assert f"{first} has mistakes; nothing is changed" in said
        assert load(router.policies).version == second


def test_versions_that_cannot_be_kept_are_counted_and_no_obstacle(start, tmp_path):
    (tmp_path / "file").touch()
    router = start("--versions", str(tmp_path / "file"))
    second = router.write(rule="second")
    wait_for(lambda: router.version() == second, "live")
    wait_for(lambda: router.process.sample("ivr_policy_keep_errors_total"), "counted")


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
        assert b"ready" in process.stdout.readline()
        process.send_signal(signal.SIGHUP)
        assert Remote(control=policies.parent / "c").reload()["policies"]["result"] == "unchanged"
        os.close(own)
        process.send_signal(signal.SIGHUP)
        assert process.wait(20) == 0


class TestShadow:
    @pytest.fixture
    def candidate(self, policies, tmp_path):
        folder = Path(shutil.copytree(policies, tmp_path / "candidate"))
        (folder / "10010.yaml").write_text(hotline("other", priority=9))
        return folder

    def test_says_what_would_differ_and_decides_nothing(self, start, candidate):
        router = start("--shadow", str(candidate))
        wait_for(lambda: router.process.sample("ivr_shadow_on"), "it decides, too")
        assert router.decides()["IVR_PRIORITY"] == "1"
        differs = {"hotline": "10010", "rule": "first", "shadow_rule": "other"}
        wait_for(lambda: router.process.sample("ivr_shadow_decisions_total", **differs) == 1, "counted")
        assert router.process.sample("ivr_shadow_calls_total", result="different") == 1
        (candidate / "10010.yaml").write_text(hotline("renamed", priority=1))
        code, said = router.ivr("reload")
        assert code == 0
        assert f"shadow: {load(candidate).version}" in said
        router.decides()
        wait_for(
            lambda: router.process.sample("ivr_shadow_calls_total", result="same") == 1, "the same action"
        )
        assert router.process.sample("ivr_shadow_decisions_total") == 1

    def test_with_mistakes_is_off(self, start, candidate):
        router = start("--shadow", str(candidate))
        wait_for(lambda: router.process.sample("ivr_shadow_on"), "on")
        (candidate / "10010.yaml").write_text("hotline: 1\n")
        wait_for(lambda: not router.process.sample("ivr_shadow_on"), "off")
        assert router.decides()["IVR_OK"] == "1"
        assert router.process.sample("ivr_policy_reload_ok") == 1
        assert "shadow policies not loaded" in router.process.last_words()

    def test_goes_with_a_new_live_version(self, start, candidate):
        router = start("--shadow", str(candidate))
        wait_for(lambda: router.process.sample("ivr_shadow_on"), "on")
        router.write(rule="second")
        assert router.ivr("reload")[0] == 0
        router.decides()
        differs = {"rule": "second", "shadow_rule": "other"}
        wait_for(lambda: router.process.sample("ivr_shadow_decisions_total", **differs) == 1, "counted")


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
