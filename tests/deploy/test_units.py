"""The units of deploy/systemd: systemd understands them, and what they name is there."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from router.cli.app import application
from router.cli.watch import SECRET

ROOT = Path(__file__).parents[2]
UNITS = ROOT / "deploy/systemd"
SERVICES = sorted(UNITS.glob("*.service"))
COMMANDS = typer.main.get_command(application()).commands
INSTANCES = ["ivr-router@a.socket", "ivr-router@a.service", "ivr-router@b.socket", "ivr-watch.service"]
SETTINGS = {
    "ivr-router@.service": [UNITS / "a.env", UNITS / "b.env"],
    "ivr-watch.service": [UNITS / "watch.env"],
}


def values(file, key):
    return re.findall(rf"^{key}=(.*)$", file.read_text(), re.MULTILINE)


def command(service):
    """The command of `ivr` that a service runs, and the options that it is given."""
    [line] = values(service, "ExecStart")
    program, name, *options = line.split()
    assert program == "/opt/ivr/bin/ivr"
    return COMMANDS[name], [option.partition("=")[0] for option in options if option.startswith("--")]


def environment(service):
    """The variables that a service is given, with its settings' files."""
    files = [re.findall(r"^(IVR_\w+)=", file.read_text(), re.MULTILINE) for file in SETTINGS[service.name]]
    return {line.partition("=")[0] for line in values(service, "Environment")}.union(*files)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
@pytest.mark.parametrize("unit", INSTANCES)
def test_systemd_has_nothing_to_say_of_a_unit(unit, tmp_path):
    """With a program that is there; its own units are looked for in the usual places."""
    shutil.copytree(UNITS, tmp_path, dirs_exist_ok=True)
    for service in tmp_path.glob("*.service"):
        service.write_text(service.read_text().replace("/opt/ivr/bin/ivr", sys.executable))
    said = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", unit],
        env={"SYSTEMD_UNIT_PATH": f"{tmp_path}:", "PATH": "/usr/bin:/bin"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (said.returncode, said.stdout + said.stderr) == (0, "")


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_every_option_and_variable_of_a_unit_is_the_commands(service):
    ivr, options = command(service)
    known = {variable for option in ivr.params for variable in _listed(option.envvar)} | {SECRET}
    assert set(options) <= {name for option in ivr.params for name in option.opts}
    assert environment(service) - {"PYTHONFAULTHANDLER"} <= known


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_nothing_is_written_where_a_unit_may_not_write(service):
    """Each default below run/ is told elsewhere."""
    ivr, _ = command(service)
    relative = {
        variable
        for option in ivr.params
        for variable in _listed(option.envvar)
        if variable in {"IVR_VERSIONS", "IVR_SPOOL", "IVR_CONTROL", "IVR_WATCH_STATE", "IVR_STORE"}
    }
    assert relative <= environment(service)


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_every_credential_is_used_and_every_used_one_is_loaded(service):
    loaded = {line.partition(":")[0] for line in values(service, "LoadCredential")}
    used = re.findall(r"%d/(\w+)", "\n".join(values(service, "Environment")))
    assert loaded == set(used)


@pytest.mark.parametrize("instance", ["a", "b"])
def test_an_instance_listens_at_the_same_address_with_its_socket_and_without(instance):
    [address] = values(UNITS / f"ivr-router@{instance}.socket.d/listen.conf", "ListenStream")
    assert values(UNITS / f"{instance}.env", "IVR_AGI") == [address]


def test_no_two_listen_for_those_who_watch_at_one_address():
    addresses = [
        address
        for files in SETTINGS.values()
        for file in files
        for address in values(file, "IVR_(?:WATCH_)?METRICS")
    ]
    assert len(addresses) == len(set(addresses)) == 3


def test_the_socket_has_the_name_that_the_router_looks_for():
    assert values(UNITS / "ivr-router@.socket", "FileDescriptorName") == ["agi"]


def _listed(given):
    return [given] if isinstance(given, str) else given or ()
