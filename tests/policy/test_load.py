"""A folder of policies as a whole: which files are read, and what they come to."""

import json
import re
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.errors import PolicyError
from router.policy.load import load
from router.policy.source import parse
from router.policy.version import folder_name
from tests.policy.conftest import GOOD, Write

HOTLINE = (GOOD / "10010.yaml").read_text(encoding="utf-8")


def refusal(folder: Path) -> str:
    with pytest.raises(PolicyError) as raised:
        load(folder)
    return str(raised.value)


def test_a_good_folder_is_loaded(write: Write) -> None:
    policies = load(write({}))
    assert set(policies.trees) == {"10010"}
    assert [need.name for need in policies.needs.attributes] == ["known", "age", "star", "key_customer"]
    assert policies.longest_window == 72 * 3600  # a repeated call is told by it
    assert policies.unknown.customer["city"] == ""
    assert policies.book.queues["general"].answer_within == 20


def test_a_hotline_is_found_by_each_of_its_numbers(write: Write) -> None:
    more = HOTLINE.replace('"10010"', '"10011"').replace('["10011"]', '["10011", "+861010011"]')
    policies = load(write({"10011.yaml": more}))
    assert {number: tree.hotline.name for number, tree in policies.trees.items()} == {
        "10010": "10010",
        "10011": "10011",
        "+861010011": "10011",
    }
    assert {decision.hotline for decision in policies.decisions} == {"10010", "10011"}


def test_the_longest_window_is_that_of_any_condition(write: Write) -> None:
    """In a segment as in a route, and inside another condition."""
    day = "{contacts: {within: 1d, at_least: 1}}"
    text = HOTLINE.replace("senior: {", f"recent: {day}\n  senior: {{").replace(
        "when: senior", f"when: {{any: [senior, {{not: {day.replace('1d', '7d')}}}]}}"
    )
    assert load(write({"10010.yaml": text})).longest_window == 7 * 86_400


def test_the_version_is_a_token_that_changes_with_any_file(write: Write) -> None:
    """A comment counts: the version names the text that people read."""
    folder = write({})
    versions = [load(folder).version, load(folder).version]
    for name in ("attributes.yaml", "queues.yaml", "10010.yaml"):
        with (folder / name).open("a", encoding="utf-8") as file:
            file.write("# reviewed\n")
        versions.append(load(folder).version)
    assert versions[0] == versions[1]
    assert len(set(versions)) == 4
    for version in versions:
        assert re.fullmatch(r"policies@[0-9a-f]{12}", version)


def test_the_version_of_a_folder_with_an_odd_name_is_a_token(write: Write, tmp_path: Path) -> None:
    folder = write({}).rename(tmp_path / ("草稿 of May " + "x" * 40))
    version = load(folder).version
    assert re.fullmatch(r"[A-Za-z0-9_.@-]{14,40}", version)
    assert load(folder).decisions[0].policy == version


def test_the_version_of_a_link_has_the_name_of_the_link(write: Write, tmp_path: Path) -> None:
    """A deployment that moves a link to another release does not move its versions to another name."""
    folder, link = write({}), tmp_path / "current"
    link.symlink_to(folder)
    assert load(link).version == load(folder).version.replace("policies@", "current@")


