"""Recording rules and alerts, as Prometheus itself computes them."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).parent.parent.parent
RULES, ALERTS = ROOT / "metrics/rules.yml", ROOT / "metrics/alerts.yml"
RECORDS = [rule["record"] for rule in YAML(typ="safe").load(RULES)["groups"][0]["rules"]]
ALERTED = {rule["alert"]: rule for rule in YAML(typ="safe").load(ALERTS)["groups"][0]["rules"]}

WHERE = 'hotline="10010",queue="vip",province="henan",segment="vip"'
QUEUE = 'hotline="10010",queue="vip"'
ENDED = {"answered": 1000, "abandoned": 60, "timed_out": 30, "refused": 10, "cut": 0}
SPENT = {"ready": 200, "ringing": 50, "talking": 700, "wrap_up": 50, "paused": 900, "logged_out": 9000}
A_STEP = {
    **{f'ivr_requests_total{{{WHERE},outcome="{outcome}"}}': count for outcome, count in ENDED.items()},
    f"ivr_demand_total{{{WHERE}}}": 1250,
    f"ivr_answered_within_total{{{WHERE}}}": 860,
    f"ivr_abandoned_within_total{{{WHERE}}}": 20,
    f"ivr_repeat_answered_total{{{WHERE}}}": 130,
    f'ivr_request_wait_seconds_bucket{{{WHERE},le="15.0"}}': 800,
    f'ivr_request_wait_seconds_bucket{{{WHERE},le="20.0"}}': 860,
    f'ivr_request_wait_seconds_bucket{{{WHERE},le="30.0"}}': 900,
    f"ivr_request_wait_seconds_sum{{{WHERE}}}": 9500,
    f"ivr_request_wait_seconds_count{{{WHERE}}}": 1000,
    f"ivr_handle_seconds_sum{{{QUEUE}}}": 180_000,
    f"ivr_handle_seconds_count{{{QUEUE}}}": 1000,
    f"ivr_transferred_total{{{QUEUE}}}": 40,
    f"ivr_answered_total{{{QUEUE}}}": 1000,
    f"ivr_queued_total{{{QUEUE}}}": 1080,
    f"ivr_abandoned_total{{{QUEUE}}}": 54,
    f"ivr_short_abandoned_total{{{QUEUE}}}": 27,
    **{f'ivr_agent_seconds_total{{queue="vip",state="{state}"}}': count for state, count in SPENT.items()},
}
"""How each counter grows; 1000, 60, 860 and 20 are the check values of the four service levels."""
TEN_THOUSANDTHS = {
    "connection": 9091,
    "connection_15s": 6400,
    "connection_20s": 6880,
    "connection_30s": 7200,
    "service_level_of_answered": 8600,
    "service_level_of_offered": 8113,
    "service_level_or_abandoned_of_offered": 8302,
    "service_level_of_patient": 8269,
    "abandon": 545,
    "asa_seconds": 95_000,
    "repeat": 1300,
    "first_contact_resolution": 8700,
    "aht_seconds": 1_800_000,
    "transfer": 400,
    "queue_abandon": 500,
    "queue_short_abandon": 250,
    "occupancy": 7500,
}
LEVELS = {
    "queue": '{queue="vip"}',
    "hotline": '{hotline="10010"}',
    "hotline_queue": '{hotline="10010", queue="vip"}',
    "hotline_province": '{hotline="10010", province="henan"}',
    "hotline_segment": '{hotline="10010", segment="vip"}',
}


def written(folder: Path, tests: list[dict[str, object]], *files: Path, every: str = "1m") -> str:
    """A file of tests of rules, for promtool to play."""
    file = folder / "test.yml"
    wanted = {"rule_files": list(map(str, files)), "evaluation_interval": every, "tests": tests}
    file.write_text(json.dumps(wanted))  # JSON is YAML
    return str(file)


def test_the_file_of_rules_is_the_one_that_is_made() -> None:
    made = subprocess.run(
        (sys.executable, "-m", "metrics.make_rules"), capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert made.stdout == RULES.read_text(encoding="utf-8")


def test_promtool_takes_both_files(promtool: Callable[..., str]) -> None:
    promtool("check", "rules", str(RULES), str(ALERTS))


@pytest.mark.parametrize(("window", "step", "end"), [("5m", 1, 15), ("1h", 5, 90), ("1d", 60, 1800)])
def test_every_ratio_is_what_its_formula_says(
    tmp_path: Path, window: str, step: int, end: int, promtool: Callable[..., str]
) -> None:
    """At every level; step and end are minutes."""
    wanted = []
    records = [record for record in RECORDS if record.endswith(f"rate{window}")]
    for record in records:
        level, what, _ = record.split(":")
        value = TEN_THOUSANDTHS[what.removeprefix("ivr_")]
        sample = {"labels": LEVELS[level], "value": value}
        wanted.append({"expr": f"round({record} * 10000)", "eval_time": f"{end}m", "exp_samples": [sample]})
    assert len(wanted) == 57
    steps = end // step
    series = [{"series": name, "values": f"0+{count}x{steps}"} for name, count in A_STEP.items()]
    test = {"interval": f"{step}m", "input_series": series, "promql_expr_test": wanted}
    promtool("test", "rules", written(tmp_path, [test], RULES, every=f"{step}m"))


def test_a_ratio_of_nothing_is_no_sample(tmp_path: Path, promtool: Callable[..., str]) -> None:
    series = [{"series": name, "values": "0x20"} for name in A_STEP]
    records = [record for record in RECORDS if record.endswith("rate5m")]
    wanted = [{"expr": record, "eval_time": "15m", "exp_samples": []} for record in records]
    promtool(
        "test",
        "rules",
        written(tmp_path, [{"interval": "1m", "input_series": series, "promql_expr_test": wanted}], RULES),
    )


BUCKET = 'ivr_request_wait_seconds_bucket{hotline="10010",queue="elder-care",le="30.0"}'
DEMAND = 'ivr_demand_total{hotline="10010",queue="elder-care"}'
GOOD = 'ivr_requests_total{hotline="10010",outcome="answered"}'
BAD = 'ivr_requests_total{hotline="10010",outcome="timed_out"}'
FAST, SLOW, ALL = (f'ivr_decision_seconds_bucket{{le="{end}"}}' for end in ("0.01", "0.02", "+Inf"))
READY_ONES, PAUSED_ONES = (
    f'ivr_queue_agents{{instance="a",queue="vip",state="{state}"}}' for state in ("ready", "paused")
)
WAITING_ONES = 'ivr_queue_waiting{instance="a",queue="vip"}'
HOLIDAYS = 'ivr_policy_holidays_announced_until{instance="a",job="ivr"}'
FIRES: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "ConnectionRateLow": ({GOOD: "0+8x120", BAD: "0+2x120"}, {GOOD: "0+9x120", BAD: "0+1x120"}),
    "SeniorsWait": ({BUCKET: "0+7x120", DEMAND: "0+10x120"}, {BUCKET: "0+9x120", DEMAND: "0+10x120"}),
    "DefaultRouteInUse": ({"ivr_undecided_total": "0+1x120"}, {"ivr_undecided_total": "5x120"}),
    "PolicyRefused": ({"ivr_policy_reload_ok": "0x120"}, {"ivr_policy_reload_ok": "1x120"}),
    "StoreDown": ({"ivr_store_up": "0x120"}, {"ivr_store_up": "1x118 0x2"}),
    "SeniorQueueWaits": (
        {'ivr_queue_longest_wait_seconds{queue="elder-care"}': "31x120"},
        {'ivr_queue_longest_wait_seconds{queue="elder-care"}': "30x120"},
    ),
    "NoAgents": (
        {READY_ONES: "0x120", PAUSED_ONES: "3x120", WAITING_ONES: "1x120"},
        {READY_ONES: "1x120", PAUSED_ONES: "3x120", WAITING_ONES: "1x120"},
    ),
    "FloorStale": ({"ivr_floor_stale": "1x120"}, {"ivr_floor_stale": "0x120"}),
    "ObserverBehind": (
        {"ivr_queue_log_behind_bytes": "2000000x120"},
        {"ivr_queue_log_behind_bytes": "20x120", 'ivr_queue_log_errors_total{kind="gone"}': "1x120"},
    ),
    "JournalDropping": (
        {'ivr_journal_dropped_total{reason="full"}': "0+1x120"},
        {'ivr_journal_dropped_total{reason="full"}': "7x120"},
    ),
    "JournalSpooling": ({"ivr_journal_spooled": "5x120"}, {"ivr_journal_spooled": "0x120"}),
    "DecisionsSlow": (
        {FAST: "0+90x120", SLOW: "0+100x120", ALL: "0+100x120"},
        {FAST: "0+100x120", SLOW: "0+100x120", ALL: "0+100x120"},
    ),
    "HolidaysUnknown": (
        {HOLIDAYS: "1969x120"},
        {HOLIDAYS: "1970x120"},
    ),
}
"""What makes each alert fire and what does not; promtool's time begins in 1970."""


