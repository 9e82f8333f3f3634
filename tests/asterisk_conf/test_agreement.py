"""What one file of the configuration says of another is true."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from loadtest.agents import read_crews
from loadtest.site import HOTLINES, queue_in_asterisk
from router.agi.wire import command
from router.ami.translate import EVENT_CLASSES
from router.decision import Announce, Mark, Overflow, Owner, Penalty, Refuse, ToMenu, ToQueue
from tests.fakes import decision

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
    used |= set(re.findall(r"Set\(IVR_RULE_OF_PENALTY=([a-z-]+)\)", code(CONF / "extensions/queue.conf")))
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
    assert set(declared["menus"]) == set(dialplan_menus())
    assert set(declared.get("prompts", {})) <= set(PROMPTS)


def dialplan_menus() -> dict[str, dict[str, dict[str, str]]]:
    """Where each key of each menu leads, read from the dialplan: as in policies/queues.yaml."""
    _, *parts = re.split(r"^\[ivr-menu-([a-z-]+)\]$", code(CONF / "extensions/menu.conf"), flags=re.MULTILINE)
    return {menu: dict(keys_of(text)) for menu, text in zip(parts[::2], parts[1::2], strict=True)}


def keys_of(menu: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Each key and where its last step leads; a key that leads back to the question leads nowhere."""
    for extension in re.split(r"^exten => ", menu, flags=re.MULTILINE)[1:]:
        key, _, steps = extension.partition(",")
        if not re.fullmatch(r"[0-9*#]", key):  # s, i, t and what they share
            continue
        last = steps.strip().splitlines()[-1]
        person = re.search(r"Goto\(ivr-person,([a-z-]+),1\)", last)
        menu_to = re.search(r"Goto\(ivr-menu-([a-z-]+),s,1\)", last)
        assert person or menu_to or "Goto(s,ask)" in last, f"{key}: {last}"
        yield key, {"queue": person[1]} if person else {"menu": menu_to[1]} if menu_to else {}


def test_the_menus_keys_lead_where_the_policies_say() -> None:
    """The prover counts keys by what is declared: it must be what the dialplan does, key by key."""
    declared = YAML(typ="safe").load(Path("policies/queues.yaml"))["menus"]
    assert {menu: dict(told["keys"]) for menu, told in declared.items()} == dialplan_menus()


def test_a_wrong_key_leads_to_a_person() -> None:
    """So one that is not declared loses nobody."""
    menu = code(CONF / "extensions/menu.conf")
    assert re.findall(r"^exten => ([it]),1,Goto\(miss,1\)", menu, re.MULTILINE) == ["i", "t"]
    assert "${IVR_MISSES} >= 2]?ivr-person,general,1)" in menu


def policies_numbers() -> set[str]:
    files = [file for file in Path("policies").glob("*.yaml") if "hotline:" in file.read_text()]
    return {number for file in files for number in YAML(typ="safe").load(file)["numbers"]}


def test_the_switch_of_the_demo_serves_every_number_that_a_policy_has() -> None:
    """Another number is answered with 404 before the router is asked."""
    assert policies_numbers() <= set(HOTLINES)


def test_the_readme_names_every_number() -> None:
    named = (CONF / "README.md").read_text()
    assert [number for number in HOTLINES if number not in named] == []


def test_every_variable_that_the_router_sets_is_cleared_before_it_is_asked() -> None:
    """And named in the README. What a router that died halfway has set must not be taken for an answer."""
    to = ToQueue(
        queue="vip",
        penalty=Penalty(low=0, high=1),
        announcement="expert-soon",
        overflow=(Overflow(after=1, queue="vip", priority=0),),
        owner=Owner(within=60, wait=15),
    )
    mark = Mark(province="henan", repeat=True, owner="vip-1")
    actions = (to, ToMenu(menu="main"), Announce(prompt="closed"), Refuse(prompt="closed"))
    commands = [command(decision(action=action), mark).decode() for action in actions]
    variables = {name for text in commands for name in re.findall(r"([A-Z_]+)=", text)}
    (clear,) = re.findall(r"\(clear\),MSet\((.*)\)", code(CONF / "extensions/ivr-route.conf"))
    assert set(clear.rstrip("=").split("=,")) == variables
    readme = (CONF / "README.md").read_text()
    assert [name for name in variables if f"`{name}" not in readme] == []


def test_the_observer_may_see_queues_and_ask_and_no_more() -> None:
    """Its events' class, and Getvar's; what Getvar could read of passwords and files is not loaded."""
    manager = code(CONF / "manager.conf")
    assert re.findall(r"^(read|write) = (.*)$", manager, re.MULTILINE) == [
        ("read", EVENT_CLASSES),
        ("write", "reporting"),
    ]
    left_out = set(re.findall(r"^noload = (\S+)\.so", code(CONF / "modules.conf"), re.MULTILINE))
    readers = {
        "func_env",
        "func_shell",
        "func_config",
        "func_sorcery",
        "func_realtime",
        "func_db",
        "func_curl",
    }
    assert readers <= left_out
