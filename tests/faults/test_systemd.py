"""The units under a real systemd: the first process of a namespace of its own, in which nothing else runs."""

import os
import shutil
import signal
import subprocess
import sys
import sysconfig
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from loadtest.ports import Ports
from router.agi.switch import ask
from router.settings import Address
from router.store.keyfile import make_key
from tests.waiting import until

pytestmark = [pytest.mark.fault, pytest.mark.timeout(300)]

ROOT = Path(__file__).parents[2]
SYSTEMD = Path("/lib/systemd/systemd")
NAMESPACE = ("unshare", "--fork", "--pid", "--mount", "--cgroup", "--mount-proc", "--kill-child")
SENIOR = "13900000065"
BOOT = """
set -e
mount --make-rprivate /
for folder in /run /opt /var/lib; do mount -t tmpfs -o mode=755 tmpfs $folder; done
mkdir -p /run/systemd /opt/python /opt/packages /opt/project
mount --bind "$PYTHON" /opt/python
mount --bind "$PACKAGES" /opt/packages
mount --bind "$PROJECT" /opt/project
cp -r "$SETTINGS" /run/settings
mount --make-rshared /  # among its own: credentials come to a service that way
exec env -i container=docker PATH="$PATH" SYSTEMD_UNIT_PATH="$UNITS" /lib/systemd/systemd --unit=calls.target
"""
TARGET = "[Unit]\nWants=probe.service ivr-router@a.socket ivr-router@a.service\n"
PROBE = """
[Unit]
DefaultDependencies=no
[Service]
Type=oneshot
DynamicUser=yes
ExecStart=/bin/echo started
StandardOutput=file:{folder}/probe
"""
HERE = """
[Unit]
DefaultDependencies=no
[Service]
StandardOutput=append:{folder}/router.log
StandardError=append:{folder}/router.log
Environment=PYTHONPATH=/opt/project:/opt/packages LD_LIBRARY_PATH=/opt/python/lib
"""


def can_be_tried():
    """Whether this machine lets us make the namespaces."""
    if not SYSTEMD.exists() or os.getuid() != 0 or shutil.which("unshare") is None:
        return False
    return subprocess.run([*NAMESPACE, "true"], check=False, capture_output=True).returncode == 0


def written(folder, agi, metrics, *, workers):
    """The units as they are in deploy/, with paths of this machine; and settings."""
    units, settings = folder / "units", folder / "settings"
    shutil.copytree(ROOT / "deploy/systemd", units)
    service = units / "ivr-router@.service"
    text = service.read_text().replace("/opt/ivr/bin/ivr", f"/opt/python/bin/{python()} -m router")
    service.write_text(text.replace("/etc/ivr-router", "/run/settings"))
    (units / "ivr-router@a.socket.d/listen.conf").write_text(
        f"[Unit]\nDefaultDependencies=no\n[Socket]\nListenStream={agi}\n"
    )
    (units / "ivr-router@a.service.d").mkdir()
    (units / "ivr-router@a.service.d/here.conf").write_text(HERE.format(folder=folder))
    (units / "calls.target").write_text(TARGET)
    (units / "probe.service").write_text(PROBE.format(folder=folder))
    shutil.copytree(ROOT / "policies", settings / "policies")
    (settings / "a.env").write_text(f"IVR_AGI=127.0.0.1:1\nIVR_METRICS={metrics}\nIVR_WORKERS={workers}\n")
    (settings / "store").write_text("redis://127.0.0.1:1\n")  # nobody there: decided for as unknown
    make_key(settings / "pseudonym.key")


def python():
    return Path(sys.executable).resolve().name


def groups():
    """The control groups below ours."""
    found = []
    for root in [Path("/sys/fs/cgroup"), *Path("/sys/fs/cgroup").glob("*")]:
        found += [path for name in ("init.scope", "system.slice") if (path := root / name).is_dir()]
    return found


@pytest.fixture
def systemd(tmp_path, request):
    """The process number of a systemd that runs the units, and the address of its router."""
    if not can_be_tried():
        pytest.skip("needs root, systemd and namespaces")
    with Ports(1) as ports:
        workers = getattr(request, "param", 1)
        agi, metrics = (f"127.0.0.1:{ports.take(count)}" for count in (1, workers))
        written(tmp_path, agi, metrics, workers=workers)
        paths = {
            "PYTHON": sys.base_prefix,
            "PACKAGES": sysconfig.get_path("purelib"),
            "PROJECT": str(ROOT),
            "SETTINGS": str(tmp_path / "settings"),
            "UNITS": str(tmp_path / "units"),
        }
        before = groups()
        with (tmp_path / "boot.log").open("w") as log:
            running = subprocess.Popen(
                [*NAMESPACE, "sh", "-c", BOOT], env=os.environ | paths, stdout=log, stderr=log
            )
        try:
            try:
                until((tmp_path / "probe").exists, "systemd starts a service")
            except AssertionError:
                pytest.skip("systemd starts no services in a namespace of this machine")
            yield running.pid, Address.parse(agi)
        finally:
            running.kill()  # and with it the namespace
            running.wait()
            made = set(groups()) - set(before)
            until(lambda: _removed(made), "the control groups of the namespace are empty")


