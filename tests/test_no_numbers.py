"""No number of a caller is anywhere in what the service keeps, says or shows: looked for in all of it.

Router and observer run as processes and are told of calls as a switch tells of them; then every key of the
store, every file that they have written and their metrics are searched. The same search finds a number that a
test has put there.
"""

import os
import re
import signal
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from loadtest.ports import Ports
from loadtest.stack import Ivr
from router.agi.switch import ask, environment
from router.numbers import masked, normalise
from router.settings import Address, StoreUrl
from router.store.embedded import connected
from router.store.keyfile import load_key
from tests.ami.packets import JOINED
from tests.test_watch import PlayedSwitch
from tests.waiting import until

ROOT = Path(__file__).parent.parent
CALLERS = ("13812345678", "+8613987654321", "008613712344321", "02162581234", "+4915112345678")
"""As they are displayed: mobiles in three spellings, a landline, somebody from abroad."""
TRANSFERRED = "13698765432"
"""Whom a call was handed on to."""
QUEUE_LOG = (
    "{at}|{call}|NONE|NONE|IVRROUTED|10010|10010|senior-direct|senior|henan|0|queue:elder-care",
    "{at}|{call}|elder-care|NONE|IVRREQUEST|direct",
    "{at}|{call}|elder-care|NONE|ENTERQUEUE||{number}|1",
    "{at}|{call}|elder-care|Wang Fang|CONNECT|7|1795468683.11|3",
    f"{{at}}|{{call}}|elder-care|Wang Fang|BLINDTRANSFER|{TRANSFERRED}|ivr-transfer|7|12|1",
)
BAD_LINES = ("{number}", "{at}||general|NONE|ENTERQUEUE||{number}|1", "{at}|1.1|q|a|CONNECT|{number}|1.2|3")


def spelt(numbers):
    """Finds these numbers with or without country code, plus, and what people put between digits."""
    national = [normalise(number).removeprefix("+86").removeprefix("+49") for number in numbers]
    return re.compile("|".join(rb"[ ().-]*".decode().join(number) for number in national).encode())


