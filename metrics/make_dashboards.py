"""Writes the dashboards for Grafana, each from a table of panels: a title, a form, a unit and what is shown.

python -m metrics.make_dashboards metrics/dashboards
"""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SCHEMA = 39
"""Grafana's schemaVersion, of version 10.4 and later."""
COLUMNS = 24
SOURCE = {"type": "prometheus", "uid": "${datasource}"}


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel."""

    title: str
    form: str
    """``stat``, ``timeseries``, ``bargauge`` or ``table``."""
    unit: str
    shows: Mapping[str, str]
    """PromQL by legend."""
    width: int = 8
    height: int = 7


def wallboard() -> Sequence[Panel]:
    """What hangs on the wall."""
    of = 'hotline=~"$hotline"'
    return (
        Panel(
            "Connection rate, last hour",
            "stat",
            "percentunit",
            {"{{hotline}}": f"hotline:ivr_connection:rate1h{{{of}}}"},
            width=12,
            height=9,
        ),
        Panel(
            "Answered within 15 s of demand, last hour",
            "stat",
            "percentunit",
            {"{{hotline}}": f"hotline:ivr_connection_15s:rate1h{{{of}}}"},
            width=6,
            height=9,
        ),
        Panel(
            "Service level of offered, last hour",
            "stat",
            "percentunit",
            {"{{hotline}}": f"hotline:ivr_service_level_of_offered:rate1h{{{of}}}"},
            width=6,
            height=9,
        ),
        Panel("Waiting now", "bargauge", "short", {"{{queue}}": "ivr_queue_waiting"}),
        Panel("Longest wait now", "bargauge", "s", {"{{queue}}": "ivr_queue_longest_wait_seconds"}),
        Panel("Agents", "bargauge", "short", {"{{state}}": "sum by (state) (ivr_agents)"}),
        Panel(
            "Connection rate",
            "timeseries",
            "percentunit",
            {"{{hotline}}": f"hotline:ivr_connection:rate5m{{{of}}}"},
        ),
        Panel(
            "Demand and answers a minute",
            "timeseries",
            "short",
            {
                "demand": f"60 * sum(rate(ivr_demand_total{{{of}}}[5m]))",
                "answered": f"60 * sum(rate(ivr_answered_total{{{of}}}[5m]))",
                "abandoned": f"60 * sum(rate(ivr_abandoned_total{{{of}}}[5m]))",
            },
        ),
        Panel("Average wait", "timeseries", "s", {"{{hotline}}": f"hotline:ivr_asa_seconds:rate5m{{{of}}}"}),
        Panel(
            "Queues, last hour",
            "table",
            "percentunit",
            {
                "connection": f"hotline_queue:ivr_connection:rate1h{{{of}}}",
                "abandon": f"hotline_queue:ivr_abandon:rate1h{{{of}}}",
            },
        ),
        Panel(
            "Segments, last hour",
            "bargauge",
            "percentunit",
            {"{{segment}}": f"hotline_segment:ivr_connection:rate1h{{{of}}}"},
        ),
        Panel(
            "Provinces, last hour",
            "bargauge",
            "percentunit",
            {"{{province}}": f"hotline_province:ivr_connection:rate1h{{{of}}}"},
        ),
        Panel("Occupancy", "timeseries", "percentunit", {"{{queue}}": "queue:ivr_occupancy:rate5m"}),
        Panel(
            "Repeated calls, last day",
            "stat",
            "percentunit",
            {"{{hotline}}": f"hotline:ivr_repeat:rate1d{{{of}}}"},
        ),
        Panel(
            "Handle time", "timeseries", "s", {"{{queue}}": f"hotline_queue:ivr_aht_seconds:rate1h{{{of}}}"}
        ),
    )


def router() -> Sequence[Panel]:
    """What engineers look at."""
    quantile = "histogram_quantile({}, sum by (le) (rate(ivr_decision_seconds_bucket[5m])))"
    return (
        Panel(
            "Decisions a second",
            "timeseries",
            "reqps",
            {"{{rule}}": "sum by (rule) (rate(ivr_routed_total[1m]))"},
        ),
        Panel(
            "Decision time", "timeseries", "s", {"p50": quantile.format(0.5), "p99": quantile.format(0.99)}
        ),
        Panel(
            "Decided on what",
            "timeseries",
            "reqps",
            {"{{data}}": "sum by (data) (rate(ivr_routed_total[1m]))"},
        ),
        Panel(
            "Refused sessions",
            "timeseries",
            "short",
            {"{{reason}}": "sum by (reason) (increase(ivr_agi_refused_total[5m]))"},
        ),
        Panel(
            "No router decided",
            "stat",
            "short",
            {"calls in an hour": "sum(increase(ivr_undecided_total[1h]))"},
        ),
        Panel("Sessions open", "timeseries", "short", {"{{instance}}": "ivr_agi_sessions"}),
        Panel(
            "Lookup time",
            "timeseries",
            "s",
            {"p99": "histogram_quantile(0.99, sum by (le) (rate(ivr_store_seconds_bucket[5m])))"},
        ),
        Panel("Store answers", "stat", "bool_on_off", {"{{instance}}": "ivr_store_up"}),
        Panel(
            "Store errors",
            "timeseries",
            "short",
            {"{{kind}}": "sum by (kind) (increase(ivr_store_errors_total[5m]))"},
        ),
        Panel(
            "Journal: in memory and on disk",
            "timeseries",
            "short",
            {"waiting {{instance}}": "ivr_journal_waiting", "spooled {{instance}}": "ivr_journal_spooled"},
        ),
        Panel(
            "Journal: lost",
            "timeseries",
            "short",
            {"{{reason}}": "sum by (reason) (increase(ivr_journal_dropped_total[5m]))"},
        ),
        Panel("Policy version", "table", "short", {"{{instance}}": "ivr_policy_info"}),
        Panel(
            "Policy reloads",
            "timeseries",
            "short",
            {"{{outcome}}": "sum by (outcome) (increase(ivr_policy_reloads_total[5m]))"},
        ),
        Panel("Switch not seen", "stat", "bool_yes_no", {"{{instance}}": "ivr_floor_stale"}),
        Panel("Behind on queue_log", "timeseries", "bytes", {"{{instance}}": "ivr_queue_log_behind_bytes"}),
        Panel("Live calls", "timeseries", "short", {"{{instance}}": "ivr_live_calls"}),
    )


def dashboard(name: str, title: str, panels: Sequence[Panel]) -> dict[str, Any]:
    """A dashboard as Grafana reads it: panels from left to right, and on in the next row."""
    placed: list[dict[str, Any]] = []
    left = top = below = 0
    for number, panel in enumerate(panels, 1):
        if left + panel.width > COLUMNS:
            left, top = 0, below
        placed.append(_panel(panel, number, {"x": left, "y": top, "w": panel.width, "h": panel.height}))
        left, below = left + panel.width, max(below, top + panel.height)
    hotline = {
        "name": "hotline",
        "type": "query",
        "datasource": SOURCE,
        "query": "label_values(ivr_offered_total, hotline)",
        "refresh": 2,
        "includeAll": True,
        "multi": True,
    }
    source = {"name": "datasource", "type": "datasource", "query": "prometheus"}
    return {
        "uid": f"ivr-{name}",
        "title": title,
        "tags": ["ivr"],
        "schemaVersion": SCHEMA,
        "refresh": "10s",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {"list": [source, hotline]},
        "panels": placed,
    }


def _panel(panel: Panel, number: int, place: Mapping[str, int]) -> dict[str, Any]:
    instant = panel.form != "timeseries"
    return {
        "id": number,
        "title": panel.title,
        "type": panel.form,
        "gridPos": place,
        "datasource": SOURCE,
        "fieldConfig": {"defaults": {"unit": panel.unit}, "overrides": []},
        "targets": [
            {
                "refId": chr(ord("A") + place),
                "datasource": SOURCE,
                "expr": shown,
                "legendFormat": legend,
                "instant": instant,
                "range": not instant,
                "format": "table" if panel.form == "table" else "time_series",
            }
            for place, (legend, shown) in enumerate(panel.shows.items())
        ],
    }


def main(folder: Path) -> None:
    """Write both."""
    for name, title, panels in (
        ("wallboard", "Hotline: the floor", wallboard()),
        ("router", "Hotline: routers and observers", router()),
    ):
        text = json.dumps(dashboard(name, title, panels), indent=2) + "\n"
        (folder / f"{name}.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
