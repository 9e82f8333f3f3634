"""`ivr serve` as a process: it starts or says why not, decides, survives its store, and ends in order."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from loadtest.ports import Ports
from loadtest.stack import Ivr
from router.agi.switch import ask, environment
from router.numbers import normalise
from router.settings import Address, StoreUrl
from router.store.keyfile import load_key, make_key
from router.store.layout import contacts_key, customer_key, decode_contacts
from router.store.stream import read
from tests.waiting import until

ROOT = Path(__file__).parent.parent
SENIOR = "13900000065"
LIMIT = 10.0
"""Seconds that a condition may take to come true; it never takes one."""
wait_for = partial(until, limit=LIMIT)


@pytest.fixture
def ports():
    with Ports(1) as ports:
        yield ports


@pytest.fixture
def key_file(tmp_path):
    make_key(tmp_path / "pseudonym.key")
    return tmp_path / "pseudonym.key"


@pytest.fixture
def key(key_file, valkey_url):
    return load_key(key_file, StoreUrl.parse(valkey_url))


class Router:
    """A running `ivr serve` and where it is."""

    def __init__(self, ports, store, key_file, folder, **variables):
        self.agi = Address("127.0.0.1", ports.take())
        arguments = ("serve", "--agi", str(self.agi), "--store", store, "--key-file", str(key_file))
        metrics = f"127.0.0.1:{ports.take()}"
        self.process = Ivr(arguments, metrics=metrics, log=folder / "serve.log", secrets=variables)

    def decides(self, number=SENIOR, dialled="10010", call_id="1.1"):
        return ask(self.agi, number, dialled, call_id).variables


@pytest.fixture
def router(ports, valkey, valkey_url, key_file, key, tmp_path):
    age = {b"age": b"70", b"known": b"1"}
    valkey.hset(customer_key(key.pseudonym(normalise(SENIOR))), mapping=stored(age))
    router = Router(ports, valkey_url, key_file, tmp_path)
    yield router
    router.process.stop()


def stored(values):
    """Values by the names of their fields in the store."""
    from router.policy.attributes import load_attributes  # noqa: PLC0415  only here

    attributes = load_attributes(ROOT / "policies")
    return {attributes[name.decode()].code: value for name, value in values.items()}


def test_a_known_caller_is_decided_for_and_it_is_told(router, valkey, key):
    """The answer on the wire; then metrics, journal, contact and one line of log, and no number in them."""
    variables = router.decides()
    assert (variables["IVR_ACTION"], variables["IVR_QUEUE"]) == ("queue", "elder-care")
    assert (variables["IVR_SEGMENT"], variables["IVR_OK"]) == ("senior", "1")
    wait_for(lambda: router.process.sample("ivr_routed_total", segment="senior", data="fresh"), "counted")
    pseudonym = key.pseudonym(normalise(SENIOR))
    [event] = wait_for(lambda: read(valkey, "0")[1], "journaled")
    assert (event.caller, event.masked, event.destination) == (pseudonym, "139****0065", "queue:elder-care")
    [contact] = decode_contacts(valkey.lrange(contacts_key(pseudonym), 0, -1))
    assert (contact.call_id, contact.answered) == ("1.1", False)
    log = wait_for(lambda: "CallRouted" in (text := router.process.last_words()) and text, "logged")
    assert "139****0065" in log
    assert SENIOR not in log


def test_a_number_of_no_hotline_is_declined(router):
    assert router.decides(dialled="10086") == {}
    wait_for(lambda: router.process.sample("ivr_agi_refused_total", reason="not_decided"), "counted")


def test_a_call_in_flight_finishes_after_sigterm(router):
    """New ones are not taken, this one is answered, then the process ends with 0."""
    with socket.create_connection((router.agi.host, router.agi.port), timeout=LIMIT) as call:
        block = environment(SENIOR, "10010", "1.1")
        call.sendall(block[:-1])
        wait_for(lambda: router.process.sample("ivr_agi_sessions"), "session open")
        router.process.signal(signal.SIGTERM)
        wait_for(lambda: not router.process.is_ready(), "not ready")
        call.sendall(block[-1:])
        assert call.recv(4096).startswith(b'EXEC MSet "IVR_ACTION=queue,')
        call.sendall(b"200 result=0\n")
    assert router.process.stop() == 0


def test_systemd_is_told_how_it_is(tmp_path, ports, valkey_url, key_file, heard_by_systemd):
    """That it takes calls, that its loop turns, that it looks at its files, and that it ends."""
    router = Router(ports, valkey_url, key_file, tmp_path, **heard_by_systemd.variables)
    try:
        assert heard_by_systemd.next() == f"READY=1\nSTATUS=decides calls at {router.agi}"
        assert heard_by_systemd.next() == "WATCHDOG=1"
        router.process.signal(signal.SIGHUP)
        assert heard_by_systemd.next(other_than="WATCHDOG=1") == "RELOADING=1"
        assert heard_by_systemd.next(other_than="WATCHDOG=1") == "READY=1"
    finally:
        assert router.process.stop() == 0
    assert heard_by_systemd.next(other_than="WATCHDOG=1").startswith("STOPPING=1\n")


def test_hostile_bytes_are_declined_and_counted(router):
    """And the next call is decided."""
    with socket.create_connection((router.agi.host, router.agi.port), timeout=LIMIT) as call:
        call.sendall(environment("x\nagi_dnid: 10086", "10010", "1.1"))
        assert call.recv(4096) == b"FAILURE\n"
    assert router.process.sample("ivr_agi_refused_total", reason="environment") == 1
    assert router.decides()["IVR_OK"] == "1"


def embedded(tmp_path, ports):
    """A router on an embedded store of its own."""
    folder = tmp_path / "store"
    store = f"embedded:{folder}"
    load_key(None, StoreUrl.parse(store))
    return Router(ports, store, folder / "pseudonym.key", tmp_path), folder


def test_without_its_store_it_decides_as_for_unknown_callers(tmp_path, ports):
    """Killed under the router: decided in time and labelled; back: known again."""
    router, folder = embedded(tmp_path, ports)
    try:
        server = int((folder / "valkey.pid").read_text())
        os.kill(server, signal.SIGSTOP)
        assert router.decides()["IVR_MENU"] == "main"  # hung: the deadline of 50 ms
        assert router.process.sample("ivr_routed_total", data="absent") == 1
        os.kill(server, signal.SIGCONT)
        wait_for(lambda: router.decides() and router.process.sample("ivr_routed_total", data="fresh"), "back")
        os.kill(server, signal.SIGKILL)
        wait_for(lambda: not router.process.sample("ivr_store_up"), "noticed")
        absent = router.process.sample("ivr_routed_total", data="absent")
        assert router.decides()["IVR_MENU"] == "main"
        assert router.process.sample("ivr_routed_total", data="absent") == absent + 1
        assert router.process.sample("ivr_store_errors_total", kind="down") >= 1
    finally:
        assert router.process.stop() == 0


def test_a_log_that_nobody_reads_stops_no_call(tmp_path, ports):
    """Its pipe is full after some two hundred lines; the calls behind are decided all the same."""
    agi = Address("127.0.0.1", ports.take())
    metrics = f"127.0.0.1:{ports.take()}"
    command = ("serve", "--agi", str(agi), "--metrics", metrics, "--store", f"embedded:{tmp_path / 'store'}")
    command += ("--versions", str(tmp_path / "versions"), "--control", str(tmp_path / "control.sock"))
    with subprocess.Popen(
        [sys.executable, "-m", "router", *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=ROOT,
    ) as process:
        assert any(b'"ready"' in line for line in iter(process.stdout.readline, b""))
        answers = [ask(agi, SENIOR, "10010", f"1.{number}") for number in range(600)]
        assert all(answer.variables["IVR_OK"] == "1" for answer in answers)
        process.terminate()
        assert process.wait(LIMIT) == 0


def test_events_that_a_worker_has_left_are_said_so(tmp_path, ports, valkey_url, key_file):
    """There were three once, and the store was away when the third ended."""
    left, taken = tmp_path / "serve.spool/worker-2", tmp_path / "serve.spool/worker-1"
    for folder in (left, taken):
        folder.mkdir(parents=True)
        (folder / "00000001.log").write_text("")
    router = Router(ports, valkey_url, key_file, tmp_path, IVR_WORKERS="2")
    try:
        log = router.process.log.read_text()
    finally:
        assert router.process.stop() == 0
    assert f'"spool": "{left}"' in log
    assert str(taken) not in log


def refused(*arguments):
    """What `ivr serve` says when it does not start, and its exit code."""
    done = subprocess.run(
        [sys.executable, "-m", "router", "serve", *arguments],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        cwd=ROOT,
    )
    return done.returncode, done.stderr


class TestDoesNotStart:
    def test_on_mistakes_in_policies(self, tmp_path):
        policies = Path(shutil.copytree(ROOT / "policies", tmp_path / "policies"))
        hotline = policies / "10010.yaml"
        hotline.write_text(hotline.read_text().replace("queue: elder-care", "queue: elder-car"))
        code, said = refused("--policies", str(policies), "--store", f"embedded:{tmp_path / 'store'}")
        assert code == 2
        assert 'no queue "elder-car"; did you mean "elder-care"?' in said
        assert "Traceback" not in said

    def test_where_another_listens(self, tmp_path):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            address = f"127.0.0.1:{taken.getsockname()[1]}"
            code, said = refused("--agi", address, "--store", f"embedded:{tmp_path / 'store'}")
        assert code == 2
        assert "in use" in said
        assert "Traceback" not in said

    def test_where_another_has_its_metrics_port(self, tmp_path):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            address = f"127.0.0.1:{taken.getsockname()[1]}"
            store = f"embedded:{tmp_path / 'store'}"
            code, said = refused("--agi", "127.0.0.1:0", "--metrics", address, "--store", store)
        assert code == 2
        assert address in said
        assert "Traceback" not in said

    def test_where_another_has_the_metrics_port_of_its_second_worker(self, tmp_path):
        """Whichever worker says it: all end, and nothing is left."""
        with Ports(1) as ports:
            first = ports.take(2)
            with socket.create_server(("127.0.0.1", first + 1)):
                own = ("--control", str(tmp_path / "control.sock"), "--spool", str(tmp_path / "spool"))
                store = f"embedded:{tmp_path / 'store'}"
                code, said = refused(
                    *("--agi", "127.0.0.1:0", "--metrics", f"127.0.0.1:{first}", "--store", store, *own),
                    *("--versions", str(tmp_path / "versions"), "--workers", "2"),
                )
        assert code == 2
        assert f"worker 1: 127.0.0.1:{first + 1}: " in said
        assert "Traceback" not in said
        assert not list(tmp_path.glob("*.sock*"))

    def test_with_more_workers_than_ports_are_left(self):
        code, said = refused("--metrics", "127.0.0.1:65535", "--workers", "2")
        assert code == 2
        assert "2 workers need as many ports" in said

    def test_in_a_region_that_is_none(self):
        code, said = refused("--region", "China")
        assert code == 2
        assert 'region "China" is none' in said

    def test_without_a_key(self, valkey_url):
        code, said = refused("--store", valkey_url)
        assert code == 2
        assert "--key-file" in said

    def test_with_another_key_than_the_customers(self, valkey, valkey_url, tmp_path):
        """With a wrong key every caller would be unknown, and nothing else would show it."""
        make_key(tmp_path / "one.key")
        make_key(tmp_path / "other.key")
        base = tmp_path / "base.csv"
        base.write_text(f"number,age\n{SENIOR},70\n")
        command = [sys.executable, "-m", "router", "customers", "import", str(base), "--store", valkey_url]
        subprocess.run([*command, "--key-file", str(tmp_path / "one.key")], check=True, cwd=ROOT)
        assert valkey.dbsize() > 0
        code, said = refused("--store", valkey_url, "--key-file", str(tmp_path / "other.key"))
        assert code == 2
        assert "another key" in said
