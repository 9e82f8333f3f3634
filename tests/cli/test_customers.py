"""`ivr customers`, as people and scripts use it."""

import re
import signal
import subprocess
import sys
import time
from hashlib import blake2b
from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner

from router.cli.customers import app
from router.errors import RowError, SettingsError, StoreDown, StoreRefused
from router.settings import StoreUrl
from router.store.embedded import connected
from router.store.imports import IMPORT, Mark
from router.store.keyfile import load_key, make_key

POLICIES = str(Path(__file__).parents[2] / "policies")
FILE = "number,age,star\n13800138000,70,5\n13900000000,,\n"


@pytest.fixture
def store(tmp_path):
    """An embedded store that runs during the test."""
    store = StoreUrl(f"embedded:{tmp_path}/store")
    with connected(store):
        yield store


@pytest.fixture
def ivr(store):
    """Run `ivr customers …` with the test's store and the shipped attributes."""

    def run(*arguments, code=0, input=None):  # noqa: A002  CliRunner's name
        environment = {"IVR_STORE": store.text, "IVR_POLICIES": POLICIES, "COLUMNS": "200"}
        result = CliRunner().invoke(app, list(map(str, arguments)), input=input, env=environment)
        if isinstance(code, int):
            assert result.exit_code == code, result.output
        else:
            assert isinstance(result.exception, code), result.output
        return result

    return run


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "customers.csv"
    path.write_text(FILE)
    return path


def test_import_says_what_it_did(ivr, file):
    result = ivr("import", file)
    assert re.fullmatch(r"imported 2; rejected 0; \d+\.\d s, [\d,]+ rows/s\n", result.stdout)
    assert result.stderr == ""


def test_import_again_says_that_it_replaced(ivr, file):
    ivr("import", file)
    assert ivr("import", file).stdout.startswith("imported 2, 2 in place of an earlier one; rejected 0;")


def test_import_from_standard_input(ivr):
    assert ivr("import", "-", input=FILE).stdout.startswith("imported 2; ")


def test_rejected_rows_are_exit_code_3(ivr, tmp_path):
    """With the reasons on standard error, and the rows in a file that only the owner can read."""
    reject = tmp_path / "reject.csv"
    result = ivr("import", "-", "--reject", reject, input=FILE + "nobody,1,1\n", code=3)
    assert result.stderr == "line 4: number is not a telephone number\n"
    assert result.stdout.startswith("imported 2; rejected 1;")
    assert reject.read_text() == (
        'line,reason,number,age,star\n4,"number is not a telephone number",nobody,1,1\n'
    )
    assert reject.stat().st_mode & 0o777 == 0o600


def test_the_file_itself_is_no_reject_file(ivr, file):
    """It would be emptied before it is read."""
    ivr("import", file, "--reject", file, code=SettingsError)
    assert file.read_text() == FILE


def test_an_unknown_column_is_told_with_the_nearest(ivr):
    result = ivr("import", "-", input="number,agee\n", code=RowError)
    assert 'column "agee"; did you mean "age"?' in str(result.exception)


def test_a_file_that_is_not_there(ivr, tmp_path):
    ivr("import", tmp_path / "no.csv", code=FileNotFoundError)


def test_a_store_that_is_not_there(ivr, file, tmp_path):
    make_key(tmp_path / "key")
    ivr("import", file, "--store", "redis://127.0.0.1:1", "--key-file", tmp_path / "key", code=StoreDown)


def test_a_store_of_its_own_needs_a_key_file(ivr, file):
    result = ivr("import", file, "--store", "redis://127.0.0.1:1", code=SettingsError)
    assert "ivr customers key FILE" in str(result.exception)


def test_resume_goes_on(ivr, file, store):
    """The mark is in the store, under the file's name."""
    content = file.read_bytes()
    digest = blake2b(b"".join(content.splitlines(keepends=True)[:2])).hexdigest()
    with connected(store) as client:
        client.set(IMPORT + file.name, orjson.dumps(Mark(lines=2, digest=digest, imported=1)))
    assert ivr("import", file, "--resume").stdout.startswith("imported 2, 1 of them before; rejected 0;")


def test_a_store_that_refuses(ivr, file, store):
    with connected(store) as client:
        client.config_set("maxmemory", 1)
    assert "OOM" in str(ivr("import", file, code=StoreRefused).exception)