class Service:
    """A router and an observer on a store of their own, with a switch that is played."""

    def __init__(self, folder, held):
        self.folder = folder
        self.files, self.queue_log = folder / "run", folder / "queue_log"
        self.files.mkdir()
        self.queue_log.touch()
        self.store = f"embedded:{self.files}/store"
        self.client = held.enter_context(connected(StoreUrl(self.store)))
        self.client.config_set("rdbcompression", "no")  # DUMP shows values as they are
        self.key = load_key(None, StoreUrl(self.store))
        self.ports = held.enter_context(Ports())
        self.switch = PlayedSwitch()
        held.callback(self.switch.go)
        self._import()
        self.agi = Address("127.0.0.1", self.ports.take())
        common = ("--store", self.store, "--policies", str(ROOT / "policies"))
        self.router = held.enter_context(self._ivr("serve", "--agi", str(self.agi), *common))
        self.observer = held.enter_context(
            self._ivr(
                *("watch", "--ami", f"127.0.0.1:{self.switch.port}", *common),
                *("--queue-log", str(self.queue_log), "--state", str(self.files / "state")),
            )
        )

    def _ivr(self, name, *arguments):
        metrics = f"127.0.0.1:{self.ports.take()}"
        secrets = {"IVR_AMI_SECRET": "s3cret"}
        return Ivr((name, *arguments), metrics=metrics, log=self.files / f"{name}.log", secrets=secrets)

    def ivr(self, *arguments):
        """What a command says."""
        command = [sys.executable, "-m", "router", *arguments, "--store", self.store]
        return subprocess.run(command, capture_output=True, check=False, cwd=ROOT).stdout

    def purge(self, number):
        """Its exit code, beside processes that run."""
        folders = [self.files / "serve.spool", self.files / "watch.spool"]
        places = [word for folder in folders for word in ("--spool", str(folder))]
        places += ["--state", str(self.files / "state"), "--store", self.store]
        command = [sys.executable, "-m", "router", "purge", number, *places]
        return subprocess.run(command, capture_output=True, check=False, cwd=ROOT).returncode

    def _import(self):
        customers = self.folder / "customers.csv"
        customers.write_text("number,age\n" + "".join(f"{number},70\n" for number in CALLERS))
        self.ivr("customers", "import", str(customers))

    def pseudonym(self, number):
        return self.key.pseudonym(normalise(number)).encode()

    def call(self, number, call, lines=QUEUE_LOG):
        """A call of a number, as far as the switch tells of it."""
        ask(self.agi, number, "10010", call)
        self.log(lines, number, call)

    def log(self, lines, number, call):
        with self.queue_log.open("a") as log:
            log.writelines(line.format(at=1795468683, call=call, number=number) + "\n" for line in lines)

    def hostile(self, number):
        """What no switch sends, in every way in: refused, and said."""
        with socket.create_connection((self.agi.host, self.agi.port), timeout=10) as session:
            session.sendall(environment(f"{number}\nagi_dnid: {number}", "10010", "9.1"))
            session.recv(4096)
        with socket.create_connection((self.agi.host, self.agi.port), timeout=10) as session:
            session.sendall(environment(number, "10010", number + "\x01"))
            session.recv(4096)
        self.log(BAD_LINES, number, "9.1")
        self.switch.say(JOINED.replace("13800138000", number))

    def texts(self):
        """Everything, each with where it is."""
        for key in self.client.scan_iter():
            yield f"the name of {key!r}", key
            yield f"DUMP {key!r}", self.client.dump(key) or b""
            yield f"what is in {key!r}", repr(self._read(key)).encode()
        yield from self.texts_of_files()
        for process in (self.router, self.observer):
            yield f"metrics of {process.log.stem}", process.get("metrics").encode()

    def texts_of_commands(self):
        for command in (("journal", "export", "--grounds"), ("customers", "export")):
            yield f"ivr {' '.join(command)}", self.ivr(*command)

    def _read(self, key):
        match self.client.type(key):
            case b"hash":
                return self.client.hgetall(key)
            case b"list":
                return self.client.lrange(key, 0, -1)
            case b"stream":
                return self.client.xrange(key)
            case b"string":
                return self.client.get(key)
            case other:
                raise AssertionError(f"nobody here writes a {other} ({key})")

    def texts_of_files(self):
        for path in sorted(self.files.rglob("*")):
            yield f"the name of {path}", str(path.relative_to(self.files)).encode()
            if path.is_file():
                yield str(path.relative_to(self.files)), path.read_bytes()

    def spooled(self):
        return [process.sample("ivr_journal_spooled") for process in (self.router, self.observer)]


def told(service):
    """Tell of calls while the store is there and while it is not; everything that then was anywhere."""
    for place, number in enumerate(CALLERS):
        service.call(number, f"1795468683.{place}")
    service.call("", "1795468683.8")
    service.call(CALLERS[0], "1795468683.9", QUEUE_LOG[:3])  # it goes on
    service.hostile(CALLERS[0])
    service.hostile(CALLERS[1])
    bad = 2 * len(BAD_LINES)
    until(lambda: service.observer.sample("ivr_queue_log_errors_total") == bad, "bad lines are counted")
    state = service.files / "state/observer.json"
    caller = service.pseudonym(CALLERS[0])
    until(lambda: state.exists() and caller in state.read_bytes(), "the observer remembers an open call")
    server = int((service.files / "store/valkey.pid").read_text())
    os.kill(server, signal.SIGSTOP)
    try:
        for place, number in enumerate(CALLERS):
            service.call(number, f"1795468684.{place}")
        until(lambda: all(service.spooled()), "events are spooled")
        texts = list(service.texts_of_files())
    finally:
        os.kill(server, signal.SIGCONT)
    until(lambda: not any(service.spooled()), "the spools are drained")
    until(lambda: service.router.sample("ivr_journal_waiting") == 0, "all is written")
    return [*texts, *service.texts(), *service.texts_of_commands()]


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with ExitStack() as held:
        yield Service(tmp_path_factory.mktemp("service"), held)


