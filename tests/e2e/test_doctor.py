"""`ivr doctor` on a real installation: nothing to say of a healthy one, and each thing that is broken."""

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from loadtest.stack import Stack, Wish
from router.store.embedded import SOCKET
from tests.e2e.conftest import running
from tests.e2e.customers import NUMBERS, Base, imported, ivr
from tests.e2e.floor import Floor, until

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "policies"
WRONG_SECRET = "not-the-secret"
OF_THE_MACHINE = {"open-files", "clock", "somaxconn"}
"""What the machine that runs these tests is like is not theirs to say."""


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Base]:
    """A store of its own: another switch's observer would tell of other queues."""
    with imported(tmp_path_factory.mktemp("base") / "store") as base:
        yield base


def modest_user(base: Base) -> str:
    """The store as a user reaches it who has the rights that the reference gives, and no others."""
    text = (ROOT / "docs/reference/store.md").read_text()
    (rule,) = re.findall(r"^ACL SETUSER ivr .*?(?=\n```)", text, re.MULTILINE | re.DOTALL)
    base.client.execute_command(*rule.replace("\\\n", " ").replace(">PASSWORD", ">pw").split())
    return f"unix://ivr:pw@{base.folder / SOCKET}"


@pytest.fixture(scope="module")
def stack(
    wish: Callable[[Base], Wish], base: Base, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """Agents write as long as the policies say: where they do not, the doctor finds it."""
    modest = replace(wish(base), wrapup=None, store=modest_user(base))
    with running(modest, tmp_path_factory.mktemp("doctor") / "stack") as stack:
        yield stack


@pytest.fixture
def options(stack: Stack, base: Base, tmp_path: Path) -> Sequence[str]:
    """Everything there is to look at."""
    secret = tmp_path / "ami-secret"
    secret.touch(mode=0o600)
    secret.write_text(stack.asterisk.site.ami_secret)
    return (
        *("--ami", f"127.0.0.1:{stack.asterisk.site.ami_port}", "--ami-secret-file", str(secret)),
        *("--asterisk-conf", str(stack.asterisk.folder.configuration)),
        *("--queue-log", str(stack.asterisk.queue_log)),
        *("--agi", stack.router.agi, "--metrics", stack.router.metrics),
        *("--watch-metrics", stack.watch.metrics),
        *("--store", f"unix://ivr:pw@{base.folder / SOCKET}", "--key-file", str(base.key_file)),
    )


def examined(*options: str, code: int) -> Mapping[str, Mapping[str, str]]:
    """The findings by the name of the check."""
    told = json.loads(ivr("doctor", *options, "--format", "json", code=code))
    return {one["check"]: one for one in told["findings"]}


def of(severity: str, found: Mapping[str, Mapping[str, str]]) -> set[str]:
    return {name for name, one in found.items() if one["severity"] == severity} - OF_THE_MACHINE


def test_a_healthy_installation_is_found_healthy(stack: Stack, options: Sequence[str]) -> None:
    until(stack.watch.is_ready, "the observer is ready")
    found = examined(*options, code=0)
    assert {
        "error": of("error", found),
        "warning": of("warning", found),
        "skipped": of("skipped", found),
    } == {
        "error": set(),
        "warning": set(),
        "skipped": set(),
    }, found
    assert found["asterisk-version"]["text"].startswith("Asterisk 2")
    assert found["router-decides"]["text"].startswith(
        f"{stack.router.agi} sends a caller without a number to "
    )


def test_a_queue_that_the_switch_has_not_is_missed(options: Sequence[str], tmp_path: Path) -> None:
    """In the live switch and in its files; and these policies are not those that are live."""
    folder = Path(shutil.copytree(SHIPPED, tmp_path / "policies"))
    queues = folder / "queues.yaml"
    queues.write_text(
        queues.read_text().replace(
            "queues:\n",
            "queues:\n  night-shift: {human: true, answer_within: 15s, description: At night.}\n",
            1,
        )
    )
    found = examined(*options, "--policies", str(folder), code=1)
    assert of("error", found) >= {"queues", "switch-files"}
    assert "night-shift" in found["queues"]["text"]
    assert of("warning", found) == {"same-policies"}


def test_a_wrong_secret_is_told_from_a_switch_that_is_not_there(
    stack: Stack, options: Sequence[str], tmp_path: Path
) -> None:
    (tmp_path / "ami-secret").write_text(WRONG_SECRET)
    told = ivr("doctor", *options, code=1)
    assert "does not let us in: Authentication failed" in told
    assert WRONG_SECRET not in told
    assert stack.asterisk.site.ami_secret not in told
    (tmp_path / "ami-secret").write_text(stack.asterisk.site.ami_secret)
    nobody = f"127.0.0.1:{stack.ports.take()}"
    found = examined(*options, "--ami", nobody, code=1)
    assert found["ami-login"]["text"] == f"{nobody} cannot be reached: connection refused"


def test_a_queue_log_of_another_switch_is_no_queue_log(options: Sequence[str], tmp_path: Path) -> None:
    """It is older than the switch. And a secret that everybody can read is none."""
    (tmp_path / "queue_log").touch()
    os.utime(tmp_path / "queue_log", (0, 0))
    (tmp_path / "ami-secret").chmod(0o644)
    found = examined(*options, "--queue-log", str(tmp_path / "queue_log"), code=1)
    assert "has not been written since the switch started" in found["queue-log"]["text"]
    assert of("error", found) == {"queue-log", "secret-files"}


def test_an_ami_user_that_may_do_too_much_is_found(stack: Stack, options: Sequence[str]) -> None:
    """And a switch that gives out its configuration files over AMI."""
    conf = stack.asterisk.folder.configuration / "manager.conf"
    shipped = conf.read_text()
    conf.write_text(shipped.replace("write = reporting", "write = reporting,command,originate"))
    stack.asterisk.cli("manager reload")
    stack.asterisk.cli("module load func_config.so")
    try:
        found = examined(*options, code=1)
        assert of("warning", found) == {"ami-rights"}
        assert "Command, " in found["ami-rights"]["text"]
        assert of("error", found) == {"ami-reads-files"}
    finally:
        conf.write_text(shipped)
        stack.asterisk.cli("manager reload")
        stack.asterisk.cli("module unload func_config.so")
    assert not of("error", examined(*options, code=0))


def test_the_rights_of_the_reference_are_enough_for_the_work(floor: Floor) -> None:
    """A caller is known and becomes a contact, the journal is written, the queues' loads are told."""
    with floor.call(NUMBERS["is seen answered"]) as call:
        assert call.landed().segment == "vip"
    floor.await_contacts(NUMBERS["is seen answered"], ["vip"])
    until(lambda: floor.base.client.hgetall("ivr:load"), "the loads are told")
    for process in (floor.stack.router, floor.stack.watch):
        assert process.sample("ivr_journal_dropped_total") == 0
    assert floor.stack.router.sample("ivr_store_errors_total") == 0
