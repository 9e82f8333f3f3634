"""The file of the pseudonym key."""

import json
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor

import pytest

from router.errors import SettingsError
from router.numbers import Number, PseudonymKey
from router.settings import StoreUrl
from router.store.keyfile import FILE, check_key, load_key, make_key
from router.store.layout import KEYS

REDIS = StoreUrl("redis://127.0.0.1:1")
NUMBER = Number("+8613800138000")


@pytest.fixture
def store(tmp_path):
    return StoreUrl(f"embedded:{tmp_path}/store")


def write(path, text, mode=0o600):
    path.write_text(text)
    path.chmod(mode)
    return path


def content(**changed):
    return json.dumps({"key_id": "k1", "secret": b64encode(bytes(32)).decode(), **changed})


def test_an_embedded_store_makes_its_own(store):
    """At first start, readable by its owner only; from then on it is that one."""
    key = load_key(None, store)
    file = store.embedded / FILE
    assert file.stat().st_mode & 0o777 == 0o600
    assert store.embedded.stat().st_mode & 0o777 == 0o700
    assert len(key.secret) == 32
    assert load_key(None, store) == key
    assert [path.name for path in store.embedded.iterdir()] == [FILE]


def test_processes_that_start_together_have_one_key(store):
    with ThreadPoolExecutor(8) as threads:
        keys = set(threads.map(lambda _: load_key(None, store).pseudonym(NUMBER), range(8)))
    assert len(keys) == 1


def test_every_store_has_another_key(tmp_path):
    one, two = (load_key(None, StoreUrl(f"embedded:{tmp_path}/{name}")) for name in "ab")
    assert one.secret != two.secret
    assert one.pseudonym(NUMBER) != two.pseudonym(NUMBER)


def test_a_key_file_that_is_given_counts(store, tmp_path):
    make_key(tmp_path / "key", "a9")
    assert load_key(tmp_path / "key", store).key_id == "a9"
    assert load_key(tmp_path / "key", store) == load_key(tmp_path / "key", REDIS)


def test_a_store_of_its_own_needs_a_key_file():
    """A key that one process made for itself would make all customers unknown to the next."""
    with pytest.raises(SettingsError, match=r"Give --key-file FILE.*`ivr customers key FILE`"):
        load_key(None, REDIS)


def test_a_key_file_that_is_not_there(tmp_path):
    with pytest.raises(SettingsError, match=r"is not there; `ivr customers key .*/key` makes it"):
        load_key(tmp_path / "key", REDIS)


def test_a_key_is_never_written_over(tmp_path):
    make_key(tmp_path / "key")
    before = (tmp_path / "key").read_bytes()
    with pytest.raises(FileExistsError):
        make_key(tmp_path / "key")
    assert (tmp_path / "key").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["key"]


@pytest.mark.parametrize("key_id", ["", "K1", "k.1", "abcde", "k1\n", "键"])
def test_key_ids_are_short_words(tmp_path, key_id):
    """A dot or a brace in one would break keys in the store."""
    with pytest.raises(SettingsError, match="one to four lower-case letters or digits"):
        make_key(tmp_path / "key", key_id)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o620, 0o666, 0o601])
def test_a_key_that_others_can_read_is_refused(tmp_path, mode):
    """With the command that helps."""
    file = write(tmp_path / "key", content(), mode)
    with pytest.raises(SettingsError, match=rf"can read it \(mode 0{mode:o}\)\. Run: chmod 600 {file}"):
        load_key(file, REDIS)


def test_a_credential_of_systemd_is_taken(tmp_path, monkeypatch):
    """LoadCredential= shows mode 0440 and limits access by an ACL and a mount."""
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert load_key(write(tmp_path / "key", content(), 0o440), REDIS).key_id == "k1"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "7",
        "null",
        "{}",
        content(key_id="K1"),
        content(key_id=1),
        content(secret="c2hvcnQ="),
        content(secret="not base64!"),
        content(secret=None),
        content(secret=b64encode(bytes(33)).decode()),
        "\x00" * 5000,
    ],
)
def test_what_is_no_key_file(tmp_path, text):
    """And nothing of what is in it is told."""
    with pytest.raises(SettingsError, match="has no key in it; `ivr customers key`") as error:
        load_key(write(tmp_path / "key", text), REDIS)
    assert "c2hvcnQ" not in str(error.value)


def test_a_folder_is_no_key_file(tmp_path):
    with pytest.raises(SettingsError, match="Is a directory"):
        load_key(tmp_path, REDIS)


KEY = PseudonymKey(key_id="k1", secret=bytes(32))
OTHER = PseudonymKey(key_id="k1", secret=bytes(31) + b"\x01")


def test_a_new_store_takes_any_key(valkey):
    assert check_key(valkey, KEY, claim=False) is False
    assert check_key(valkey, KEY, claim=True) is True
    assert check_key(valkey, KEY, claim=False) is True


def test_a_store_knows_its_key(valkey):
    """With another one all customers would be unknown, and nobody told why."""
    check_key(valkey, KEY, claim=True)
    for claim in (False, True):
        with pytest.raises(SettingsError, match='imported with another key of the id "k1"'):
            check_key(valkey, OTHER, claim=claim)


def test_a_second_key_has_another_id(valkey):
    """As while customers are imported anew with a new key."""
    check_key(valkey, KEY, claim=True)
    assert check_key(valkey, PseudonymKey(key_id="k2", secret=OTHER.secret), claim=True)
    assert check_key(valkey, KEY, claim=False)


def test_the_secret_is_not_in_the_store(valkey):
    check_key(valkey, OTHER, claim=True)
    [fingerprint] = valkey.hvals(KEYS)
    assert len(fingerprint) == 16
    assert fingerprint.decode() not in OTHER.secret.hex()
