"""Telephone numbers: one form inside, a pseudonym in storage, a mask on screens."""

import re

import phonenumbers
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from router.numbers import Number, PseudonymKey, masked, normalise, spelled
from router.store.layout import contacts_key, customer_key

KEY = PseudonymKey(key_id="k1", secret=bytes(range(32)))
MOBILES = st.integers(13_000_000_000, 19_999_999_999).map(str)
DIALLED = st.text("0123456789+() .-", max_size=26)
ONE_FORM = re.compile(r"\+[1-9][0-9]{5,16}|[1-9][0-9]{2,5}", re.ASCII)


@pytest.mark.parametrize(
    ("raw", "number"),
    [
        ("13800138000", "+8613800138000"),
        ("+8613800138000", "+8613800138000"),
        ("8613800138000", "+8613800138000"),
        ("008613800138000", "+8613800138000"),
        ("013800138000", "+8613800138000"),
        ("138 0013 8000", "+8613800138000"),
        ("(+86) 138-0013-8000", "+8613800138000"),
        ("010-62580000", "+861062580000"),
        ("0571 8888 0000", "+8657188880000"),
        ("4008001234", "+864008001234"),
        ("+14155550123", "+14155550123"),
        ("0014155550123", "+14155550123"),
        ("+852 2123 4567", "+85221234567"),
        ("+390669821234", "+390669821234"),
    ],
)
def test_many_ways_to_write_a_number_are_one(raw, number):
    assert normalise(raw) == number


@pytest.mark.parametrize(
    ("raw", "code"),
    [("110", "110"), ("10010", "10010"), ("100101", "100101"), ("+8610010", "10010"), ("+86 10010", "10010")],
)
def test_short_codes_stay_as_dialled(raw, code):
    """They belong to no area and are in no international plan, whatever a trunk puts in front."""
    assert normalise(raw) == code


@pytest.mark.parametrize(
    "raw",
    [
        "",
        " ",
        "anonymous",
        "Anonymous",
        "unknown",
        "Restricted",
        "None",
        "-",
        "+",
        "sip:alice@example.com",
        "13800138000x",
        "13800138000\n",
        "\x001380013800",
        "１３８００１３８０００",
        "1.38E+10",
        "12",
        "0",
        "000000",
    ],
)
def test_withheld_and_nonsense_are_no_number(raw):
    assert normalise(raw) is None


def test_a_local_number_without_its_area_is_no_number():
    """It is somebody else's in each city, who would be taken for one caller."""
    assert normalise("5550123", "US") is None
    assert normalise("4155550123", "US") == "+14155550123"


def test_the_region_says_where_a_number_is_at_home():
    assert normalise("020 7946 0018", "GB") == "+442079460018"
    assert normalise("13800138000", "GB") != "+8613800138000"


@given(MOBILES, st.sampled_from(["", "+86", "86", "0086"]))
def test_the_fast_path_agrees_with_the_library(mobile, prefix):
    """For every mobile number of China, however it is written."""
    parsed = phonenumbers.parse(prefix + mobile, "CN")
    assert normalise(prefix + mobile) == phonenumbers.format_number(
        parsed, phonenumbers.PhoneNumberFormat.E164
    )


@given(st.text() | DIALLED, st.sampled_from(["CN", "US", "IT", "GB"]))
@example("179510013800138000", "CN")
def test_any_text_is_a_number_in_the_one_form_or_none(raw, region):
    """Never an exception: it comes from the wire."""
    number = normalise(raw, region)
    assert number is None or ONE_FORM.fullmatch(number)


@pytest.mark.parametrize("region", sorted(phonenumbers.SUPPORTED_REGIONS))
def test_numbers_of_all_countries(region):
    """In full they are the same everywhere: with plus, spaces, or the prefix for calls abroad."""
    example = phonenumbers.example_number(region)
    full = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
    spaced = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    abroad = phonenumbers.format_out_of_country_calling_number(example, "CN")
    assert normalise(full) == normalise(full, region) == full
    assert normalise(spaced) == full
    if region != "CN":
        assert normalise(abroad) == full


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (None, "withheld"),
        ("+8613800138000", "138****8000"),
        ("+861062580000", "10****00"),
        ("+14155550123", "+14****0123"),
        ("+861234567", "1****67"),
        ("10010", "10010"),
        ("100101", "100101"),
    ],
)
def test_masked(number, shown):
    assert masked(number) == shown


@given(st.from_regex(r"\+[1-9][0-9]{8,14}", fullmatch=True) | MOBILES.map("+86".__add__))
def test_four_stars_hide_four_digits_or_more(number):
    """And what is shown is the number's own beginning and end, seven digits of it at most."""
    before, stars, after = masked(Number(number)).partition("****")
    national = number.removeprefix("+86")
    assert stars
    assert national.startswith(before)
    assert national.endswith(after)
    assert len(national) - len(before) - len(after) >= 4
    assert len(before) + len(after) <= 7


def test_a_pseudonym_is_the_same_each_time():
    """Pinned: customers in stores are found by it, release after release."""
    assert KEY.pseudonym(Number("+8613800138000")) == "k1.krWGme_6qJTIpkM2"


@given(MOBILES.map(lambda mobile: Number("+86" + mobile)), st.binary(min_size=32, max_size=32))
def test_pseudonyms_differ_by_key_and_fit_the_layout(number, secret):
    mine, other = KEY.pseudonym(number), PseudonymKey(key_id="k1", secret=secret).pseudonym(number)
    assert (mine == other) == (secret == KEY.secret)
    assert re.fullmatch(r"k1\.[A-Za-z0-9_-]{16}", mine)
    assert number.removeprefix("+86") not in mine
    assert (customer_key(mine), contacts_key(mine)) == (b"c:{%b}" % mine.encode(), b"h:{%b}" % mine.encode())


@given(st.lists(MOBILES, min_size=2, max_size=50, unique=True))
def test_different_numbers_have_different_pseudonyms(mobiles):
    assert len({KEY.pseudonym(Number("+86" + mobile)) for mobile in mobiles}) == len(mobiles)


def test_the_secret_is_not_in_what_is_printed():
    """A key in a traceback or a log line would undo all pseudonyms."""
    assert repr(KEY.secret) not in repr(KEY)
    assert "secret" not in repr(KEY)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("+8613800138000", "13800138000"),
        ("+8613800138000", "8613800138000"),
        ("+8613800138000", "+8613800138000"),
        ("+8613800138000", "008613800138000"),
        ("+8613800138000", "013800138000"),
        ("+862112345678", "02112345678"),
        ("+85251234567", "0085251234567"),
        ("+390612345678", "+390612345678"),
        ("10086", "10086"),
    ],
)
def test_a_number_is_found_however_it_is_written(number, text):
    """And as a whole only: it is no part of a longer one."""
    pattern = spelled(Number(number))
    assert pattern.fullmatch(text.encode())
    assert pattern.search(f"a|{text}|b".encode())
    assert not pattern.search(f"{text}0 10{text}".encode())
