"""Values of attributes: what a file may say, what the store holds, and that both come back the same."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.facts import Value
from router.policy.attributes import Attribute
from router.policy.domains import Boolean, Choice, Day, Domain, Integer, Text, decoder, parsed

WORDS = ("henan", "hebei", "内蒙古")


def attribute(domain: Domain) -> Attribute:
    return Attribute(
        name="it",
        domain=domain,
        missing=False,
        sensitive=True,
        source="",
        description="",
        code=b"i",
        decode=decoder(domain),
    )


@given(
    st.integers(-(10**15), 10**15).map(lambda value: (Integer(-(10**15), 10**15), value))
    | st.booleans().map(lambda value: (Boolean(), value))
    | st.sampled_from(WORDS).map(lambda value: (Choice(WORDS), value))
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=20).map(lambda value: (Text(20), value))
    | st.dates().map(lambda value: (Day(), value))
)
def test_a_stored_value_comes_back(pair: tuple[Domain, Value]) -> None:
    """decode(encode(value)) is the value, and of the same type."""
    domain, value = pair
    its = attribute(domain)
    back = its.decode(its.encode(value))
    assert (back, type(back)) == (value, type(value))


@pytest.mark.parametrize(
    ("domain", "cell", "value"),
    [
        (Integer(0, 130), " 65 ", 65),
        (Integer(-5, 5), "-5", -5),
        (Boolean(), "true", True),
        (Boolean(), "No", False),
        (Boolean(), "1", True),
        (Choice(WORDS), "henan", "henan"),
        (Text(5), "郑州", "郑州"),
        (Day(), "2024-02-29", date(2024, 2, 29)),
    ],
)
def test_a_cell_of_a_file_is_read(domain: Domain, cell: str, value: Value) -> None:
    assert attribute(domain).parse(cell) == value


@pytest.mark.parametrize(
    ("domain", "cell", "message"),
    [
        (Integer(0, 130), "131", "it must be a whole number from 0 to 130"),
        (Integer(0, 130), "sixty", "it must be a whole number from 0 to 130"),
        (Integer(0, 130), "６５", "it must be a whole number from 0 to 130"),
        (Integer(0, 130), "6_5", "it must be a whole number from 0 to 130"),
        (Integer(0, 130), "9" * 5000, "it must be a whole number from 0 to 130"),
        (Integer(0, 130), "", "it must be a whole number from 0 to 130"),
        (Boolean(), "maybe", "it must be true or false"),
        (Choice(WORDS), "Henan", "it must be one of henan, hebei, 内蒙古"),
        (Text(5), "zhengzhou", "it must be printable text of at most 5 characters"),
        (Text(5), "a\nb", "it must be printable text of at most 5 characters"),
        (Text(5), "a\ud800", "it must be printable text of at most 5 characters"),
        (Text(5), "", "it must be printable text of at most 5 characters"),
        (Day(), "2023-02-29", "it must be a date like 2024-01-31"),
        (Day(), "20240131", "it must be a date like 2024-01-31"),
    ],
)
def test_a_wrong_cell_is_refused_without_its_text(domain: Domain, cell: str, message: str) -> None:
    """What was written may be sensitive, so only what is allowed is said."""
    with pytest.raises(ValueError, match=r"^it must be") as raised:
        attribute(domain).parse(cell)
    assert str(raised.value) == message


@pytest.mark.parametrize(
    ("domain", "stored"),
    [
        (Integer(0, 7), b"8"),
        (Integer(0, 7), b"x"),
        (Integer(0, 7), b""),
        (Boolean(), b"true"),
        (Choice(WORDS), b"hunan"),
        (Text(5), b"\xff"),
        (Day(), b"2024"),
        (Day(), b"\xff"),
    ],
)
def test_what_is_stored_otherwise_is_refused(domain: Domain, stored: bytes) -> None:
    """A policy that is right for all declared values is right for all that the store can give."""
    with pytest.raises(ValueError, match=r"."):
        attribute(domain).decode(stored)


@given(st.sampled_from([Integer(0, 130), Boolean(), Choice(WORDS), Text(5), Day()]), st.text())
def test_a_cell_that_is_read_can_be_stored(domain: Domain, cell: str) -> None:
    """Whatever a file says: it is refused, or it comes back from the store."""
    value = parsed(domain, cell)
    its = attribute(domain)
    assert value is None or its.decode(its.encode(value)) == value