@pytest.fixture(scope="module")
def texts(service):
    return told(service)


def found(texts, numbers=(*CALLERS, TRANSFERRED)):
    pattern = spelt(numbers)
    return [where for where, text in texts if pattern.search(text)]


def test_no_number_is_anywhere(texts):
    assert found(texts) == []


@pytest.mark.parametrize(
    "place",
    [
        *("the name of b'c:{", "the name of b'h:{", "DUMP b'ivr:journal'", "what is in b'ivr:journal'"),
        *("serve.log", "serve.spool/", "state/observer.json", "watch.spool/", "store/appendonlydir/"),
        *("ivr journal export", "ivr customers export"),
    ],
)
def test_callers_are_in_all_that_was_searched(service, texts, place):
    """By their pseudonyms: it was really looked at while it had something in it."""
    seen = b"".join(text for where, text in texts if where.startswith(place))
    assert any(service.pseudonym(number) in seen for number in CALLERS)


@pytest.mark.parametrize("place", ["serve.log", "what is in b'ivr:journal'"])
def test_masks_are_there(texts, place):
    """People see four stars in a number; also of whom a call was handed on to."""
    seen = b"".join(text for where, text in texts if where.startswith(place)).decode()
    assert masked(normalise(CALLERS[0])) in seen
    assert place == "serve.log" or masked(normalise(TRANSFERRED)) in seen


@pytest.mark.parametrize("text", ["13812345678", "8613812345678", "+86 138-1234-5678", "(0086)138 1234 5678"])
@pytest.mark.parametrize(
    "plant", ["key", "hash", "list", "string", "stream", "spool", "state", "log", "name"]
)
def test_a_number_that_is_there_is_found(service, texts, plant, text):  # noqa: ARG001  all has been told
    """In whichever place and form: the search can fail."""
    client, files = service.client, service.files
    file = {
        "spool": files / "serve.spool/00000009.log",
        "state": files / "state/more.json",
        "log": files / "more.log",
        "name": files / text,
    }.get(plant)
    match plant:
        case "key":
            client.set(f"x:{text}", "")
        case "hash":
            client.hset("x:", mapping={"a": "b", text: "c"})
        case "list":
            client.lpush("x:", "a", f"o 1 1.1 {text}", "b")
        case "string":
            client.set("x:", f"a{text}b")
        case "stream":
            client.xadd("x:", {"event": f'{{"caller":"{text}"}}'})
        case _:
            file.write_text(f"a {text} b" if plant != "name" else "")
    try:
        assert found(service.texts())
    finally:
        if file is not None:
            file.unlink()
        for key in client.keys("x:*"):
            client.delete(key)


def test_who_is_purged_is_nowhere_by_his_pseudonym_either(service, texts):  # noqa: ARG001  all has been told
    """But in the log, and in the bytes of the journal's blocks. Once his last call has ended."""
    caller = service.pseudonym(CALLERS[0])
    state = service.files / "state/observer.json"
    assert service.purge(CALLERS[0]) == 1
    assert caller in state.read_bytes()
    service.log(["{at}|{call}|elder-care|NONE|ABANDON|1|1|7"], "", "1795468683.9")
    for call in ("1795468683.0", "1795468683.9", "1795468684.0"):
        service.log(["{at}|{call}|NONE|NONE|IVRENDED|10010"], "", call)
    until(lambda: caller not in state.read_bytes(), "the observer has forgotten the call")
    assert service.purge(CALLERS[0]) == 0
    there = {where.rpartition("/")[2] for where, text in service.texts() if caller in text}
    assert {where for where in there if not where.endswith("base.rdb")} == {
        "serve.log",
        "DUMP b'ivr:journal'",
    }
    others = b"".join(text for _, text in service.texts())
    assert all(service.pseudonym(number) in others for number in CALLERS[1:])
