"""The corpus of mistakes: each file of tests/policy/mistakes has one, and what must be said about it.

A case replaces or adds files of tests/policy/good; after ``=== expected`` stands every problem.
"""

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from router.errors import PolicyError
from router.policy.check import check
from router.policy.consistency import inconsistencies
from router.policy.load import load
from router.policy.names import Names
from router.policy.schema import hotline_model
from router.policy.source import MAX_BYTES, parse
from tests.policy.conftest import GOOD, Write

CASES = sorted((Path(__file__).parent / "mistakes").glob("*.case"))


def sections(case: Path) -> dict[str, str]:
    parts = re.split(r"^=== (.+)\n", case.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_a_mistake_is_told_with_its_place(case: Path, write: Write) -> None:
    """All that is wrong is said at once, sorted by place, and nothing else."""
    files = sections(case)
    expected = files.pop("expected")
    with pytest.raises(PolicyError) as raised:
        load(write(files))
    assert str(raised.value) + "\n" == expected


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_a_place_lies_in_its_file(case: Path) -> None:
    """An editor can go to each place that is told."""
    files = sections(case)
    for line in files["expected"].splitlines():
        file, row, column = re.match(r"([^:]+):(\d+):(\d+) ", line).groups()
        if file in files:
            assert int(column) <= len(files[file].splitlines()[int(row) - 1]) + 1


def test_the_corpus_is_there() -> None:
    """The cases are found: an empty corpus would prove nothing."""
    assert len(CASES) >= 180


def problems(folder: Path) -> list[str]:
    try:
        load(folder)
    except PolicyError as refused:
        return [str(problem) for problem in refused.problems]
    return []


def test_a_billion_laughs_are_refused_and_not_laughed(write: Write) -> None:
    """Ten levels of ten: no alias is followed, so the file costs what it is long."""
    lines = ["a0: &a0 [" + ", ".join(["lol"] * 10) + "]"]
    lines += [f"a{level}: &a{level} [" + ", ".join([f"*a{level - 1}"] * 10) + "]" for level in range(1, 10)]
    told = problems(write({"10010.yaml": "\n".join(lines)}))
    assert sum("is an alias; write the value out" in problem for problem in told) == 90


@pytest.mark.parametrize(
    "text", ["{" * 100_000, "[" * 100_000, "- " * 50_000, "? " * 50_000, "{? [" * 30_000]
)
def test_nesting_without_end_does_not_exhaust_the_stack(text: str, write: Write) -> None:
    (told,) = problems(write({"10010.yaml": text}))
    assert re.search("is nested more than 24 deep|has a key that is not text", told)


def with_segments(segments: dict[str, str]) -> dict[str, str]:
    text = (GOOD / "10010.yaml").read_text(encoding="utf-8")
    lines = "".join(f"  {name}: {condition}\n" for name, condition in segments.items())
    return {"10010.yaml": text.replace("segments:\n", f"segments:\n{lines}")}


def test_segments_of_segments_without_end_do_not_exhaust_the_stack(write: Write) -> None:
    """Each of thousands leads to the next; the first hundred that may be there lead back to the first."""
    folder = write(with_segments({f"s{number}": f"s{number + 1}" for number in range(5_000)}))
    assert problems(folder) == ["10010.yaml:4:3 segments: has too many entries; at most 100"]
    ring = with_segments({f"s{number}": f"s{(number + 1) % 90}" for number in range(90)})
    (folder / "10010.yaml").write_text(ring["10010.yaml"], encoding="utf-8")
    assert problems(folder)[0].startswith(
        "10010.yaml:13:7 segments.s9: is built of segments more than 10 deep"
    )
    assert sum("leads back to itself" in problem for problem in problems(folder)) == 1


def test_thousands_of_misspelt_names_are_told_soon(write: Write) -> None:
    """A name is compared with some of the names there are, not with thousands."""
    segments = {
        f"segment-of-customers-{number:04}": f"segment-of-custommers-{number:04}" for number in range(2_500)
    }
    told = problems(write(with_segments(segments)))
    assert len(told) == 2_500
    assert told[-1].endswith('did you mean "segment-of-customers-2499"?')


def test_a_file_is_not_read_past_its_bound(write: Write) -> None:
    text = (GOOD / "10010.yaml").read_text(encoding="utf-8")
    folder = write({"10010.yaml": text + "#" * (MAX_BYTES - len(text))})
    assert problems(folder) == []
    (folder / "10010.yaml").write_text(text + "#" * (MAX_BYTES - len(text) + 1), encoding="utf-8")
    assert problems(folder) == ["10010.yaml:1:1 is larger than 256 KiB"]


def test_a_file_of_another_encoding_is_refused_at_its_first_byte(write: Write) -> None:
    folder = write({})
    text = (GOOD / "queues.yaml").read_text(encoding="utf-8").replace("For seniors", "六十五岁")
    (folder / "queues.yaml").write_bytes(text.encode("gb18030"))
    assert problems(folder) == ["queues.yaml:2:62 is not UTF-8: byte 0xC1; save the file as UTF-8"]


RICH = """
hotline: "10010"
numbers: ["10010"]
report: {service_level: answered_of_offered, within: 15s, short_abandon: 5s}
segments:
  senior: {age: {at_least: 65}}
  busy: {load: {queue: general, waiting: {at_least: 3}, longest_wait: {below: 1m}}}
  tried: {share: {percent: 12.5, of: new-menu}, not: {any: [senior, {city: {prefix: z}}]}}
routes:
  - name: seniors
    when: {all: [senior, {contacts: {within: 72h, answered: true, at_least: 2}}]}
    to: {queue: elder-care, priority: 20, penalty: {min: 0, max: 5}, announcement: closed}
    overflow: [{after: 30s, to: {queue: general, priority: 30}}]
    reason: {en: Old, zh: 长者}
  - {name: rest, to: {menu: main}}
promises:
  - {name: seniors, when: senior, always: {queue: [elder-care, general]}}
  - {name: all, always: human}
"""
ODD: list[Any] = [
    True,
    -1,
    10**15,
    0.125,
    "",
    "no such thing",
    "x" * 300,
    "\u2028",
    [],
    [[]],
    [True],
    {},
    {"x": 1},
]


def places(value: Any) -> Iterator[tuple[str | int, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, part in inner:
        yield (step,)
        yield from ((step, *steps) for steps in places(part))


MODEL = hotline_model(load(GOOD).book.attributes)
PLAIN = parse(RICH.encode(), "10010.yaml").value


def with_odd(steps: tuple[str | int, ...], odd: Any) -> Any:
    """The rich hotline with another value at a place."""
    value = above = copy.deepcopy(PLAIN)
    for step in steps[:-1]:
        above = above[step]
    above[steps[-1]] = odd
    return value


@pytest.mark.parametrize("steps", list(places(PLAIN)), ids=lambda steps: ".".join(map(str, steps)))
def test_an_odd_value_anywhere_is_told_in_our_own_words(steps: tuple[str | int, ...]) -> None:
    """No value is a crash, or told as pydantic or Python would."""
    for odd in ODD:
        source = parse(json.dumps(with_odd(steps, odd)).encode(), "10010.yaml")
        _, found = check(MODEL, source, Names(queues=frozenset({"general"})))
        messages = " ".join(problem.message for problem in [*found, *inconsistencies(source)])
        assert not re.search("[Ii]nput|should|valid|Error|type=", messages), messages
