"""`ivr purge`: a caller is gone from everywhere, nobody else is, and what is left is said."""

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from router.cli.app import application
from router.errors import SettingsError
from router.events import CallOffered, to_json
from router.numbers import Number
from router.queue_log.calls import Calls
from router.queue_log.lines import parse
from router.queue_log.memory import Memory, Remembered
from router.queue_log.tail import Place
from router.settings import StoreUrl
from router.store import purge, spools
from router.store.embedded import connected
from router.store.keyfile import check_key, load_key, make_key
from router.store.layout import contacts_key, customer_key
from router.store.spool import Record, Spool
from router.store.stream import STREAM
from tests.fakes import answered, routed

HIS, HERS = "13812345678", "13900000065"
LINE = "1795468683|1795468683.1{call}|general|NONE|ENTERQUEUE||{number}|1\n"


def offered(call_id):
    """Of a call, without a caller."""
    return CallOffered(
        call_id=call_id,
        at=1.0,
        hotline="10010",
        segment="senior",
        province="none",
        rule="senior-direct",
        destination="queue:elder-care",
    )


def bytes_of(folder):
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


class World:
    """A store and folders that have two callers in them."""

    def __init__(self, client, url, folder: Path):
        self.client, self.url, self.folder = client, url, folder
        self.keys = []
        for key_id in ("k1", "k0"):
            file = folder / f"{key_id}.key"
            make_key(file, key_id)
            self.keys.append(file)
        self.spool, self.state, self.log = folder / "spool", folder / "state", folder / "queue_log"
        self.spool.mkdir()
        self.state.mkdir()

    def caller(self, number, key=0):
        return load_key(self.keys[key], StoreUrl(self.url)).pseudonym(Number(f"+86{number}"))

    def has(self, number, *, key=0, calls=("1",)):
        """The store has attributes, a contact, and three events of each call: the first has no caller."""
        caller = self.caller(number, key)
        self.client.hset(customer_key(caller), mapping={"a": "70"})
        self.client.lpush(contacts_key(caller), "o 1 1.1 10010")
        for call in calls:
            self.client.xadd(STREAM, {"event": to_json(offered(call))})
            self.client.xadd(STREAM, {"event": to_json(routed(call_id=call, caller=caller)), "grounds": "{}"})
            self.client.xadd(STREAM, {"event": to_json(answered(call_id=call, caller=caller))})

    def spooled(self, *events):
        """A process's spool, held until it is closed."""
        spool = Spool(self.spool / "serve-1", lambda *_: None)
        numbered = enumerate(map(to_json, events), 1)
        spool.append([Record(writer="w", number=number, event=event) for number, event in numbered])
        return spool

    def observed(self, *numbers):
        """An observer's folder with an open call of each, held until it is closed."""
        calls = Calls(pseudonym=self.caller, hotline_of=str)
        for call, number in enumerate(numbers):
            calls.take(parse(LINE.format(call=call, number=number).strip().encode()))
        memory = Memory(self.state)
        place = Place(device=1, inode=1, offset=1)
        memory.save(Remembered(place=place, number=1, calls=calls.dump(), totals={}))
        return memory

    def purge(self, *arguments, number=HIS, code=0, keys=1):
        for file in self.keys[:keys]:
            arguments += ("--key-file", file)
        folders = ("--spool", self.spool, "--state", self.state)
        words = ("purge", number, "--store", self.url, "--format", "json", *folders, *arguments)
        done = CliRunner().invoke(application(), list(map(str, words)))
        assert done.exit_code == code, (done.output, done.exception)
        return json.loads(done.stdout)

    def mentions(self, *callers):
        """Whether anything in the store or the folders names one of these."""
        names = [caller.encode() for caller in callers]
        texts = [fields[b"event"] for _, fields in self.client.xrange(STREAM)]
        texts += [*self.client.keys("[ch]:*"), bytes_of(self.spool), bytes_of(self.state)]
        return any(name in text for name in names for text in texts)


@pytest.fixture
def world(valkey, valkey_url, tmp_path):
    return World(valkey, valkey_url, tmp_path)


