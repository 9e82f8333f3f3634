"""The observer: what the switch says, into contacts, journal and numbers."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from contextlib import suppress
from hashlib import md5
from pathlib import Path
from typing import BinaryIO

import pytest
from prometheus_client import CollectorRegistry

from router.ami.wire import AmiTrouble, Message, Receiver
from router.events import CallAbandoned, CallAnswered
from router.facts import Contact, QueueLoad
from router.numbers import Number, PseudonymKey
from router.settings import StoreUrl
from router.store.stream import read
from router.store.keyfile import load_key, make_key
from router.store.layout import FRESH_SECONDS, contacts_key, decode_contacts, decode_load
from router.watch import Switchboard, WatchSettings
from tests.ami.packets import ANSWERED, BANNER, FORGED, HUNG_UP, JOINED, READY, SUMMARY, packet

KEY = PseudonymKey(key_id="t1", secret=b"a secret of thirty-two bytes ...")
ROOT = Path(__file__).parent.parent
LIMIT = 20.0
"""Seconds that a condition may take to come true; it never takes one."""


class TestSwitchboard:
    @pytest.fixture
    def registry(self):
        return CollectorRegistry()

    @pytest.fixture
    def published(self):
        return []

    @pytest.fixture
    def board(self, registry, published):
        return Switchboard(registry, published.append, key=KEY, region="CN", wall=lambda: 7.5)

    def hear(self, board: Switchboard, *texts: str) -> None:
        messages: list[Message] = Receiver().receive(BANNER + b"".join(map(packet, texts)))
        for message in messages:
            board.event(message)

    def test_publishes_what_a_message_means(self, board, published):
        """To everybody who wants it, in the order of the messages; other events are nobody's business."""
        self.hear(board, JOINED, ANSWERED, HUNG_UP)
        assert [type(event) for event in published] == [CallAnswered, CallAbandoned]
        assert {event.caller for event in published} == {KEY.pseudonym(Number("+8613800138000"))}

    def test_dates_by_its_own_clock_what_the_switch_does_not(self, board, published):
        """The time at which the event was read."""
        self.hear(board, re.sub("Timestamp: .*\n", "", ANSWERED))
        assert [event.at for event in published] == [7.5]

    def test_counts_messages(self, board, registry):
        """All of them, whatever they mean."""
        self.hear(board, JOINED, ANSWERED)
        assert registry.get_sample_value("ivr_ami_messages_total") == 2

    def test_counts_what_it_does_not_believe(self, board, registry, published):
        """Both halves of an event that a caller's number cut in two."""
        self.hear(board, FORGED)
        assert published == []
        assert registry.get_sample_value("ivr_ami_errors_total", {"kind": "tainted"}) == 2

    @pytest.mark.parametrize("kind", AmiTrouble)
    def test_has_every_trouble_from_the_start(self, board, registry, kind):
        """A rate starts at zero, and counts on."""
        assert registry.get_sample_value("ivr_ami_errors_total", {"kind": kind}) == 0
        board.trouble(kind)
        assert registry.get_sample_value("ivr_ami_errors_total", {"kind": kind}) == 1

    def test_knows_whether_events_come(self, board, registry):
        """For /readyz and for the gauge."""
        assert not board.is_up
        for up in (True, False):
            board.state(up=up)
            assert board.is_up is up
            assert registry.get_sample_value("ivr_ami_connected") == up


def test_settings_do_not_show_the_secret():
    """Not in a traceback either."""
    assert "secret" in WatchSettings.__dataclass_fields__
    assert not WatchSettings.__dataclass_fields__["secret"].repr


def wait_for(condition, what: str):
    """The condition's value, once it is true."""
    end = time.monotonic() + LIMIT
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(0.01)
    raise AssertionError(f"in {LIMIT:g} s never: {what}")


class PlayedSwitch:
    """An AMI that lets one user in and says what the test wants."""

    def __init__(self) -> None:
        self.port = 0
        self._accepted: list[socket.socket] = []
        self.listen()

    def listen(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", self.port))
        self.port = self._socket.getsockname()[1]
        self._client: socket.socket | None = None
        threading.Thread(target=self._take, args=(self._socket,), daemon=True).start()

    def _take(self, listening: socket.socket) -> None:
        with suppress(OSError, KeyError, IndexError, ValueError):  # it may be gone at any moment
            self._let_in(listening)

    def _let_in(self, listening: socket.socket) -> None:
        client, _ = listening.accept()
        self._accepted.append(client)
        lines = client.makefile("rb")
        client.sendall(BANNER)
        asked = self._action(lines)
        client.sendall(packet(f"Response: Success\nActionID: {asked['ActionID']}\nChallenge: 1234"))
        asked = self._action(lines)
        good = asked["Key"] == md5(b"1234" + b"s3cret").hexdigest()  # noqa: S324  AMI's own
        client.sendall(packet(f"Response: {'Success' if good else 'Error'}\nActionID: {asked['ActionID']}"))
        self._client = client
        while asked := self._action(lines):
            answer = {"QueueSummary": SUMMARY, "Getvar": READY}.get(asked["Action"], "Response: Success")
            client.sendall(packet(re.sub("ActionID: .*", f"ActionID: {asked['ActionID']}", answer)))

    @staticmethod
    def _action(lines: BinaryIO) -> dict[str, str]:
        """The next action; without one at the end of the connection."""
        action = iter(lambda: lines.readline().decode().strip(), "")
        return dict(line.split(": ", 1) for line in action)

    def say(self, *texts: str) -> None:
        assert self._client is not None
        self._client.sendall(b"".join(map(packet, texts)))

    def go(self) -> None:
        """Like a switch that ends: nobody listens, and the connection is closed."""
        with suppress(OSError):  # wakes accept()
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for client in self._accepted:
            with suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)
            client.close()


