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

from router.facts import Contact, QueueLoad
from router.numbers import Number
from router.settings import StoreUrl
from router.store.keyfile import load_key, make_key
from router.store.layout import FRESH_SECONDS, contacts_key, decode_contacts, decode_load
from router.store.stream import read
from router.watch import WatchSettings
from tests.ami.packets import (
    BANNER,
    MEMBERS,
    READY,
    SUMMARY,
    packet,
)
from tests.waiting import LIMIT, until

ROOT = Path(__file__).parent.parent


def test_settings_do_not_show_the_secret():
    """Not in a traceback either."""
    assert "secret" in WatchSettings.__dataclass_fields__
    assert not WatchSettings.__dataclass_fields__["secret"].repr


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
            answer = {"QueueSummary": SUMMARY, "Getvar": READY, "QueueStatus": MEMBERS}.get(
                asked["Action"], "Response: Success"
            )
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

    def __init__(
        self,
        switch: PlayedSwitch,
        store: str,
        key_file: Path,
        folder: Path,
        first: str = "pass",
        **variables: str,
    ) -> None:
        """``first`` is done in its process before it starts; ``variables`` are of its environment."""
        self._log = folder / "watch.log"
        self.queue_log = folder / "queue_log"
        self.queue_log.touch()
        command = [
            *(
                sys.executable,
                "-c",
                f"{first}; import typer; from router.cli.watch import watch; typer.run(watch)",
            ),
            *("--ami", f"127.0.0.1:{switch.port}", "--store", store, "--key-file", str(key_file)),
            *("--policies", str(ROOT / "policies"), "--metrics", "127.0.0.1:0"),
            *("--queue-log", str(self.queue_log), "--state", str(folder / "state")),
        ]
        environment = {**os.environ, "IVR_AMI_SECRET": "s3cret", "PYTHONUNBUFFERED": "1", **variables}
        self._command, self._environment = command, environment
        self.start()

    def start(self) -> None:
        with self._log.open("wb") as out:
            self.process = subprocess.Popen(
                self._command, stdout=out, stderr=subprocess.STDOUT, env=self._environment, cwd=ROOT
            )
        self._address = until(self._said, "it says where its metrics are")

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
    running = Observer(switch, valkey_url, key_file, tmp_path)
    yield running
    running.process.kill()
    running.process.wait()


def test_systemd_is_told_how_it_is(switch, valkey_url, key_file, tmp_path, heard_by_systemd):
    """That it watches, that its loop turns, and that it ends."""
    observer = Observer(switch, valkey_url, key_file, tmp_path, **heard_by_systemd.variables)
    assert heard_by_systemd.next() == f"READY=1\nSTATUS=watches 127.0.0.1:{switch.port}"
    assert heard_by_systemd.next() == "WATCHDOG=1"
    assert observer.stop() == 0
    assert heard_by_systemd.next(other_than="WATCHDOG=1").startswith("STOPPING=1\n")


def say(observer, *lines: str) -> None:
    """Like a switch that writes to its queue_log."""
    with observer.queue_log.open("a") as log:
        log.writelines(f"{line}\n" for line in lines)


CALL = (
    "1795468683|1795468683.10|NONE|NONE|IVRROUTED|10010|10010|senior-direct|senior|henan||queue:elder-care",
    "1795468683|1795468683.10|elder-care|NONE|IVRREQUEST|direct",
    "1795468683|1795468683.10|elder-care|NONE|ENTERQUEUE||13800138000|1",
    "1795468690|1795468683.10|elder-care|Wang Fang|CONNECT|7|1795468683.11|3",
)
WHERE = 'hotline="10010",province="henan",queue="elder-care",segment="senior"'


def test_an_answered_call_is_a_contact_in_the_journal_and_counted(
    observer, switch, valkey, valkey_url, key_file
):
    """From queue_log to the store, while the link to the switch goes and comes back."""
    until(observer.is_ready, "ready")
    say(observer, *CALL)
    until(lambda: valkey.xlen("ivr:journal") == 4, "its events in the journal")
    assert observer.sample('ivr_answered_total{hotline="10010",queue="elder-care"}') == 1
    assert observer.sample(f"ivr_demand_total{{{WHERE}}}") == 1
    caller = load_key(key_file, StoreUrl(valkey_url)).pseudonym(Number("+8613800138000"))
    assert decode_contacts(valkey.lrange(contacts_key(caller), 0, -1)) == (
        Contact(
            at=1795468690,
            call_id="1795468683.10",
            answered=True,
            hotline="10010",
            queue="elder-care",
            agent="Wang Fang",
            wait=7,
        ),
    )

    switch.go()
    until(lambda: not observer.is_ready(), "not ready without a switch")
    assert observer.sample("ivr_ami_connected") == 0
    say(observer, "1795468700|1795468683.10|elder-care|Wang Fang|COMPLETECALLER|7|10|1")
    until(lambda: valkey.xlen("ivr:journal") == 5, "calls are told of without it")
    switch.listen()
    until(observer.is_ready, "ready again")


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_an_observer_that_comes_back_goes_on_where_it_was(observer, switch, valkey, end):
    """Nothing is missing and nothing is there twice: totals, journal, and the call that was open."""
    until(observer.is_ready, "ready")
    say(observer, *CALL[:3])
    until(lambda: valkey.xlen("ivr:journal") == 3, "its events in the journal")
    observer.process.send_signal(end)
    observer.process.wait(LIMIT)
    switch.go()  # it lets one in at a time
    switch.listen()
    say(observer, CALL[3], "1795468700|1795468683.10|elder-care|Wang Fang|COMPLETECALLER|7|10|1")
    observer.start()
    until(observer.is_ready, "ready again")
    assert observer.sample(f"ivr_demand_total{{{WHERE}}}") == 1
    assert observer.sample('ivr_answered_total{hotline="10010",queue="elder-care"}') == 1
    until(lambda: valkey.xlen("ivr:journal") == 5, "the rest in the journal")
    assert observer.stop() == 0
    _, events = read(valkey, "0")
    assert [type(event).__name__ for event in events] == [
        *("CallOffered", "PersonRequested", "CallQueued", "CallAnswered", "CallCompleted")
    ]


