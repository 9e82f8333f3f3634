"""Events that wait on disk: bounded, in order, whole or not at all."""

import pytest

from router.errors import SettingsError
from router.store import spool as module
from router.store.spool import Record, Spool


def record(number, event=b"{}"):
    return Record(writer="w", number=number, event=event, grounds=b"")


def drained(spool):
    numbers = []
    while spool.records:
        numbers += [each.number for each in spool.oldest()]
        spool.drop_read()
    return numbers


@pytest.fixture
def dropped():
    return []


@pytest.fixture
def make(tmp_path, dropped):
    return lambda **options: Spool(
        tmp_path / "spool", lambda why, count: dropped.append((why, count)), **options
    )


def test_events_come_back_in_their_order(make, monkeypatch):
    """Over several files, and over the death of who wrote them."""
    monkeypatch.setattr(module, "SEGMENT", 60)
    spool = make()
    for number in range(6):
        spool.append([record(number)])
    assert spool.records == 6
    spool.close()
    assert drained(make()) == [0, 1, 2, 3, 4, 5]


def test_what_comes_while_the_oldest_is_read_goes_to_another_file(make):
    spool = make()
    spool.append([record(1)])
    assert [each.number for each in spool.oldest()] == [1]
    spool.append([record(2)])
    spool.drop_read()
    assert drained(spool) == [2]


def test_the_oldest_file_goes_when_there_is_no_room(make, monkeypatch, dropped):
    monkeypatch.setattr(module, "SEGMENT", 60)
    spool = make(bound=150)
    for number in range(10):
        spool.append([record(number)])
    left = drained(spool)
    assert left == list(range(10 - len(left), 10))
    assert dropped
    assert sum(count for _, count in dropped) + len(left) == 10
    assert {why for why, _ in dropped} == {"spool_full"}


def test_what_is_on_its_way_to_the_store_stays_though_there_is_no_room(make, monkeypatch, dropped):
    """Else the file behind it would be taken for written, and be lost without a word."""
    monkeypatch.setattr(module, "SEGMENT", 1)
    size = len(b'["w",1,"{}",""]\n')
    spool = make(bound=2 * size)
    spool.append([record(1)])
    spool.append([record(2)])
    assert [each.number for each in spool.oldest()] == [1]
    spool.append([record(3)])
    assert dropped == [("spool_full", 1)]
    spool.drop_read()
    assert drained(spool) == [3]


def test_a_torn_line_is_passed_over(make, tmp_path):
    spool = make()
    spool.append([record(1)])
    spool.close()
    with (tmp_path / "spool/00000001.log").open("a") as file:
        file.write('["w",2,"{')
    assert [each.number for each in make().oldest()] == [1]


def test_a_folder_is_one_processs(make):
    held = make()
    with pytest.raises(SettingsError, match="another process"):
        make()
    held.close()


def test_a_folder_that_cannot_be_is_an_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="cannot be used"):
        Spool(tmp_path / "file", lambda *_: None)