def test_ctrl_c_says_how_to_go_on(ivr, store):
    """And then it does go on there."""
    content = FILE + "".join(f"139{number:08},70,\n" for number in range(1, 1000))
    command = ["import", "-", "--store", store.text, "--policies", POLICIES, "--batch", "10"]
    with subprocess.Popen(
        [sys.executable, "-c", "from router.cli.customers import app; app()", *command],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        process.stdin.write(content[: len(content) // 2])
        process.stdin.flush()
        end = time.monotonic() + 30
        with connected(store) as client:
            while client.dbsize() < 300:
                assert process.poll() is None
                assert time.monotonic() < end
                time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate()
    assert re.search(r"cut off near line \d+; the same command with --resume goes on there", said)
    done = ivr("import", "-", "--resume", input=content).stdout
    assert re.match(r"imported 1,001, \d{3} of them before", done)


def test_show(ivr, file):
    """Missing values are shown as what they count as; sensitive ones are hidden."""
    ivr("import", file)
    shown = ivr("show", "138 0013 8000").stdout
    assert "138****8000" in shown
    assert "13800138000" not in shown
    rows = {row[0]: row[1] for row in re.findall(r"│ (\w+) +│ (.+?) +│", shown)}
    assert (rows["age"], rows["star"]) == ("***", "5")
    assert rows["occupation"] == "not known, counts as other"
    assert rows["account_manager"] == "not known, counts as empty"
    assert "Stars of the loyalty scheme, 0 to 7." in shown


def test_show_sensitive_values_when_asked(ivr, file):
    ivr("import", file)
    assert re.search(r"│ age +│ 70 +│", ivr("show", "13800138000", "--reveal").stdout)


def test_show_contacts(ivr, file, store, monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    ivr("import", file)
    with connected(store) as client:
        for listed in client.keys("c:*"):
            client.rpush(
                listed.replace(b"c:", b"h:"), "a 1732391234 1.2 10010 expert 7 x-1", "o 1732391200 1.1 10010"
            )
    shown = ivr("show", "13800138000").stdout
    assert re.search(r"│ [\d-]{10} [\d:]{8} │ yes +│ expert │ 1\.2 +│", shown)
    assert re.search(r"│ [\d-]{10} [\d:]{8} │ no +│ +│ 1\.1 +│", shown)


def test_show_somebody_who_is_no_customer(ivr, file):
    ivr("import", file)
    result = ivr("show", "13800138001", code=1)
    assert result.stderr == "138****8001 is not a customer: every attribute counts as missing\n"


def test_show_what_is_no_number(ivr):
    assert "not a telephone number" in str(ivr("show", "anonymous", code=SettingsError).exception)


def test_a_wrong_key_is_told(ivr, file, tmp_path):
    """Else nobody would be known and nobody would know why."""
    ivr("import", file)
    make_key(tmp_path / "other")
    result = ivr("show", "13800138000", "--key-file", tmp_path / "other", code=SettingsError)
    assert "imported with another key" in str(result.exception)


def test_export_to_a_file_of_the_owner(ivr, file, store, tmp_path):
    ivr("import", file)
    ivr("export", "--out", tmp_path / "out.csv")
    header, *rows = (tmp_path / "out.csv").read_text().splitlines()
    assert header.startswith("pseudonym,age,")
    assert len(rows) == 2
    assert "13800138000" not in "".join(rows)
    assert (tmp_path / "out.csv").stat().st_mode & 0o777 == 0o600
    assert all(row.startswith(load_key(None, store).key_id + ".") for row in rows)
    ivr("export", "--out", tmp_path / "out.csv", code=FileExistsError)


def test_what_is_exported_can_be_imported(ivr, file):
    ivr("import", file)
    exported = ivr("export").stdout
    assert ivr("import", "-", input=exported).stdout.startswith("imported 2, 2 in place of an earlier one")
    assert ivr("export").stdout == exported


def test_generate_then_import(ivr):
    made = ivr("generate", 2500, "--seed", 7).stdout
    assert made == ivr("generate", 2500, "--seed", 7).stdout
    assert made.count("\n") == 2501
    assert ivr("import", "-", input=made).stdout.startswith("imported 2,500; rejected 0;")


def test_key(ivr, tmp_path):
    result = ivr("key", tmp_path / "key", "--id", "p1")
    assert "Keep a copy in a safe place" in result.stderr
    assert load_key(tmp_path / "key", StoreUrl("redis://x")).key_id == "p1"
    assert "never written over" in str(ivr("key", tmp_path / "key", code=SettingsError).exception)
