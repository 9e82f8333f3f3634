"""What shows that files have changed, and how they are replaced."""

import os

import pytest

from router.live.files import contents, place, replace, signature
from router.policy.source import MAX_BYTES


def test_is_the_same_until_somebody_writes(policies):
    before = signature(policies)
    assert before == signature(policies)
    (policies / "notes.txt").write_text("not a policy")
    (policies / ".10010.yaml.swp").write_text("an editor's")
    assert before == signature(policies)


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: (folder / "10010.yaml").write_text("x"),
        lambda folder: (folder / "10010.yaml").unlink(),
        lambda folder: (folder / "new.yaml").touch(),
        lambda folder: (folder / "new.yml").touch(),
        lambda folder: os.utime(folder / "10010.yaml", ns=(1, 1)),
    ],
    ids=["written", "removed", "added", "added as yml", "touched"],
)
def test_changes_with_a_file(policies, change):
    before = signature(policies)
    change(policies)
    assert signature(policies) != before


def test_changes_with_a_file_of_the_same_size_and_time(policies):
    """Replaced by renaming, with the old times, as some tools do."""
    file = policies / "10010.yaml"
    before, found = signature(policies), file.stat()
    other = policies / "other"
    other.write_bytes(file.read_bytes())
    os.utime(other, ns=(found.st_atime_ns, found.st_mtime_ns))
    other.rename(file)
    assert signature(policies) != before


def test_sees_through_links(policies, tmp_path):
    """A folder swapped by its link, as deployments do."""
    other = tmp_path / "other"
    other.mkdir()
    (other / "10010.yaml").write_text("x")
    link, new = tmp_path / "current", tmp_path / "next"
    link.symlink_to(policies)
    assert signature(link) == signature(policies)
    new.symlink_to(other)
    new.rename(link)
    assert signature(link) == signature(other) != signature(policies)


def test_of_what_is_not_there_is_none(tmp_path):
    assert signature(tmp_path / "nothing") is None
    (tmp_path / "broken.yaml").symlink_to(tmp_path / "nothing")
    assert signature(tmp_path) == (("broken.yaml", 0, 0, 0),)


def test_of_files_that_are_none_nothing_is_read(policies):
    """A pipe that nobody writes into, a device without end."""
    before = contents(policies)
    os.mkfifo(policies / "pipe.yaml")
    (policies / "zero.yaml").symlink_to("/dev/zero")
    assert {name for name, *_ in signature(policies)} == {*before, "pipe.yaml", "zero.yaml"}
    assert contents(policies) == before


def test_a_file_without_end_is_read_in_part(policies):
    """As much as shows that it is too large."""
    with (policies / "large.yaml").open("wb") as file:
        file.truncate(1 << 40)
    assert len(contents(policies)["large.yaml"]) == MAX_BYTES + 1


def test_a_place_is_text_whatever_leads_there(policies, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(policies)
    assert place(link) == place(policies) == str(policies.resolve())
    odd = tmp_path / os.fsdecode(b"\xff")
    assert place(odd) == f"{tmp_path.resolve()}/\\xff"


def test_files_are_replaced_and_nothing_else_is_touched(policies):
    """What the version does not have goes; folders, dot files and other files stay; modes stay."""
    (policies / "tests").mkdir()
    (policies / "tests" / "a_test.yaml").write_text("t")
    (policies / ".git").write_text("g")
    (policies / "README").write_text("r")
    (policies / "400.yaml").write_text("later")
    (policies / "10010.yaml").chmod(0o640)
    files = {**contents(policies), "10010.yaml": b"earlier", "new.yaml": b"n"}
    del files["400.yaml"]
    replace(policies, files)
    assert contents(policies) == files
    assert (policies / "10010.yaml").stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in policies.iterdir()) == [
        *(".git", "10010.yaml", "README", "attributes.yaml", "new.yaml", "queues.yaml", "tests")
    ]
    assert (policies / "tests" / "a_test.yaml").read_text() == "t"


def test_nothing_is_replaced_when_not_all_can_be_written(policies):
    """And nothing is left lying about."""
    before = contents(policies)
    with pytest.raises(OSError, match="too long"):
        replace(policies, {"10010.yaml": b"x", "n" * 300 + ".yaml": b"x"})
    assert contents(policies) == before
    assert len(list(policies.iterdir())) == len(before)
