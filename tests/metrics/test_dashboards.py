"""The dashboards: what they show exists, and Prometheus understands it."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from metrics.make_dashboards import COLUMNS, main

ROOT = Path(__file__).parent.parent.parent
FOLDER = ROOT / "metrics/dashboards"
DASHBOARDS = sorted(path.stem for path in FOLDER.glob("*.json"))


@pytest.fixture(params=DASHBOARDS)
def dashboard(request: pytest.FixtureRequest) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / f"{request.param}.json").read_text(encoding="utf-8"))
    return found


def expressions(dashboard: dict[str, Any]) -> Iterator[str]:
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            yield target["expr"].replace("$hotline", ".+")


def test_there_are_both() -> None:
    assert DASHBOARDS == ["router", "wallboard"]


def test_the_files_are_those_that_are_made(tmp_path: Path) -> None:
    main(tmp_path)
    for name in DASHBOARDS:
        assert (tmp_path / f"{name}.json").read_bytes() == (FOLDER / f"{name}.json").read_bytes()


def test_every_expression_is_promql(
    dashboard: dict[str, Any], promtool: Callable[..., str], tmp_path: Path
) -> None:
    """As rules: promtool of Debian 12 checks no bare expressions."""
    rules = [{"record": f"a:b{place}", "expr": each} for place, each in enumerate(expressions(dashboard))]
    assert len(rules) >= 15
    file = tmp_path / "expressions.yml"
    file.write_text(json.dumps({"groups": [{"name": "shown", "rules": rules}]}))
    assert f"SUCCESS: {len(rules)} rules found" in promtool("check", "rules", str(file))


def test_every_metric_that_is_shown_exists(dashboard: dict[str, Any], exported: frozenset[str]) -> None:
    rules = YAML(typ="safe").load(ROOT / "metrics/rules.yml")["groups"][0]["rules"]
    recorded = {rule["record"] for rule in rules}
    text = " ".join(expressions(dashboard))
    shown = set(re.findall(r"\b(?:\w+:)?ivr_\w+(?::\w+)?", text))
    assert shown - exported - recorded == set()
    assert len(shown) >= 10


def test_panels_lie_side_by_side_and_ask_the_chosen_source(dashboard: dict[str, Any]) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in dashboard["panels"]:
        place = panel["gridPos"]
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert not cells & taken
        assert max(x for x, _ in cells) < COLUMNS
        taken |= cells
        assert panel["datasource"]["uid"] == "${datasource}"
        assert panel["title"]
        assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])
