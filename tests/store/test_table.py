"""Rows of a customer file and the commands that store them."""

from pathlib import Path

import hiredis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.errors import RowError
from router.numbers import Number, PseudonymKey
from router.policy.attributes import load_attributes
from router.store.layout import customer_key
from router.store.table import Table

ATTRIBUTES = load_attributes(Path(__file__).parents[2] / "policies")
KEY = PseudonymKey(key_id="k1", secret=bytes(32))
PSEUDONYM = KEY.pseudonym(Number("+8613800138000"))


def table(header="number,age,star,city", region="CN"):
    return Table(header.encode(), ATTRIBUTES, KEY, region)


def commands(row, *, of=None):
    """The commands of a row, as the store would read them."""
    reader = hiredis.Reader()
    reader.feed((of or table()).commands(row if isinstance(row, bytes) else row.encode()))
    found = []
    while (command := reader.gets()) is not False:
        found.append(command)
    return found


def fields(row, **of):
    """What a row stores: field and value."""
    delete, (name, key, *rest) = commands(row, **of)
    assert (delete, name) == ([b"DEL", key], b"HSET")
    return dict(zip(rest[::2], rest[1::2], strict=True))


def test_a_row_replaces_what_there_was():
    key = customer_key(PSEUDONYM)
    assert commands("13800138000,70,5,zhengzhou\n") == [
        [b"DEL", key],
        [b"HSET", key, b"k", b"1", b"a", b"70", b"s", b"5", b"c", b"zhengzhou"],
    ]


@pytest.mark.parametrize(
    ("row", "stored"),
    [
        ("13800138000,,,\n", {b"k": b"1"}),
        ("13800138000, ,\t,  \r\n", {b"k": b"1"}),
        ("13800138000,0,0,", {b"k": b"1", b"a": b"0", b"s": b"0"}),
        (" 13800138000 , 70 ,5,郑州", {b"k": b"1", b"a": b"70", b"s": b"5", b"c": "郑州".encode()}),
        ('"13800138000","70","5","a, ""b"""', {b"k": b"1", b"a": b"70", b"s": b"5", b"c": b'a, "b"'}),
    ],
)
def test_cells(row, stored):
    """An empty one is not known; quotes as spreadsheets write them; the last line may have no end."""
    assert fields(row) == stored


def test_types_come_from_the_attributes():
    of = table("joined,number,key_customer,occupation")
    assert fields("2015-03-02,13800138000,yes,truck_driver", of=of) == {
        b"k": b"1",
        b"j": b"2015-03-02",
        b"v": b"1",
        b"o": b"truck_driver",
    }


@pytest.mark.parametrize("number", ["13800138000", "+8613800138000", "008613800138000", "138 0013 8000"])
def test_a_number_in_any_form_is_one_customer(number):
    [delete, _] = commands(f"{number},,,")
    assert delete == [b"DEL", customer_key(PSEUDONYM)]


def test_the_region_is_where_numbers_are_at_home():
    of = table("number", region="GB")
    [delete, _] = commands("020 7946 0018", of=of)
    assert delete == [b"DEL", customer_key(KEY.pseudonym(Number("+442079460018")))]


def test_an_exported_row_has_a_pseudonym():
    of = table("pseudonym,age")
    assert commands(f"{PSEUDONYM},70", of=of)[0] == [b"DEL", customer_key(PSEUDONYM)]


@pytest.mark.parametrize(
    "cell", ["", "13800138000", "k2" + PSEUDONYM[2:], PSEUDONYM + "x", "k1.}{aaaaaaaaaaaaaa"]
)
def test_a_pseudonym_of_another_key_is_nobody(cell):
    with pytest.raises(RowError, match="pseudonym is not one that was made with the key k1"):
        commands(f"{cell},70", of=table("pseudonym,age"))


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("13800138000,70,5", "there are 3 cells where the header has 4"),
        ("13800138000,70,5,a,b", "there are 5 cells where the header has 4"),
        ("x", "there are 1 cells where the header has 4"),
        (",70,5,", "number is not a telephone number"),
        ("1.38E+10,70,5,", "number is not a telephone number"),
        ("13800138000,seventy,5,", "age must be a whole number from 0 to 130"),
        (
            "13800138000,131,8,",
            "age must be a whole number from 0 to 130; star must be a whole number from 0 to 7",
        ),
        ("13800138000,70,5,a\x07b", "city must be printable text of at most 32 characters"),
        ('13800138000,70,5,"zhengzhou', "the quotes are wrong: "),
        ('13800138000,70,5,"a"b', "the quotes are wrong: "),
        (b"13800138000,70,5,\xd6\xa3\xd6\xdd", "byte 20 is not UTF-8; save the file as UTF-8"),
    ],
)
def test_rows_that_cannot_be_taken(row, why):
    with pytest.raises(RowError) as error:
        commands(row)
    assert str(error.value) == why or (why.endswith(": ") and str(error.value).startswith(why))


def test_a_bad_row_does_not_change_the_next():
    """Cells are remembered, mistakes are not."""
    of = table()
    for _ in range(2):
        with pytest.raises(RowError):
            commands("13800138000,131,5,", of=of)
        assert fields("13800138000,70,5,", of=of) == {b"k": b"1", b"a": b"70", b"s": b"5"}


@given(st.binary() | st.text('0123456789," ', max_size=60).map(str.encode))
def test_any_bytes_are_two_commands_or_an_error(row):
    try:
        found = commands(row)
    except RowError:
        return
    assert [command[0] for command in found] == [b"DEL", b"HSET"]


@pytest.mark.parametrize(
    "header",
    [
        "number,age",
        "\ufeffnumber,age\r\n",
        " number , age ",
        '"number","age"',
        "age,number",
        "line,reason,number,age",
    ],
)
def test_headers(header):
    """With or without byte order mark; columns in any order; those of a reject file are passed over."""
    row = {"age": "70", "number": "13800138000", "line": "7", "reason": '"age; must"'}
    names = [name.strip(' "\r\n') for name in header.removeprefix("\ufeff").split(",")]
    assert fields(",".join(row[name] for name in names), of=table(header)) == {b"k": b"1", b"a": b"70"}


@pytest.mark.parametrize(
    ("header", "why"),
    [
        ("number,agee", 'no attribute has the name of column "agee"; did you mean "age"?'),
        ("Number,age", 'no attribute has the name of column "Number"; did you mean "number"?'),
        ("number;age", 'no attribute has the name of column "number;age"; did you mean "number"?'),
        ("number,shoe_size", "there are account_manager, age, care_preference"),
        ("number,age,age", 'column "age" is there twice'),
        ("number,number", 'column "number" is there twice'),
        ("age,star", 'the header needs one column "number"'),
        ("number,pseudonym", 'the header needs one column "number"'),
        ("number,known", 'column "known": every customer who is imported is known; leave it out'),
        ("13800138000,70", 'no attribute has the name of column "13800138000"'),
        ("", 'no attribute has the name of column ""'),
        ('number,"age', "the quotes are wrong"),
    ],
)
def test_headers_that_cannot_be_used(header, why):
    with pytest.raises(RowError) as error:
        table(header)
    assert why in str(error.value)