@pytest.mark.parametrize("alert", ALERTED)
def test_an_alert_fires_when_it_should_and_only_then(
    tmp_path: Path, alert: str, promtool: Callable[..., str]
) -> None:
    firing = f'count(ALERTS{{alertname="{alert}",alertstate="firing"}})'
    tests = [
        {
            "interval": "1m",
            "input_series": [{"series": name, "values": values} for name, values in series.items()],
            "promql_expr_test": [{"expr": firing, "eval_time": "119m", "exp_samples": samples}],
        }
        for series, samples in zip(FIRES[alert], ([{"labels": "{}", "value": 1}], []), strict=True)
    ]
    promtool(
        "test",
        "rules",
        written(tmp_path, tests, ALERTS, *([RULES] if "ivr_connection:" in ALERTED[alert]["expr"] else [])),
    )


@pytest.mark.parametrize(("day", "fires"), [("10 December", False), ("11 December", True)])
def test_an_unknown_year_is_told_three_weeks_before_it_comes(
    tmp_path: Path, day: str, promtool: Callable[..., str], *, fires: bool
) -> None:
    """In 1970, where promtool's time begins."""
    hours = 24 * (334 + int(day.split(maxsplit=1)[0]) - 1) + 12  # at noon
    firing = 'count(ALERTS{alertname="HolidaysUnknown",alertstate="firing"})'
    wanted = [{"labels": "{}", "value": 1}] if fires else []
    test = {
        "interval": "6h",
        "input_series": [{"series": HOLIDAYS, "values": f"1970x{hours // 6}"}],
        "promql_expr_test": [{"expr": firing, "eval_time": f"{hours}h", "exp_samples": wanted}],
    }
    promtool("test", "rules", written(tmp_path, [test], ALERTS, every="6h"))


@pytest.mark.parametrize("alert", ALERTED)
def test_an_alert_has_its_runbook(alert: str) -> None:
    page = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    assert ALERTED[alert]["annotations"]["runbook"] == f"docs/operations.md#{alert.lower()}"
    assert f"\n### {alert}\n" in page


def test_every_metric_that_is_named_exists(exported: frozenset[str]) -> None:
    text = RULES.read_text(encoding="utf-8") + ALERTS.read_text(encoding="utf-8")
    named = set(re.findall(r"(?<![:\w])ivr_\w+(?=[{\[ )])", text))
    assert named - exported == set()
    assert len(named) > 20