def test_lines_that_make_no_sense_are_counted_and_passed_over(observer):
    until(observer.is_ready, "ready")
    say(observer, "what is this", *CALL)
    answered = 'ivr_answered_total{hotline="10010",queue="elder-care"}'
    until(lambda: observer.sample(answered) == 1, "the next lines count")
    assert observer.sample('ivr_queue_log_errors_total{kind="malformed"}') == 1
    assert observer.sample("ivr_queue_log_lines_total") == 5


def test_a_second_observer_of_the_same_state_does_not_start(observer, switch, valkey_url, key_file, tmp_path):
    """Both would count the same calls."""
    until(observer.is_ready, "ready")
    with pytest.raises(AssertionError, match="another observer"):
        Observer(switch, valkey_url, key_file, tmp_path)


def test_routers_find_in_the_store_how_busy_the_queues_are(observer, switch, valkey):
    """By our names, of this moment; and nothing any more when the switch is not seen."""
    loads = until(lambda: valkey.hgetall("ivr:load"), "the loads are written")
    found = {queue.decode(): decode_load(value) for queue, value in loads.items()}
    assert {queue: load for queue, (load, _) in found.items()} == {
        "general": QueueLoad(waiting=3, longest_wait=41, ready=0),
        "vip": QueueLoad(waiting=0, longest_wait=0, ready=0),
    }
    assert all(abs(at - time.time()) <= FRESH_SECONDS for _, at in found.values())
    assert 0 < valkey.ttl("ivr:load") <= FRESH_SECONDS
    assert observer.sample("ivr_floor_stale") == 0
    assert observer.sample('ivr_queue_agents{queue="vip",state="ready"}') == 1
    assert observer.sample('ivr_queue_waiting{queue="general"}') == 3
    switch.go()
    until(lambda: not observer.is_ready(), "the switch is gone")
    until(lambda: not valkey.exists("ivr:load"), "routers know at once that there is no news")
    assert observer.sample("ivr_floor_stale") == 1
    assert observer.sample('ivr_queue_waiting{queue="general"}') is None
    before = observer.sample('ivr_ami_errors_total{kind="unreachable"}')
    until(lambda: observer.sample('ivr_ami_errors_total{kind="unreachable"}') > before + 1, "time goes by")
    assert valkey.exists("ivr:load") == 0


def test_events_go_from_the_journal_with_their_age(switch, valkey, valkey_url, key_file, tmp_path):
    """By the default of 90 days, again and again; counted."""
    day, now = 86_400_000, valkey.time()[0] * 1000
    often = "import router.watch; router.watch.TRIM_SECONDS = 0.01"
    valkey.xadd("ivr:journal", {"event": "x" * 5000}, id=f"{now - 91 * day}-0")  # a block of its own
    last = valkey.xadd("ivr:journal", {"event": "x"}, id=f"{now - 89 * day}-0")
    running = Observer(switch, valkey_url, key_file, tmp_path, often)
    try:
        until(lambda: running.sample("ivr_journal_expired_total") == 1, "the old one is gone")
        assert [place for place, _ in valkey.xrange("ivr:journal")] == [last]
    finally:
        assert running.stop() == 0


def test_a_switch_that_is_not_there_is_waited_for(observer, switch, valkey_url):  # noqa: ARG001  it runs
    """The observer turns, says that it is not ready, and is once the switch comes."""
    switch.go()
    until(lambda: not observer.is_ready(), "not ready")
    assert observer.page("healthz")[0] == 200
    until(lambda: observer.sample('ivr_ami_errors_total{kind="unreachable"}'), "counted")
    switch.listen()
    until(observer.is_ready, "ready")
    assert observer.stop() == 0