def test_a_caller_is_gone_and_nobody_else(world):
    """From attributes, contacts, journal, a spool and an observer's folder that nobody has."""
    world.has(HIS, calls=("1", "2"))
    world.has(HERS, calls=("3",))
    his, hers = world.caller(HIS), world.caller(HERS)
    world.spooled(offered("4"), routed(call_id="4", caller=his), routed(call_id="5", caller=hers)).close()
    world.observed(HIS, HERS).close()
    said = world.purge()
    assert said["found"] == {
        "spooled": 2,
        "open calls": 1,
        "customers": 1,
        "contacts": 1,
        "journal": 6,
    }
    assert (said["left"], said["calls"], said["pseudonyms"]) == ([], 3, [his])
    assert (said["number"], HIS in json.dumps(said)) == ("138****5678", False)
    assert not world.mentions(his)
    assert world.client.xlen(STREAM) == 3
    assert world.client.exists(customer_key(hers), contacts_key(hers)) == 2
    assert world.mentions(hers)
    assert set(world.purge()["found"].values()) == {0}


def test_the_rest_is_as_it_was(world):
    """A spool can be drained and an observer can go on: other events, all open calls, nobody's caller."""
    his, hers = world.caller(HIS), world.caller(HERS)
    world.spooled(routed(call_id="4", caller=his), routed(call_id="5", caller=hers)).close()
    world.observed(HIS, HERS).close()
    world.purge()
    spool = Spool(world.spool / "serve-1", lambda *_: None)
    assert [(record.number, b'"5"' in record.event) for record in spool.oldest()] == [(2, True)]
    spool.close()
    memory = Memory(world.state)
    calls = Calls(pseudonym=world.caller, hotline_of=str)
    calls.load(memory.load().calls)
    memory.close()
    assert [call.caller for call in calls.open.values()] == [None, hers]


def test_a_dry_run_counts_the_same_and_removes_nothing(world):
    world.has(HIS)
    world.spooled(routed(call_id="4", caller=world.caller(HIS))).close()
    world.observed(HIS).close()
    rotated = world.log.with_name("queue_log.1")
    rotated.write_text(LINE.format(call=1, number=HIS))
    before = bytes_of(world.folder)
    expected = world.purge("--dry-run", "--queue-log", world.log)
    assert (bytes_of(world.folder), world.client.xlen(STREAM)) == (before, 3)
    assert world.client.exists(customer_key(world.caller(HIS)))
    assert expected["dry_run"]
    assert world.purge("--queue-log", world.log)["found"] == expected["found"]


def test_every_page_of_the_journal_is_read(world, monkeypatch):
    monkeypatch.setattr(purge, "AT_ONCE", 4)
    world.has(HIS, calls=[f"1.{call}" for call in range(10)])
    world.has(HERS, calls=[f"2.{call}" for call in range(10)])
    assert world.purge()["found"]["journal"] == 30
    assert world.client.xlen(STREAM) == 30


def test_what_comes_meanwhile_goes_too(world, monkeypatch):
    """A router writes on while the journal is read."""
    world.has(HIS)
    event = {"event": to_json(routed(caller=world.caller(HIS)))}
    monkeypatch.setattr(spools, "learn", lambda *_: world.client.xadd(STREAM, event))
    world.spooled(routed(call_id="9", caller=None)).close()
    assert world.purge()["found"]["journal"] == 4
    assert world.client.xlen(STREAM) == 0


def test_what_running_processes_have_is_said(world):
    """A spool and an observer that somebody has are not written to."""
    his = world.caller(HIS)
    spool = world.spooled(routed(call_id="4", caller=his))
    memory = world.observed(HIS)
    said = world.purge(code=1)
    assert [(Path(left["where"]).name, left["count"]) for left in said["left"]] == [
        *(("serve-1", 1), ("state", 1))
    ]
    assert world.mentions(his)
    spool.close()
    memory.close()
    assert world.purge()["left"] == []
    assert not world.mentions(his)


def test_running_processes_that_have_nothing_are_no_obstacle(world):
    spool, memory = world.spooled(routed(caller=world.caller(HERS))), world.observed(HERS)
    assert world.purge()["left"] == []
    spool.close()
    memory.close()


def test_a_log_beside_spools_is_none(world):
    """Whoever gives a folder with too much in it has nothing else written to."""
    log = world.spool / "serve.log"
    log.write_text(f"{to_json(routed(caller=world.caller(HIS))).decode()}\n")
    before = log.read_text()
    assert world.purge()["found"]["spooled"] == 0
    assert log.read_text() == before