@pytest.mark.parametrize("given", [".", "../policies", "tests/..", "./"])
def test_the_version_has_a_name_however_the_folder_is_given(
    given: str, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write({})
    (folder / "tests").mkdir()
    version = load(folder).version
    monkeypatch.chdir(folder)
    assert load(Path(given)).version == version


def test_the_root_has_a_name() -> None:
    """And so a version that can be kept."""
    assert folder_name(Path("/")) == "-"


def test_other_files_and_folders_are_left_alone(write: Write) -> None:
    """Editors' locks and drafts with a dot, notes, and the folder of tests."""
    folder = write({".#10010.yaml": "x", "notes.txt": "x"})
    (folder / "tests").mkdir()
    (folder / "tests" / "10010_test.yaml").write_text("x", encoding="utf-8")
    assert set(load(folder).trees) == {"10010"}


def test_a_folder_that_is_not_there_cannot_be_read(tmp_path: Path) -> None:
    assert refusal(tmp_path / "absent") == f"{tmp_path}/absent:0:0 cannot be read: no such file or directory"


def test_a_file_in_place_of_the_folder_cannot_be_read(write: Write) -> None:
    path = write({}) / "queues.yaml"
    assert refusal(path) == f"{path}:0:0 cannot be read: not a directory"


def test_a_folder_without_a_hotline_is_refused(write: Write) -> None:
    folder = write({})
    (folder / "10010.yaml").unlink()
    assert refusal(folder) == f"{folder}:1:1 has no hotline; add a file like 10010.yaml"


def test_a_missing_file_is_one_problem_and_not_a_hundred(write: Write) -> None:
    """Names that cannot be known are not called unknown."""
    folder = write({})
    (folder / "queues.yaml").unlink()
    assert refusal(folder) == "queues.yaml:0:0 cannot be read: no such file or directory"
    (folder / "attributes.yaml").unlink()
    assert refusal(folder).splitlines() == [
        "attributes.yaml:0:0 cannot be read: no such file or directory",
        "queues.yaml:0:0 cannot be read: no such file or directory",
    ]


def test_a_mistake_in_one_file_hides_none_in_another(write: Write) -> None:
    """A queue whose entry is wrong is still a queue, an attribute likewise."""
    attributes = (GOOD / "attributes.yaml").read_text(encoding="utf-8").replace("range: [0, 7]", "range: [7]")
    queues = (GOOD / "queues.yaml").read_text(encoding="utf-8").replace("20s", "20")
    hotline = HOTLINE.replace("menu: main", "menu: mian")
    text = refusal(write({"attributes.yaml": attributes, "queues.yaml": queues, "10010.yaml": hotline}))
    assert [line.split(" ")[0] for line in text.splitlines()] == [
        "10010.yaml:12:16",
        "attributes.yaml:4:32",
        "queues.yaml:4:41",
    ]


def test_a_folder_in_place_of_a_hotline_cannot_be_read(write: Write) -> None:
    folder = write({})
    (folder / "10011.yaml").mkdir()
    assert refusal(folder) == "10011.yaml:0:0 cannot be read: it is a folder"


@pytest.mark.parametrize("length", range(0, len(HOTLINE.encode()) - 1, 7))
def test_a_file_that_is_half_written_is_refused(write: Write, length: int) -> None:
    """Wherever the writing stopped: a hotline that lacks routes does not pass for a shorter one."""
    folder = write({})
    (folder / "10010.yaml").write_bytes(HOTLINE.encode()[:length])
    assert refusal(folder).startswith("10010.yaml:")


JUNK = st.sampled_from(
    [None, True, 0, 10**17, 1.5, "", "x", "senior", "72h", [], {}, ["x"], [[]], {"is": 1}, {"any": ["vip"]}]
)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_value_in_any_place_is_told_or_taken(data: st.DataObject) -> None:
    """No file, however odd, makes the loader fail otherwise than by its problems."""
    name = data.draw(st.sampled_from(["attributes.yaml", "queues.yaml", "10010.yaml"]))
    value = parse((GOOD / name).read_bytes(), name).value
    steps, below = [], value
    while isinstance(below, dict | list) and below and (not steps or data.draw(st.booleans())):
        steps.append(
            data.draw(st.sampled_from(range(len(below)) if isinstance(below, list) else list(below)))
        )
        above, below = below, below[steps[-1]]
    above[steps[-1]] = data.draw(JUNK)
    with tempfile.TemporaryDirectory() as folder:
        for path in GOOD.iterdir():
            Path(folder, path.name).write_bytes(path.read_bytes())
        Path(folder, name).write_text(json.dumps(value), encoding="utf-8")
        try:
            decisions = len(load(Path(folder)).decisions)
        except PolicyError as error:
            decisions = 0
            said = str(error)
    assert decisions or re.match(r"[a-z0-9]+\.yaml:\d+:\d+ ", said)
