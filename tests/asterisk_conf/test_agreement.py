"""What one file of the configuration says of another is true."""

import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from loadtest.agents import read_crews
from loadtest.site import queue_in_asterisk

CONF = Path("asterisk_conf")
EXTENSIONS = sorted(CONF.glob("extensions/*.conf"))
QUEUES = set(re.findall(r"^\[([a-z-]+)\]\(people\)", (CONF / "queues.conf").read_text(), re.MULTILINE))
PROMPTS = YAML(typ="safe").load(CONF / "prompts/prompts.yaml")["prompts"]


def code(file: Path) -> str:
    """A file without its comments."""
    lines = file.read_text().splitlines()
    return "\n".join(re.split(r"(?<!\\);", line)[0] for line in lines) + "\n"


def test_the_shipped_queues_are_there() -> None:
    shipped = {"elder-care", "truck", "vip", "expert", "general", "roaming", "default"}
    assert {queue_in_asterisk(queue) for queue in shipped} == QUEUES


def test_agents_work_in_queues_that_are_there() -> None:
    assert {queue_in_asterisk(queue) for crew in read_crews() for queue in crew.queues} == QUEUES


def test_every_queue_says_its_own_strategy() -> None:
    """app_queue reads the first line of that name, so one from the template could not be changed."""
    sections = re.split(r"^\[", code(CONF / "queues.conf"), flags=re.MULTILINE)
    said = {part.split("]")[0]: part.count("strategy =") for part in sections if "](people)" in part}
    assert said == dict.fromkeys(QUEUES, 1)
    assert "strategy" not in next(part for part in sections if part.startswith("people](!)"))


def test_rules_of_queues_are_there() -> None:
    used = set(re.findall(r"^defaultrule = (\S+)", (CONF / "queues.conf").read_text(), re.MULTILINE))
    rules = set(re.findall(r"^\[(.+)\]", (CONF / "queuerules.conf").read_text(), re.MULTILINE))
    assert used == rules - {"general"}


def test_every_prompt_that_is_played_has_a_text() -> None:
    files = [*EXTENSIONS, CONF / "queues.conf"]
    played = {name for file in files for name in re.findall(r"\bivr/([a-z][a-z0-9-]*)", code(file))}
    assert played <= set(PROMPTS)
    assert len(played) > 5


@pytest.mark.parametrize("file", EXTENSIONS, ids=lambda file: file.stem)
def test_a_comment_does_not_cut_a_line(file: Path) -> None:
    """A semicolon in an argument begins a comment: the line would end there, with its bracket open."""
    for line in code(file).splitlines():
        assert line.count("(") == line.count(")"), line
        assert line.count("{") == line.count("}"), line


@pytest.mark.parametrize("file", EXTENSIONS, ids=lambda file: file.stem)
def test_every_context_that_is_gone_to_is_there(file: Path) -> None:
    contexts = set(re.findall(r"^\[([a-z-]+)\]", "".join(map(code, EXTENSIONS)), re.MULTILINE))
    targets = set(re.findall(r"\b(ivr-[a-z-]+),", code(file)))
    assert targets <= contexts


def test_no_password_and_no_address_but_loopback_is_in_the_repository() -> None:
    text = "".join(code(file) for file in CONF.rglob("*.conf"))
    assert re.findall(r"^\s*(?:secret|password)\s*=", text, re.MULTILINE) == []
    addresses = set(re.findall(r"\b\d+\.\d+\.\d+\.\d+\b", text))
    assert addresses <= {"0.0.0.0", "127.0.0.0", "127.0.0.1", "255.0.0.0", "255.255.255.255"}


def test_the_readme_has_a_line_for_each_file() -> None:
    readme = (CONF / "README.md").read_text()
    files = [
        str(file.relative_to(CONF)) for file in CONF.rglob("*.*") if file.suffix in {".conf", ".py", ".yaml"}
    ]
    assert [name for name in files if name not in readme] == []


def test_the_policies_queues_and_menus_are_the_switchs() -> None:
    """A policy can name nothing that the switch does not have; the switch has nothing that none can name."""
    declared = YAML(typ="safe").load(Path("policies/queues.yaml"))
    assert {queue_in_asterisk(queue) for queue in declared["queues"]} == QUEUES
    menus = re.findall(r"^\[ivr-menu-([a-z-]+)\]", (CONF / "extensions/menu.conf").read_text(), re.MULTILINE)
    assert set(declared["menus"]) == set(menus)
    assert set(declared.get("prompts", {})) <= set(PROMPTS)
