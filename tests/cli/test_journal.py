"""`ivr journal` on a real store."""

import json
import signal
import subprocess
import sys

import pyarrow.parquet
import pytest
from typer.testing import CliRunner

from router.cli.app import application
from router.events import to_json
from router.store import stream
from router.store.stream import STREAM
from tests.fakes import answered, routed

GROUNDS = b'{"dnis":"10010","customer":{"age":70}}'


@pytest.fixture
def journal(valkey, valkey_url):
    """Three events: a decision with grounds, an answer, and something of a later release."""
    valkey.xadd(STREAM, {"event": to_json(routed(call_id="1.1", at=1000.25)), "grounds": GROUNDS})
    valkey.xadd(STREAM, {"event": to_json(answered(call_id="1.1", at=1010))})
    valkey.xadd(STREAM, {"event": '{"event":"CallPraised","call_id":"2.1","at":1020,"stars":5}'})
    return valkey_url


def run(*arguments):
    result = CliRunner().invoke(application(), ["journal", *map(str, arguments)])
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_the_last_events(journal):
    """In their order, as they are stored: also those that this version does not know."""
    assert [event["event"] for event in run("tail", "--store", journal)] == [
        *("CallRouted", "CallAnswered", "CallPraised")
    ]
    assert [event["event"] for event in run("tail", "-n", 1, "--store", journal)] == ["CallPraised"]
    assert run("tail", "-n", 0, "--store", journal) == []


def test_those_of_one_call(journal):
    assert {event["call_id"] for event in run("tail", "--call", "2.1", "--store", journal)} == {"2.1"}


def test_grounds_only_where_they_are_asked_for(journal):
    assert "grounds" not in run("tail", "--store", journal)[0]
    assert run("tail", "--grounds", "--store", journal)[0]["grounds"] == json.loads(GROUNDS)


def test_an_empty_journal(valkey_url):
    assert run("tail", "--store", valkey_url) == []
    assert run("export", "--store", valkey_url) == []


def test_what_comes_is_followed(journal, valkey):
    command = (sys.executable, "-m", "router", "journal", "tail", "-f", "-n", "1", "--store", journal)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as following:
        assert json.loads(following.stdout.readline())["event"] == "CallPraised"
        valkey.xadd(STREAM, {"event": to_json(routed(call_id="3.1"))})
        assert json.loads(following.stdout.readline())["call_id"] == "3.1"
        following.send_signal(signal.SIGINT)
        assert following.wait(10) == 0


def test_an_export_of_a_span(journal, tmp_path):
    """By when things happened, to a file."""
    file = tmp_path / "out.jsonl"
    since, until = "1970-01-01T00:16:45+00:00", "1970-01-01T00:16:55+00:00"
    run("export", "--since", since, "--until", until, "-o", file, "--store", journal)
    assert [json.loads(line)["event"] for line in file.read_text().splitlines()] == ["CallAnswered"]


def test_an_export_has_every_page(valkey, valkey_url, monkeypatch):
    monkeypatch.setattr(stream, "_PAGE", 3)
    for number in range(10):
        valkey.xadd(STREAM, {"event": to_json(routed(call_id=f"1.{number}"))})
    assert [event["call_id"] for event in run("export", "--store", valkey_url)] == [
        f"1.{number}" for number in range(10)
    ]


def test_an_export_to_parquet(journal, tmp_path):
    """One row an event, one column a field; what this version does not know is left out of its row."""
    file = tmp_path / "out.parquet"
    run("export", "--format", "parquet", "--grounds", "-o", file, "--store", journal)
    rows = pyarrow.parquet.read_table(file).to_pylist()
    assert [row["event"] for row in rows] == ["CallRouted", "CallAnswered", "CallPraised"]
    decided, told, _ = rows
    assert (decided["at"], decided["rule"], decided["grounds"]) == (
        1000.25,
        "senior-direct",
        GROUNDS.decode(),
    )
    assert (told["at"], told["wait"], told["repeat"], told["rule"]) == (1010, 12, False, None)


def test_a_reader_who_has_enough_is_no_error(valkey, valkey_url):
    for number in range(3000):
        valkey.xadd(STREAM, {"event": to_json(routed(call_id=f"1.{number}"))})
    command = f"{sys.executable} -m router journal export --store {valkey_url} | head -n 1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)  # noqa: S602
    assert (json.loads(done.stdout)["call_id"], done.stderr) == ("1.0", "")
