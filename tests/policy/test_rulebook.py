"""What a promise says of an action, and how far a person is."""

import pickle
from pathlib import Path

import pytest

from router.decision import Action, Announce, Overflow, Refuse, ToMenu, ToQueue
from router.policy.load import read_folder
from router.policy.rulebook import GoesTo, Menu, Outcome, PersonWithin, Queue, Rulebook, keeps, keys_to_person


def queue(name: str, *, human: bool = True) -> Queue:
    return Queue(name=name, human=human, answer_within=20, description="")


def menu(name: str, **keys: str) -> Menu:
    return Menu(name=name, keys={key.removeprefix("key"): to for key, to in keys.items()}, description="")


MENUS = (
    menu("main", key0="queue:general", key1="menu:bills"),
    menu("bills", key9="menu:more", key8="menu:bills"),
    menu("more", key0="queue:general"),
    menu("circle", key1="menu:circle", key2="menu:other"),
    menu("other", key1="menu:circle", key3="queue:robot"),
    menu("mute"),
)
BOOK = Rulebook(
    version="x@1",
    attributes={},
    queues={"general": queue("general"), "expert": queue("expert"), "robot": queue("robot", human=False)},
    menus={entry.name: entry for entry in MENUS},
    hours={},
    hotlines=(),
)


def to_queue(name: str, *later: str) -> ToQueue:
    stages = tuple(Overflow(after=30, queue=stage, priority=0) for stage in later)
    return ToQueue(queue=name, overflow=stages)


@pytest.mark.parametrize(
    ("action", "keys"),
    [
        (to_queue("general"), 0),
        (to_queue("expert", "general"), 0),
        (to_queue("robot"), None),
        (to_queue("expert", "robot"), None),
        (ToMenu(menu="main"), 1),
        (ToMenu(menu="bills"), 2),
        (ToMenu(menu="more"), 1),
        (ToMenu(menu="circle"), None),
        (ToMenu(menu="mute"), None),
        (Announce(prompt="closed"), None),
        (Refuse(prompt="closed"), None),
    ],
)
def test_keys_between_a_caller_and_a_person_are_counted(action: Action, keys: int | None) -> None:
    assert keys_to_person(BOOK, action) == keys


@pytest.mark.parametrize(
    ("outcome", "action", "kept"),
    [
        (PersonWithin(keys=0), to_queue("general"), True),
        (PersonWithin(keys=0), ToMenu(menu="main"), False),
        (PersonWithin(keys=1), ToMenu(menu="main"), True),
        (PersonWithin(keys=1), ToMenu(menu="bills"), False),
        (PersonWithin(keys=9), ToMenu(menu="circle"), False),
        (GoesTo(destinations=frozenset({"queue:expert"})), to_queue("expert", "general"), True),
        (GoesTo(destinations=frozenset({"queue:expert"})), to_queue("general", "expert"), False),
        (GoesTo(destinations=frozenset({"queue:expert", "menu:main"})), ToMenu(menu="main"), True),
        (GoesTo(destinations=frozenset({"announce:closed"})), Refuse(prompt="closed"), False),
    ],
)
def test_an_action_keeps_a_promise_or_does_not(outcome: Outcome, action: Action, kept: bool) -> None:  # noqa: FBT001
    assert keeps(BOOK, action, outcome) is kept


def test_a_rulebook_can_be_pickled() -> None:
    """So that a folder can be read in another process than the one that decides."""
    book = read_folder(Path("policies")).book
    assert pickle.loads(pickle.dumps(book)) == book  # noqa: S301 - our own bytes
