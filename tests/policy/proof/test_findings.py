"""Findings at their places in the files."""

from router.policy.load import read_folder
from router.policy.proof.findings import MAX_DOUBTS, doubts, notes, problems
from router.policy.proof.prove import prove
from tests.policy.callers import NOW
from tests.policy.conftest import Write

TEXT = """
hotline: "10010"
numbers: ["10010"]
segments:
  senior: {age: {at_least: 65}}
  ghost: {all: [senior, {age: {below: 60}}]}
routes:
  - {name: seniors, when: senior, to: {queue: elder-care}}
  - {name: stars, when: {star: {at_least: 5}}, to: {queue: vip}}
  - {name: old, when: {age: {at_least: 80}}, to: {queue: general}}
  - {name: rest, to: {menu: main}}
promises:
  - {name: all meet people, always: human}
  - {name: ghosts, when: ghost, always: human}
"""


def test_mistakes_and_notes_are_told_where_they_are(write: Write) -> None:
    folder = read_folder(write({"10010.yaml": TEXT}))
    proof = prove(folder.book, budget=60, clock=lambda: 0.0, since=NOW)
    assert list(map(str, problems(proof, folder))) == [
        "10010.yaml:6:3 segments.ghost: nobody can belong to it: its condition can never hold",
        '10010.yaml:10:5 routes[2]: takes no call: "seniors" takes all of its callers before',
        (
            '10010.yaml:13:5 promises[0]: is broken: an unknown caller; route "rest" takes the call to '
            "menu:main, promised is a person without a key"
        ),
        "10010.yaml:14:5 promises[1]: is about nobody: no caller can meet its condition",
    ]
    assert list(map(str, notes(proof, folder))) == [
        (
            '10010.yaml:8:5 routes[0]: overlaps with "stars": age 65, star 5; "seniors" takes the call to '
            'queue:elder-care, "stars" would take it to queue:vip'
        )
    ]
    assert doubts(proof, folder) == []


def test_what_is_undecided_is_told_where_it_is(write: Write) -> None:
    folder = read_folder(write({"10010.yaml": TEXT}))
    proof = prove(folder.book, budget=0, clock=lambda: 0.0, since=NOW)
    assert problems(proof, folder) == []
    told = list(map(str, doubts(proof, folder)))
    assert len(told) == 2 + 4 + 2
    assert told[0].startswith("10010.yaml:13:5 promises[0]: there was no time to find out ")
    assert told[2].startswith("10010.yaml:5:3 segments.senior: there was no time to find out ")


def test_what_is_undecided_is_told_up_to_a_number(write: Write) -> None:
    routes = "".join(
        f"  - {{name: r{star}, when: {{age: {star}}}, to: {{queue: vip}}}}\n" for star in range(30)
    )
    folder = read_folder(write({"10010.yaml": TEXT.replace("routes:\n", f"routes:\n{routes}")}))
    proof = prove(folder.book, budget=0, clock=lambda: 0.0, since=NOW)
    told = list(map(str, doubts(proof, folder)))
    assert len(proof.undecided) == 2 + 2 + 34
    assert len(told) == MAX_DOUBTS + 1
    assert ["promises" in line for line in told[:3]] == [True, True, False]
    assert told[-1] == ("10010.yaml:24:5 routes[16]: … and 18 more of this hotline were not decided")


def test_where_nobody_is_drawn_it_was_not_for_want_of_time(write: Write) -> None:
    rare = "{all: [{share: {of: a, percent: 0.01}}, {share: {of: b, percent: 0.01}}]}"
    text = f"""
hotline: "10010"
numbers: ["10010"]
routes:
  - {{name: few, when: {rare}, to: {{menu: main}}}}
  - {{name: rest, to: {{queue: vip}}}}
promises:
  - {{name: people, always: human}}
"""
    folder = read_folder(write({"10010.yaml": text}))
    (told,) = doubts(prove(folder.book, budget=60, clock=lambda: 0.0, since=NOW), folder)
    assert "time" not in told.message
    assert told.message.startswith("may be broken, but only for callers so rare that none was found")