class TestFormerKeys:
    def test_are_given_one_by_one(self, world):
        world.has(HIS)
        world.has(HIS, key=1, calls=("2",))
        said = world.purge(keys=2)
        assert (said["found"]["customers"], said["found"]["journal"]) == (2, 6)
        assert not world.mentions(world.caller(HIS), world.caller(HIS, 1))

    def test_that_nobody_gave_are_named(self, world):
        """Somebody's data is under it; whether it is his cannot be known."""
        world.has(HERS, key=1)
        [left] = world.purge(code=1)["left"]
        assert 'the key "k0"' in left["why"]
        assert world.purge(keys=2)["left"] == []

    def test_are_looked_for_where_customers_are(self, world):
        """The journal may have lost all trace of it."""
        former = load_key(world.keys[1], StoreUrl(world.url))
        check_key(world.client, former, claim=True)
        assert world.purge()["left"] == []
        world.client.hset(customer_key(world.caller(HERS, 1)), mapping={"a": "1"})
        assert 'the key "k0"' in world.purge(code=1)["left"][0]["why"]


class TestQueueLog:
    def test_is_masked_where_it_was_rotated_to(self, world):
        """Also in compressed files; the live one is looked at, and it is said what to do."""
        line, other = LINE.format(call=1, number=HIS), LINE.format(call=2, number=HERS)
        packed = world.log.with_name("queue_log.2.gz")
        world.log.write_text(line)
        world.log.with_name("queue_log.1").write_text(other + line)
        packed.write_bytes(gzip.compress((line + other).encode()))
        said = world.purge("--queue-log", world.log, code=1)
        assert said["found"]["queue_log lines"] == 2
        assert [(left["where"], left["count"]) for left in said["left"]] == [(str(world.log), 1)]
        assert "rotated" in said["left"][0]["why"]
        hidden = line.replace(HIS, "*" * len(HIS))
        assert world.log.read_text() == line
        assert world.log.with_name("queue_log.1").read_text() == other + hidden
        assert gzip.decompress(packed.read_bytes()).decode() == hidden + other

    def test_of_a_short_code_is_not_touched(self, world):
        world.log.touch()
        done = CliRunner().invoke(application(), ["purge", "10086", "--queue-log", str(world.log)])
        assert isinstance(done.exception, SettingsError)


class TestDoesNotBegin:
    @pytest.mark.parametrize("number", ["anonymous", "1"])
    def test_without_a_number(self, number):
        assert isinstance(CliRunner().invoke(application(), ["purge", number]).exception, SettingsError)

    @pytest.mark.parametrize("option", ["--spool", "--state", "--queue-log"])
    def test_with_a_place_that_is_not_there(self, world, option):
        """A misspelt folder would be one that was not looked into."""
        words = ["purge", HIS, "--store", world.url, "--key-file", str(world.keys[0])]
        done = CliRunner().invoke(application(), [*words, option, str(world.folder / "nowhere")])
        assert isinstance(done.exception, SettingsError)

    def test_without_a_store(self, tmp_path):
        store = f"embedded:{tmp_path}/store"
        done = CliRunner().invoke(application(), ["purge", HIS, "--store", store])
        assert isinstance(done.exception, SettingsError)
        assert list(tmp_path.iterdir()) == []

    def test_with_another_key_of_the_same_id(self, world):
        check_key(world.client, load_key(world.keys[0], StoreUrl(world.url)), claim=True)
        make_key(world.folder / "other.key")
        words = ["purge", HIS, "--store", world.url, "--key-file", str(world.folder / "other.key")]
        assert isinstance(CliRunner().invoke(application(), words).exception, SettingsError)


def test_an_embedded_store_keeps_nothing_of_him_in_its_files(tmp_path):
    """Its append-only file has every command until it is written anew. It has a key of its own."""
    store = StoreUrl(f"embedded:{tmp_path}/store")
    caller = load_key(None, store).pseudonym(Number(f"+86{HIS}"))
    with connected(store) as client:
        client.hset(customer_key(caller), mapping={"a": "70"})
        assert caller.encode() in bytes_of(tmp_path)
        places = ["--store", store.text, "--spool", str(tmp_path), "--state", str(tmp_path)]
        command = [sys.executable, "-m", "router", "purge", "-", *places]
        done = subprocess.run(command, input=f"{HIS}\n", capture_output=True, text=True, check=True)
        assert client.dbsize() == 0
    assert "138****5678" in done.stdout
    assert HIS not in done.stdout
    assert caller.encode() not in bytes_of(tmp_path)