class Observer:
    """A running `ivr watch`."""

    def __init__(self, switch: PlayedSwitch, store: str, key_file: Path, log: Path) -> None:
        self._log = log
        command = [
            *(sys.executable, "-c", "import typer; from router.cli.watch import watch; typer.run(watch)"),
            *("--ami", f"127.0.0.1:{switch.port}", "--store", store, "--key-file", str(key_file)),
            *("--policies", str(ROOT / "policies"), "--metrics", "127.0.0.1:0"),
        ]
        environment = {**os.environ, "IVR_AMI_SECRET": "s3cret", "PYTHONUNBUFFERED": "1"}
        with log.open("wb") as out:
            self.process = subprocess.Popen(
                command, stdout=out, stderr=subprocess.STDOUT, env=environment, cwd=ROOT
            )
        self._address = wait_for(self._said, "it says where its metrics are")

    def _said(self) -> str | None:
        assert self.process.poll() is None, self._log.read_text()
        found = re.search(r"metrics\W+(127\.0\.0\.1:[1-9][0-9]*)", self._log.read_text())
        return found and found[1]

    def page(self, name: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://{self._address}/{name}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as no:
            return no.code, ""

    def is_ready(self) -> bool:
        return self.page("readyz")[0] == 200

    def sample(self, series: str) -> float | None:
        found = re.search(rf"^{re.escape(series)} (\S+)$", self.page("metrics")[1], re.MULTILINE)
        return None if found is None else float(found[1])

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(LIMIT)


@pytest.fixture
def key_file(tmp_path):
    make_key(tmp_path / "pseudonym.key")
    return tmp_path / "pseudonym.key"


@pytest.fixture
def switch():
    played = PlayedSwitch()
    yield played
    played.go()


@pytest.fixture
def observer(switch, valkey_url, key_file, tmp_path):
    running = Observer(switch, valkey_url, key_file, tmp_path / "watch.log")
    yield running
    running.process.kill()
    running.process.wait()


def test_an_answered_call_is_a_contact_and_in_the_journal(observer, switch, valkey, valkey_url, key_file):
    """From AMI to the store, over a switch that goes and comes back, to the last event before the end."""
    wait_for(observer.is_ready, "ready")
    switch.say(JOINED, ANSWERED, HUNG_UP, FORGED)
    wait_for(lambda: valkey.xlen("ivr:journal") == 2, "both events in the journal")
    assert observer.sample("ivr_ami_connected") == 1
    assert observer.sample("ivr_ami_messages_total") == 5
    assert observer.sample('ivr_ami_errors_total{kind="tainted"}') == 2
    assert observer.sample('ivr_answered_total{hotline="10010",queue="elder-care"}') == 1
    caller = load_key(key_file, StoreUrl(valkey_url)).pseudonym(Number("+8613800138000"))
    assert decode_contacts(valkey.lrange(contacts_key(caller), 0, -1)) == (
        Contact(at=1795468683, call_id="1795468683.10", answered=True, queue="elder-care"),
    )

    switch.go()
    wait_for(lambda: not observer.is_ready(), "not ready without a switch")
    assert observer.sample("ivr_ami_connected") == 0
    switch.listen()
    wait_for(observer.is_ready, "ready again")

    switch.say(ANSWERED.replace("1795468683.10", "1795468683.99"))
    wait_for(lambda: observer.sample("ivr_ami_messages_total") == 6, "the last event has come")
    assert observer.stop() == 0
    _, events = read(valkey, "0")
    assert [(type(event), event.call_id) for event in events] == [
        (CallAnswered, "1795468683.10"),
        (CallAbandoned, "1795468687.12"),
        (CallAnswered, "1795468683.99"),
    ]


def test_routers_find_in_the_store_how_busy_the_queues_are(observer, switch, valkey):
    """By our names, of this moment; and nothing any more when the switch is not seen."""
    loads = wait_for(lambda: valkey.hgetall("ivr:load"), "the loads are written")
    found = {queue.decode(): decode_load(value) for queue, value in loads.items()}
    assert {queue: load for queue, (load, _) in found.items()} == {
        "general": QueueLoad(waiting=3, longest_wait=41, ready=0),
        "vip": QueueLoad(waiting=0, longest_wait=0, ready=0),
    }
    assert all(abs(at - time.time()) <= FRESH_SECONDS for _, at in found.values())
    assert 0 < valkey.ttl("ivr:load") <= FRESH_SECONDS
    switch.go()
    wait_for(lambda: not observer.is_ready(), "the switch is gone")
    valkey.delete("ivr:load")
    before = observer.sample('ivr_ami_errors_total{kind="unreachable"}')
    wait_for(lambda: observer.sample('ivr_ami_errors_total{kind="unreachable"}') > before + 1, "time goes by")
    assert valkey.exists("ivr:load") == 0


def test_a_switch_that_is_not_there_is_waited_for(observer, switch, valkey_url):  # noqa: ARG001  it runs
    """The observer turns, says that it is not ready, and is once the switch comes."""
    switch.go()
    wait_for(lambda: not observer.is_ready(), "not ready")
    assert observer.page("healthz")[0] == 200
    wait_for(lambda: observer.sample('ivr_ami_errors_total{kind="unreachable"}'), "counted")
    switch.listen()
    wait_for(observer.is_ready, "ready")
    assert observer.stop() == 0
