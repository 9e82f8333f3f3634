"""`ivr doctor` as it is typed: what is looked at, how it is printed, how it exits."""

import json
import shutil
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from router.cli.doctor import doctor
from router.cli.findings import as_text
from router.doctor import kernel
from router.doctor.finding import Part, error, ok, skipped, warning
from router.doctor.machine import MachineSeen
from router.errors import SettingsError

ROOT = Path(__file__).parents[2]
VARIABLES = (
    *("IVR_AMI", "IVR_AMI_USER", "IVR_AMI_SECRET", "IVR_AMI_SECRET_FILE", "IVR_ASTERISK_CONF"),
    *("IVR_QUEUE_LOG", "IVR_AGI", "IVR_METRICS", "IVR_WATCH_METRICS", "IVR_STORE", "IVR_KEY_FILE"),
    "IVR_WORKERS",
)
NOT_GIVEN = {
    *("ami-login", "switch-files", "queue-log", "secret-files", "router-decides", "serve-ready"),
    *("watch-ready", "same-policies", "store-answers", "key-file"),
}


@pytest.fixture
def typed(monkeypatch):
    """Type the command, on a machine that is all right; what came of it."""
    well = MachineSeen(descriptors=20_000, synchronised=True, somaxconn=4096)
    monkeypatch.setattr(kernel, "look", lambda: well)
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    app = typer.Typer()
    app.command()(doctor)

    def type_in(*words, code=0, **environment):
        result = CliRunner().invoke(app, list(map(str, words)), env=environment)
        if isinstance(code, int):
            assert result.exit_code == code, (result.output, result.exception)
        else:
            assert isinstance(result.exception, code), result.output
        return result

    return type_in


@pytest.fixture
def policies(tmp_path):
    return Path(shutil.copytree(ROOT / "policies", tmp_path / "policies"))


def findings(result):
    document = json.loads(result.stdout)
    return {one["check"]: one for one in document["findings"]}, document["summary"]


def test_what_no_option_names_is_skipped_and_says_which_option_would(typed, policies):
    found, summary = findings(typed("--policies", policies, "--format", "json"))
    skipped = {name: one for name, one in found.items() if one["severity"] == "skipped"}
    assert skipped.keys() == NOT_GIVEN
    assert summary == {"ok": 4, "warning": 0, "error": 0, "skipped": len(NOT_GIVEN)}
    assert "IVR_AMI" in skipped["ami-login"]["text"]


def test_an_error_is_exit_code_1(typed, policies):
    (policies / "10010.yaml").write_text("hotline: [")
    found, _ = findings(typed("--policies", policies, "--format", "json", code=1))
    assert found["policies"]["severity"] == "error"
    assert found["policies"]["text"].startswith("10010.yaml:")


def test_the_environment_of_the_daemons_is_taken(typed, policies, tmp_path):
    """Nobody is there: each of them is missed."""
    found, _ = findings(
        typed(
            *("--policies", policies, "--format", "json"),
            code=1,
            IVR_AGI="127.0.0.1:1 127.0.0.1:2",
            IVR_METRICS="127.0.0.1:1",
            IVR_WATCH_METRICS="127.0.0.1:1",
            IVR_AMI="127.0.0.1:1",
            IVR_AMI_SECRET="s3cret",
            IVR_STORE="redis://127.0.0.1:1",
            IVR_QUEUE_LOG=str(tmp_path / "none"),
            IVR_KEY_FILE=str(tmp_path / "key"),
            IVR_ASTERISK_CONF=str(tmp_path),
        )
    )
    errors = {name for name, one in found.items() if one["severity"] == "error"}
    assert errors == NOT_GIVEN - {"secret-files", "same-policies"}
    assert all(one["remedy"] for name, one in found.items() if name in errors)


def test_both_routers_are_asked(typed, policies):
    told = typed("--policies", policies, "--agi", "127.0.0.1:1", "--agi", "127.0.0.1:2", code=1).stdout
    assert "127.0.0.1:1: connection refused" in told
    assert "127.0.0.1:2: connection refused" in told


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("--ami", "localhost:5038"), SettingsError),
        (("--store", "http://127.0.0.1"), SettingsError),
        (("--format", "yaml"), 2),
        (("--nothing",), 2),
    ],
)
def test_options_that_make_no_sense_are_no_findings(typed, words, what):
    """`main` makes exit code 2 of the errors, too."""
    typed(*words, code=what)


def test_the_switch_without_a_secret_is_skipped(typed, policies):
    told = typed("--policies", policies, "--ami", "127.0.0.1:1").stdout
    assert "- ami-login: not looked at: no secret: --ami-secret-file FILE, or IVR_AMI_SECRET" in told


def test_text_has_a_mark_a_finding_and_its_remedy_below():
    found = {
        Part.SWITCH: [ok("a", "is well"), warning("b", "is\nnot\x1b[31m", "Do this.")],
        Part.STORE: [error("c", "is broken", "Do that."), skipped("d", "--store")],
    }
    assert list(as_text(found)) == [
        "switch",
        "  ✓ a: is well",
        "  ! b: is not [31m",
        "      Do this.",
        "store",
        "  ✗ c: is broken",
        "      Do that.",
        "  - d: not looked at: --store",
        "1 error, 1 warning, 1 ok, 1 skipped",
    ]


def test_each_worker_of_a_router_is_asked(typed, policies):
    """At the ports behind the router's own."""
    words = (
        "--policies",
        policies,
        "--metrics",
        "127.0.0.1:1",
        "--metrics",
        "127.0.0.1:4",
        "--format",
        "json",
    )
    result = typed(*words, code=1, IVR_WORKERS="3")
    asked = [one["text"] for one in json.loads(result.stdout)["findings"] if one["check"] == "serve-ready"]
    assert [text.partition(": ")[0] for text in asked] == [f"ivr serve at 127.0.0.1:{n}" for n in range(1, 7)]
