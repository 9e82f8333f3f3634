"""attributes.yaml becomes attributes; what is wrong in it is in the corpus of mistakes."""

from datetime import date
from pathlib import Path

import pytest

from router.errors import PolicyError
from router.policy.attributes import load_attributes
from router.policy.domains import Boolean, Choice, Day, Integer, Text
from tests.policy.conftest import GOOD, Write


def test_attributes_are_as_declared_and_in_order() -> None:
    attributes = load_attributes(GOOD)
    assert {name: attribute.domain for name, attribute in attributes.items()} == {
        "known": Boolean(),
        "age": Integer(0, 130),
        "star": Integer(0, 7),
        "occupation": Choice(("truck_driver", "teacher", "other")),
        "key_customer": Boolean(),
        "city": Text(8),
        "joined": Day(),
    }
    assert attributes["joined"].missing == date(1970, 1, 1)
    assert attributes["age"].sensitive
    assert not attributes["star"].sensitive
    assert attributes["age"].description == "Years"


def test_the_code_is_the_name_unless_it_is_given() -> None:
    attributes = load_attributes(GOOD)
    assert (attributes["age"].code, attributes["star"].code) == (b"a", b"star")


def test_attributes_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        load_attributes(GOOD)["age"] = None  # type: ignore[index]


def test_every_mistake_of_the_file_is_told(write: Write) -> None:
    """The same as when the whole folder is loaded."""
    with pytest.raises(PolicyError) as raised:
        load_attributes(write({"attributes.yaml": "attributes: {x: {type: boolean}}\n"}))
    assert [str(problem) for problem in raised.value.problems] == [
        f'attributes.yaml:1:17 attributes.x: the key "{key}" is missing'
        for key in ("description", "missing", "sensitive", "source")
    ]


def test_a_file_that_is_not_there_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=r"^attributes\.yaml:0:0 cannot be read"):
        load_attributes(tmp_path)
