"""What the documents name is there, and what is there is named."""

import re
from pathlib import Path

import pytest
import typer
from prometheus_client import CollectorRegistry

from metrics.kpis import CallKpis, RoutingKpis
from metrics.service import JournalMetrics, QueueLogMetrics, RouterMetrics, ServiceMetrics
from metrics.tally import Collected
from router.agi.server import Refusal
from router.cli.app import application
from router.doctor.services import Role
from router.errors import Taint

ROOT = Path(__file__).parent.parent
OPERATIONS = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
PAGES = [
    *ROOT.glob("*.md"),
    *(ROOT / "docs").rglob("*.md"),
    ROOT / "asterisk_conf/README.md",
]


def metric_names():
    registry = CollectorRegistry()
    ServiceMetrics(registry, "0")
    RouterMetrics(registry, refusals=(), store_errors=())
    RoutingKpis(registry)
    QueueLogMetrics(registry, troubles=())
    JournalMetrics(registry)
    registry.register(Collected(CallKpis().tallies))
    suffix = {"counter": "_total", "info": "_info"}
    return [family.name + suffix.get(family.type, "") for family in registry.collect()]


@pytest.mark.parametrize("name", metric_names())
def test_every_metric_is_explained_in_operations(name):
    assert name in OPERATIONS


@pytest.mark.parametrize("reason", [*Taint, *Refusal])
def test_every_reason_of_a_refusal_says_what_to_do(reason):
    assert f"`{reason}`" in OPERATIONS


def variables():
    command = typer.main.get_command(application())
    names = set()
    for name in ("serve", "watch"):
        for option in command.commands[name].params:
            given = option.envvar or ()
            names.update([given] if isinstance(given, str) else given)
    return sorted(names)


@pytest.mark.parametrize("variable", variables())
def test_every_variable_of_the_daemons_is_named_in_operations(variable):
    assert f"`{variable}`" in OPERATIONS


def doctors_checks():
    """The names of checks, as they stand in the code."""
    code = "".join(file.read_text() for file in (ROOT / "router/doctor").glob("*.py"))
    names = set(re.findall(r'(?:ok|warning|error|skipped|_untold)\(\s*"([a-z-]+)"', code))
    of_roles = re.findall(r'f"\{seen.role\}-([a-z]+)"', code)
    return names | {f"{role}-{what}" for role in Role for what in of_roles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_and_paths_lead_somewhere(page):
    """Links, and names of files in backquotes that begin at the project's root."""
    text = page.read_text(encoding="utf-8")
    prose = re.sub(r"```.*?```|`[^`]*`|^ {4}.*$", "", text, flags=re.DOTALL | re.MULTILINE)
    links = [link for link in re.findall(r"\]\(([^)#]+)", prose) if "://" not in link]
    missing = [link for link in links if not (page.parent / link).exists()]
    tops = "router|metrics|loadtest|tests|policies|asterisk_conf|docs|deploy"
    paths = re.findall(rf"`((?:{tops})/[\w./-]+)`", text)
    site = ("asterisk_conf/site",)  # every site's own, not in the project
    missing += [path for path in paths if not (ROOT / path).exists() and not path.startswith(site)]
    assert missing == []


@pytest.mark.parametrize("target", re.findall(r"^make (\w+)", (ROOT / "README.md").read_text(), re.MULTILINE))
def test_every_make_target_of_the_readme_is_there(target):
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE)


@pytest.mark.parametrize("check", sorted(doctors_checks()))
def test_every_check_of_the_doctor_is_explained_in_operations(check):
    assert f"`{check}`" in OPERATIONS
