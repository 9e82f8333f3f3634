"""Addresses and store URLs, as people write them."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.errors import SettingsError
from router.settings import DEFAULT_STORE, Address, StoreUrl


@pytest.mark.parametrize(
    ("text", "address", "is_loopback"),
    [
        ("127.0.0.1:4573", Address("127.0.0.1", 4573), True),
        ("127.1.2.3:0", Address("127.1.2.3", 0), True),
        ("0.0.0.0:65535", Address("0.0.0.0", 65535), False),
        ("[::1]:4573", Address("::1", 4573), True),
        ("[2001:db8::1]:80", Address("2001:db8::1", 80), False),
    ],
)
def test_addresses(text, address, is_loopback):
    """An address prints as it was written."""
    assert Address.parse(text) == address
    assert address.is_loopback == is_loopback
    assert str(address) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "4573",
        ":4573",
        "127.0.0.1",
        "127.0.0.1:",
        "127.0.0.1:x",
        "127.0.0.1:65536",
        "127.0.0.1:-1",
        "localhost:4573",
        "127.0.0.1:４５",
        "::1:4573",
        "[127.0.0.1]:4573",
        "1.2.3:80",
        "[::1:80",
    ],
)
def test_what_is_no_address(text):
    """A name is not one: nobody here resolves it, and `localhost:` would be taken for a far host."""
    with pytest.raises(SettingsError, match="is not an address; write it like 127"):
        Address.parse(text)


@given(st.text())
def test_any_text_is_an_address_or_an_error(text):
    try:
        address = Address.parse(text)
    except SettingsError:
        return
    assert Address.parse(str(address)) == address


def test_the_default_store_is_embedded():
    assert StoreUrl.parse(DEFAULT_STORE).embedded == Path("run/store")


@pytest.mark.parametrize(
    "text",
    [
        "redis://10.0.0.1",
        "redis://10.0.0.1:6379/3",
        "rediss://reader:secret@redis.example.com:6380?ssl_ca_certs=/etc/ca.pem",
        "unix:///run/redis/redis.sock?db=1",
        "unix://:secret@/run/redis.sock",
    ],
)
def test_stores_of_their_own(text):
    store = StoreUrl.parse(text)
    assert (store.text, store.embedded) == (text, None)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "the scheme must be"),
        ("run/store", "the scheme must be"),
        ("http://10.0.0.1", "the scheme must be"),
        ("redis:10.0.0.1", "the scheme must be"),
        ("unix:/run/redis.sock", "the scheme must be"),
        ("embedded:", "needs a folder"),
    ],
)
def test_what_is_no_store(text, why):
    with pytest.raises(SettingsError, match=why):
        StoreUrl.parse(text)


def test_an_error_does_not_show_a_password():
    with pytest.raises(SettingsError) as error:
        StoreUrl.parse("redis+tls://user:secret@host")
    assert "secret" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("redis://10.0.0.1:6379/3", "redis://10.0.0.1:6379/3"),
        ("redis://user:secret@host:6379", "redis://user:***@host:6379"),
        ("rediss://:secret@host", "rediss://:***@host"),
        ("redis://host?password=secret", "redis://host?password=***"),
        ("redis://host?db=1&password=secret&x=1", "redis://host?db=1&password=***&x=1"),
        ("unix://:secret@/run/redis.sock", "unix://:***@/run/redis.sock"),
        ("redis://user:sec:ret@host", "redis://user:***@host"),
        ("redis://user:a/secret@b@host", "redis://user:***@host"),
        ("embedded:run/store", "embedded:run/store"),
    ],
)
def test_a_store_is_printed_without_its_password(text, shown):
    assert str(StoreUrl.parse(text)) == shown
    assert "secret" not in repr(StoreUrl.parse(text))
