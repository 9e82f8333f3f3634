"""`ivr kpi` on a queue_log and on the journal."""

import json
from datetime import UTC, datetime

import pytest
from typer.testing import CliRunner

from router.cli.app import application
from router.events import to_json
from router.store.stream import STREAM
from tests.fakes import answered

LOG = """\
1795468600|NONE|NONE|NONE|QUEUESTART|
1795468683|1.1|NONE|NONE|IVRROUTED|10010|10010|senior-direct|senior|henan||queue:elder-care
1795468683|1.1|elder-care|NONE|IVRREQUEST|direct
1795468683|1.1|elder-care|NONE|ENTERQUEUE||13800138000|1
1795468690|1.1|elder-care|e-1|CONNECT|7|1.2|3
1795468750|1.1|elder-care|e-1|COMPLETEAGENT|7|60|1
1795468750|1.1|NONE|NONE|IVRENDED|10010
1795469000|2.1|NONE|NONE|IVRROUTED|10010|10010|everyone-else|none|none||menu:main
1795469003|2.1|general|NONE|IVRREQUEST|key
1795469003|2.1|general-queue|NONE|ENTERQUEUE||13900139000|1
1795469006|2.1|general-queue|NONE|ABANDON|1|1|3
1795469006|2.1|NONE|NONE|IVRENDED|10010
"""


@pytest.fixture
def log(tmp_path):
    file = tmp_path / "queue_log"
    file.write_text(LOG)
    return file


def run(*arguments, code=0):
    result = CliRunner().invoke(application(), ["kpi", *map(str, arguments)])
    assert result.exit_code == code, result.output
    return result


def document(*arguments):
    return json.loads(run(*arguments, "--format", "json").stdout)


def test_a_hotline_of_a_log(log):
    [hotline] = document(log)
    assert hotline["hotline"] == "10010"
    assert (hotline["totals"]["requests"], hotline["totals"]["abandoned"]) == (2, 1)
    assert hotline["kpis"]["connection rate"] == 50
    assert (hotline["kpis"]["ASA"], hotline["kpis"]["AHT"]) == (7, 70)  # elder-care writes for ten seconds


@pytest.mark.parametrize(
    ("by", "keys"),
    [
        ("queue", ["elder-care", "general"]),
        ("province", ["henan", "none"]),
        ("segment", ["none", "senior"]),
    ],
)
def test_told_by_something_else(log, by, keys):
    assert [each[by] for each in document(log, "--by", by)] == keys


@pytest.mark.parametrize(("option", "answered", "abandoned"), [("--until", 1, 0), ("--since", 0, 1)])
def test_a_span_of_a_log(log, option, answered, abandoned):
    [hotline] = document(log, option, datetime.fromtimestamp(1795468900, UTC).isoformat())
    totals = hotline["totals"]
    assert (totals["answered"], totals["abandoned"]) == (answered, abandoned)


def test_nothing_is_an_exit_code(tmp_path):
    (tmp_path / "queue_log").write_text("")
    assert "no request" in run(tmp_path / "queue_log", code=1).stdout


def test_why_says_numerator_denominator_and_dialect(log):
    text = run(log, "--why").stdout
    assert "connection rate: 50.0 % = 1 / 2" in text
    assert "service level T/(A+B-b): 100.0 % = 1 / 1" in text
    assert "who gave up in time does not count at all" in text


def test_lines_that_make_no_sense_are_told(log):
    log.write_text(LOG + "1795469006|2.1|general|NONE|ABANDON|1|1|x\nrubbish\n")
    stderr = run(log).stderr
    assert f"passed over: {log}:13: " in stderr
    assert f"{log}:14: " in stderr


def test_what_erlang_c_expects(log):
    assert "2 agents, 1 calls in 5 min" in run(log, "--agents", 2).stdout


def test_the_journal(valkey, valkey_url):
    event = answered(queue="elder-care", wait=9)
    valkey.xadd(STREAM, {"event": to_json(event)})
    [hotline] = document("--store", valkey_url)
    assert (hotline["totals"]["answered"], hotline["kpis"]["ASA"]) == (1, 9)


@pytest.mark.parametrize("time", ["yesterday", "2026-11-27T08:00", "5 h", ""])
def test_a_time_that_is_none_is_said(log, time):
    result = CliRunner().invoke(application(), ["kpi", str(log), "--since", time])
    assert "is no time; write 2h, 3d or 2026-11-27T08:00+08:00" in str(result.exception)