def _removed(tops):
    """Remove control groups with those below them; whether they are gone."""
    for top in filter(Path.exists, tops):
        below = (path for path in top.rglob("*") if path.is_dir())
        for folder in [*sorted(below, reverse=True), top]:
            with suppress(OSError):  # a process in it has not quite ended
                folder.rmdir()
    return not any(map(Path.exists, tops))


def parents_of_all():
    """The number of each process's parent, as this side of the namespace sees them."""
    parents = {}
    for status in Path("/proc").glob("[0-9]*/status"):
        with suppress(OSError):
            fields = dict(line.split(":\t", 1) for line in status.read_text().splitlines() if ":\t" in line)
            parents[int(status.parent.name)] = int(fields["PPid"])
    return parents


def workers_of(router):
    return {pid for pid, parent in parents_of_all().items() if parent == router}


def router_of(systemd):
    """The number of the router's process; None while there is none."""
    parents = parents_of_all()
    for pid, parent in parents.items():
        with suppress(OSError):
            if (
                parents.get(parent) == systemd
                and b"router\0serve" in Path(f"/proc/{pid}/cmdline").read_bytes()
            ):
                return pid
    return None


def status(pid):
    return dict(line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())


def is_decided(agi, folder, capsys, call_id, what):
    """Whether a call is decided; how long it waited is printed."""
    try:
        answer = ask(agi, SENIOR, "10010", call_id, deadline=60)
    except OSError as wrong:
        log = folder / "router.log"
        raise AssertionError(f"{wrong!r}\n{log.read_text() if log.exists() else 'no log'}") from wrong
    with capsys.disabled():
        print(f"\nunder systemd: {what} waited {answer.seconds:.3f} s")
    return answer.variables.get("IVR_OK") == "1"


def test_a_router_that_is_killed_or_hangs_is_there_again_and_no_call_is_refused(systemd, tmp_path, capsys):
    """In its sandbox; the watchdog ends the one that hangs, after five seconds."""
    parent, agi = systemd
    decided = partial(is_decided, agi, tmp_path, capsys)
    until(lambda: router_of(parent), "the router is started")
    assert decided("1.1", "a call at the start")
    first = router_of(parent)
    of_it = status(first)
    assert of_it["Uid"].split()[0] != "0"
    assert (of_it["NoNewPrivs"], of_it["Seccomp"]) == ("1", "2")
    assert int(of_it["CapBnd"], 16) == 0
    os.kill(first, signal.SIGKILL)
    assert decided("1.2", "a call after kill -9")
    second = router_of(parent)
    assert second != first
    os.kill(second, signal.SIGSTOP)
    until(lambda: status(second)["State"].startswith("T"), "it stands still")
    assert decided("1.3", "a call after a hang")
    assert router_of(parent) not in {first, second}


@pytest.mark.parametrize("systemd", [2], indirect=True)
def test_workers_are_replaced_by_their_parent_and_end_with_it(systemd, tmp_path, capsys):
    """Killed or hung they are not systemd's to start again; their parent is, and it leaves nobody behind."""
    namespace, agi = systemd
    decided = partial(is_decided, agi, tmp_path, capsys)
    until(lambda: router_of(namespace), "the router is started")
    assert decided("1.1", "a call at the start")
    parent = router_of(namespace)
    first = until(lambda: len(found := workers_of(parent)) == 2 and found, "there are two workers")
    for pid in first:
        os.kill(pid, signal.SIGKILL)
    assert decided("1.2", "a call after kill -9 of both workers")
    until(lambda: len(workers_of(parent) - first) == 2, "two others are there")
    assert router_of(namespace) == parent
    second = workers_of(parent)
    for pid in second:
        os.kill(pid, signal.SIGSTOP)
        until(lambda: status(pid)["State"].startswith("T"), "it stands still")  # noqa: B023
    assert decided("1.3", "a call after both workers hang")
    assert router_of(namespace) == parent
    until(lambda: not second & workers_of(parent), "they are killed")
    last = until(lambda: len(found := workers_of(parent)) == 2 and found, "there are two workers again")
    os.kill(parent, signal.SIGKILL)
    assert decided("1.4", "a call after kill -9 of the parent")
    # until they have ended, orphans are the first process's children, as a router is
    until(lambda: router_of(namespace) not in {None, parent, *last}, "there is another parent")
    assert not last & parents_of_all().keys()
