"""YAML is read in one way only, with places, and no bytes can make the reader fail."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.policy.source import MAX_BYTES, MAX_DEPTH, Source, parse, read, shown


def only_problem(source: Source) -> str:
    (problem,) = source.problems
    return str(problem)


def test_values_know_their_places() -> None:
    """Lines and columns begin at 1 and count characters, not bytes."""
    source = parse("名: [1, {b: 二, c: x}]\n".encode(), "f")
    assert source.value == {"名": [1, {"b": "二", "c": "x"}]}
    assert source.places["名",] == (1, 4)
    assert source.places["名", 1, "c"] == (1, 18)
    assert source.keys["名", 1, "c"] == (1, 15)
    assert source.problems == ()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("False", False),
        ("12", 12),
        ("-7", -7),
        ("0", 0),
        ("1.5", 1.5),
        ("2024-01-31", "2024-01-31"),
        ("nothing", "nothing"),
        ("none", "none"),
        ('"no"', "no"),
        ("'0123'", "0123"),
        ("72h", "72h"),
        ("10.0.0.1", "10.0.0.1"),
        ("+86", 86),
        ("norway", "norway"),
    ],
)
def test_plain_values_are_those_of_yaml_1_2(text: str, value: object) -> None:
    """A date is text, a quoted word is text, a number is a number."""
    source = parse(f"a: {text}\n".encode(), "f")
    assert (source.value, source.problems) == ({"a": value}, ())


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("no", 'false, or "no" in quotes'),
        ("On", 'true, or "On" in quotes'),
        ("y", 'true, or "y" in quotes'),
        ("0123", '123, or "0123" in quotes'),
        ("00", '"00" in quotes'),
        ("0x1F", '"0x1F" in quotes'),
        ("0o17", '"0o17" in quotes'),
        ("1_000", '1000, or "1_000" in quotes'),
        ("12:30", '"12:30" in quotes'),
        (".inf", '".inf" in quotes'),
    ],
)
def test_what_two_readers_read_in_two_ways_is_refused(text: str, advice: str) -> None:
    """The message has both ways to write it."""
    source = parse(f"a: {text}\n".encode(), "f")
    assert only_problem(source) == f"f:1:4 a: {text} is read in two ways by YAML 1.1 and 1.2; write {advice}"
    assert ("a",) in source.void


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"a: \xff\n", "f:1:4 is not UTF-8: byte 0xFF; save the file as UTF-8"),
        (b"a: 1\nb: \x07", "f:2:4 has a control character, U+0007; remove it"),
        (b"a: 1\x00", "f:1:5 has a control character, U+0000; remove it"),
        (b"a: !!python/name:os.system x\n", "f:1:4 a: has the tag !!python/name:os.system; remove it"),
        (b"? [a]\n: b\n", "f:1:3 has a key that is not text"),
        (b'"": 1\n', "f:1:1 has an empty key"),
        (b"%YAML 1.1\n---\na: 1\n", "f:2:1 has a % line; remove it: the file is read as YAML 1.2"),
        (b'a: "\\UFFFFFFFF"\n', "f:1:1 is not YAML: an escape names no character"),
        (b"a: " + b"9" * 30, "f:1:4 a: is too large a number; write it in quotes if it is text"),
        (b"", "f:1:1 is empty"),
        (b"#" * (MAX_BYTES + 1), "f:1:1 is larger than 256 KiB"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_told(content: bytes, problem: str) -> None:
    assert only_problem(parse(content, "f")) == problem


def test_a_byte_order_mark_is_no_problem() -> None:
    assert parse(b"\xef\xbb\xbfa: 1\n", "f").value == {"a": 1}


def test_aliases_cannot_explode() -> None:
    """Each alias is a problem, none is followed."""
    lines = ["a0: &a0 [x]"] + [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 20)]
    source = parse("\n".join(lines).encode(), "f")
    assert len(source.problems) == 19 * 9
    assert str(source.problems[0]) == "f:2:10 a1[0]: *a0 is an alias; write the value out"


@pytest.mark.parametrize("opening", ["[", "{a: ", "- "])
def test_nesting_cannot_exhaust_the_stack(opening: str) -> None:
    source = parse((opening * 5_000).encode(), "f")
    assert f"is nested more than {MAX_DEPTH} deep" in only_problem(source)


def test_the_second_of_two_keys_is_told_and_the_first_is_kept() -> None:
    source = parse(b"a: 1\nb: {c: 2}\na: {d: no}\n", "f")
    assert source.value == {"a": 1, "b": {"c": 2}}
    assert source.places["a",] == (1, 4)
    assert [str(problem) for problem in source.problems] == [
        "f:3:1 a: is here a second time; the first is on line 1",
        'f:3:8 a.d: no is read in two ways by YAML 1.1 and 1.2; write false, or "no" in quotes',
    ]


def test_a_folder_and_a_missing_file_cannot_be_read(tmp_path: Path) -> None:
    """Line 0 says that the file as a whole cannot be read."""
    (tmp_path / "folder.yaml").mkdir()
    assert only_problem(read(tmp_path / "folder.yaml")) == "folder.yaml:0:0 cannot be read: it is a folder"
    absent = only_problem(read(tmp_path / "absent.yaml"))
    assert absent == "absent.yaml:0:0 cannot be read: no such file or directory"


def test_what_is_no_regular_file_is_not_opened(tmp_path: Path) -> None:
    """A pipe that nobody writes into would be waited for, and a device may have no end."""
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "zero.yaml").symlink_to("/dev/zero")
    for name in ("pipe.yaml", "zero.yaml"):
        assert only_problem(read(tmp_path / name)) == f"{name}:0:0 cannot be read: it is no regular file"


def test_steps_are_shown_as_people_write_them() -> None:
    assert shown(("routes", 1, "to", "queue")) == "routes[1].to.queue"
    assert shown((0, "a\nb")) == "[0].'a\\nb'"


@given(st.binary(max_size=200) | st.text("ab:{}[]-?&*!|>'\"%@#, \n\t\\<0123x_~", max_size=60).map(str.encode))
def test_no_bytes_make_the_reader_fail(content: bytes) -> None:
    """Whatever is in a file: there is a value, or a problem that says why not."""
    source = parse(content, "f")
    assert source.problems or () in source.places
    for problem in source.problems:
        assert problem.line >= 1
        assert problem.column >= 1
        str(problem).encode()


@given(
    st.recursive(
        st.integers(-1000, 1000) | st.booleans() | st.text("abcé二 ", max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", min_size=1), inner, max_size=3)
        ),
    )
)
def test_json_is_read_as_it_is(value: object) -> None:
    """JSON is YAML: an independent writer and our reader agree."""
    source = parse(json.dumps(value).encode(), "f")
    assert (source.value, source.problems) == (value, ())
