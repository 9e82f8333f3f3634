"""The versions that went live."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from router.errors import SettingsError
from router.live.archive import KEPT, Archive
from router.policy.version import hash_of


def version(number):
    return f"policies@{number:012x}"


def files(number):
    return {"10010.yaml": f"hotline {number}".encode()}


@pytest.fixture
def archive(tmp_path):
    """With versions 1, 2 and 3, which went live in this order."""
    archive = Archive(tmp_path / "versions")
    for number in (1, 2, 3):
        archive.went_live(version(number), files(number), at=number)
    return archive


def names(archive):
    return [kept.version for kept in archive.versions()]


def test_has_each_version_as_it_was(archive):
    assert names(archive) == [version(3), version(2), version(1)]
    assert archive.files(version(2)) == files(2)


def test_goes_back_by_the_order_of_going_live(archive):
    """A version that is live again is the newest."""
    assert archive.before(version(3), folder="policies") == version(2)
    archive.went_live(version(1), files(1), at=4)
    assert names(archive) == [version(1), version(3), version(2)]
    assert archive.before(version(1), folder="policies") == version(3)


def test_goes_further_back_from_where_it_went_back_to(archive):
    """Not to and fro; what was withdrawn counts again when it is live again."""
    archive.withdraw(version(3))
    archive.went_live(version(2), files(2), at=4)
    assert archive.before(version(2), folder="policies") == version(1)
    archive.withdraw(version(2))
    archive.went_live(version(1), files(1), at=5)
    with pytest.raises(SettingsError, match="no version before"):
        archive.before(version(1), folder="policies")
    archive.went_live(version(3), files(3), at=6)
    assert archive.before(version(3), folder="policies") == version(1)


def test_without_a_live_one_goes_to_the_newest(archive):
    assert archive.before(None, folder="policies") == version(3)


def test_never_goes_to_a_version_of_another_folder(archive):
    """Routers may share an archive."""
    archive.went_live("other@000000000009", files(9), at=9)
    assert archive.before(version(3), folder="policies") == version(2)
    assert archive.before(None, folder="policies") == version(3)
    with pytest.raises(SettingsError, match="no version before other@000000000009"):
        archive.before("other@000000000009", folder="other")


def test_never_goes_to_the_files_that_are_live_under_another_name(archive):
    assert archive.before(f"rel-2@{hash_of(version(3))}", folder="policies") == version(2)


def test_another_folder_takes_no_room(archive):
    for number in range(KEPT + 5):
        archive.went_live(f"other@{number:012x}", files(number), at=10 + number)
    assert len([name for name in names(archive) if name.startswith("other@")]) == KEPT
    assert names(archive)[KEPT:] == [version(3), version(2), version(1)]


def test_keeps_the_newest(tmp_path):
    archive = Archive(tmp_path)
    for number in range(KEPT + 5):
        archive.went_live(version(number), files(number), at=number)
    assert names(archive) == [version(number) for number in reversed(range(5, KEPT + 5))]
    assert len(list(tmp_path.iterdir())) == KEPT


def test_keeps_files_that_never_were_live(archive):
    """They can be had back by name, and nobody goes back to them by himself or trusts them."""
    name = archive.saved({"10010.yaml": b"broken"}, at=9)
    assert archive.files(name) == {"10010.yaml": b"broken"}
    assert archive.before(version(3), folder="policies") == version(2)
    assert name not in archive.lived()
    assert archive.saved({"10010.yaml": b"broken"}, at=9) == name


def test_two_may_keep_the_same_version(archive, tmp_path):
    other = Archive(tmp_path / "versions")
    other.went_live(version(3), files(3), at=7)
    archive.went_live(version(3), files(3), at=8)
    assert [kept.at for kept in archive.versions()] == [8, 2, 1]


def test_four_may_keep_the_same_versions_at_once(tmp_path):
    """As the workers of a router do: each has it whole, and nothing is left beside it."""
    together = Barrier(4)

    def keep(_):
        archive = Archive(tmp_path / "versions")
        for number in range(KEPT):
            together.wait(10)
            archive.went_live(version(number), files(number), at=number)
            assert archive.files(version(number)) == files(number)

    with ThreadPoolExecutor(4) as workers:
        list(workers.map(keep, range(4)))
    assert {path.name for path in (tmp_path / "versions").iterdir()} == {version(n) for n in range(KEPT)}


@pytest.mark.parametrize("name", ["policies@000000000009", "../policies", "", ".", "policies@1/../x"])
def test_what_is_not_kept_is_said_so(archive, name):
    with pytest.raises(SettingsError, match="has no version"):
        archive.files(name)


def test_a_folder_that_is_not_there_has_none(tmp_path):
    archive = Archive(tmp_path / "nothing")
    assert archive.versions() == []
    with pytest.raises(SettingsError):
        archive.before(None, folder="policies")


def test_what_cannot_be_written_is_an_error_and_leaves_nothing(tmp_path):
    """The router logs it and serves on."""
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        Archive(tmp_path / "file").went_live(version(1), files(1), at=1)
    with pytest.raises(OSError, match="no name for a folder"):
        Archive(tmp_path).went_live("../outside", files(1), at=1)
    with pytest.raises(OSError):  # noqa: PT011  a name that is too long, in the system's words
        Archive(tmp_path).went_live(version(1), {"n" * 300: b""}, at=1)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
