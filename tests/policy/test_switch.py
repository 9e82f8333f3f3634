"""What queues.yaml names and the switch has not."""

from pathlib import Path

import pytest

from router.errors import PolicyError
from router.policy.source import parse, read
from router.policy.switch import read_switch, strangers, unread

ROOT = Path(__file__).parents[2]
QUEUES = """\
queues:
  elder-car: {human: true, answer_within: 15s, description: x}
  general: {human: true, answer_within: 15s, description: x}
  elder-care: {human: true, answer_within: 15s, description: x}
menus:
  mian: {description: x}
prompts:
  closd: {description: x}
  closed: {description: x}
"""


@pytest.fixture
def conf(tmp_path: Path) -> Path:
    folder = tmp_path / "conf"
    (folder / "prompts").mkdir(parents=True)
    (folder / "queues.conf").write_text(
        "[general]\n[people](!)\n[elder-care](people)\n[general-queue](people)\n"
    )
    (folder / "extensions.conf").write_text("[inbound]\n[ivr-menu-main]\n")
    (folder / "prompts/prompts.yaml").write_text("prompts: {closed: {en: x}}\n")
    return folder


def told(conf: Path, queues: str = QUEUES) -> list[str]:
    found = sorted(strangers(read_switch(conf), parse(queues.encode(), "queues.yaml")))
    return [str(problem).replace(str(conf), "conf") for problem in found]


def test_what_the_switch_has_not_is_told_at_its_name(conf: Path) -> None:
    assert told(conf) == [
        'queues.yaml:2:3 queues.elder-car: conf/queues.conf has no such queue; did you mean "elder-care"?',
        'queues.yaml:6:3 menus.mian: conf/extensions.conf has no context ivr-menu-mian; did you mean "main"?',
        'queues.yaml:8:3 prompts.closd: conf/prompts/prompts.yaml has no such prompt; did you mean "closed"?',
    ]


@pytest.mark.parametrize(
    ("ours", "theirs", "told_of"),
    [
        ("wrap_up: 10s", "wrapuptime = 10", None),
        ("wrap_up: 10s", "wrapuptime = 5", "wrap_up is 10 s, and conf/queues.conf has wrapuptime = 5"),
        ("human: true", "wrapuptime = 5", "wrap_up is 0 s, and conf/queues.conf has wrapuptime = 5"),
        ("wrap_up: 10s", "", "wrap_up is 10 s, and conf/queues.conf has wrapuptime = 0"),
        ("human: true", "", None),
        ("wrap_up: 10s", "wrapuptime = ten", None),
        ("wrap_up: soon", "wrapuptime = 5", None),
    ],
)
def test_how_long_agents_write_is_the_same_there(
    conf: Path, ours: str, theirs: str, told_of: str | None
) -> None:
    (conf / "queues.conf").write_text(f"[people](!)\n{theirs}\n[vip](people)\n")
    assert told(conf, f"queues:\n  vip: {{{ours}}}\n") == (
        [f"queues.yaml:2:3 queues.vip: {told_of}"] if told_of else []
    )


def test_the_queue_general_has_another_name_there(conf: Path) -> None:
    (conf / "queues.conf").write_text("[general]\n[elder-care]\n[elder-car]\n")
    place = "queues.yaml:3:3 queues.general"
    message = 'conf/queues.conf has no such queue: "general" is called "general-queue" there'
    assert told(conf)[0] == f"{place}: {message}"


def test_a_switch_without_a_list_of_prompts_may_have_any(conf: Path) -> None:
    (conf / "prompts/prompts.yaml").unlink()
    assert [line.split()[1] for line in told(conf)] == ["queues.elder-car:", "menus.mian:"]


def test_files_that_are_included_are_read_too(conf: Path) -> None:
    (conf / "site").mkdir()
    (conf / "extensions.conf").write_text("#include site/*.conf\n#include extensions.conf\n")
    (conf / "site/menus.conf").write_text("[ivr-menu-main]\n[ivr-menu-mian]\n#include gone.conf\n")
    switch = read_switch(conf)
    assert switch.menus == {"main", "mian"}
    assert [str(problem).replace(str(conf), "conf") for problem in unread(switch)] == [
        "conf/gone.conf:0:0 is included and not there; its names are not known"
    ]


@pytest.mark.parametrize("name", ["queues.conf", "extensions.conf"])
def test_a_switch_without_its_files_is_refused(conf: Path, name: str) -> None:
    (conf / name).unlink()
    with pytest.raises(PolicyError, match=f"{name}:0:0 cannot be read: no such file or directory"):
        read_switch(conf)


@pytest.mark.parametrize("text", ["", "[]", "queues: []\nmenus: 5\n", "queues: {elder-care: 5}\n"])
def test_a_file_with_other_mistakes_is_no_trouble(conf: Path, text: str) -> None:
    assert told(conf, text) == []


def test_the_shipped_policies_name_only_what_the_shipped_switch_has() -> None:
    switch = read_switch(ROOT / "asterisk_conf")
    assert list(strangers(switch, read(ROOT / "policies/queues.yaml"))) == []
    assert {"elder-care", "general", "default"} <= switch.queues.keys()
    assert "people" not in switch.queues
