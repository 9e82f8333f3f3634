"""Store URLs, as people write them: where to connect and what to say first."""

import pytest

from router.errors import SettingsError
from router.settings import StoreUrl
from router.store.address import Topology, servers, store_address

NAMED = ("CLIENT", "SETNAME", "ivr")


@pytest.mark.parametrize(
    ("url", "hosts", "service"),
    [
        ("sentinel://10.0.0.1/hotline", (("10.0.0.1", 26379),), "hotline"),
        (
            "sentinel://a.example:1,b.example,[::1]:3/hot",
            (("a.example", 1), ("b.example", 26379), ("::1", 3)),
            "hot",
        ),
        ("cluster://10.0.0.1,10.0.0.2:7000", (("10.0.0.1", 6379), ("10.0.0.2", 7000)), ""),
        ("cluster://10.0.0.1/0", (("10.0.0.1", 6379),), ""),
    ],
)
def test_several_servers(url, hosts, service):
    """Ports need not be named."""
    address = store_address(StoreUrl.parse(url).text)
    assert address.servers is not None
    assert (address.servers.hosts, address.servers.service) == (hosts, service)
    assert (address.tls, address.greeting) == (None, (NAMED,))
    assert address.servers.topology == Topology(url.partition(":")[0])


def test_users_of_the_store_and_of_its_sentinels():
    """What is percent-encoded is read; a database is chosen in the greeting."""
    url = "sentinel://ivr:p%40ss@a,b/hotline/3?sentinel_username=asks&sentinel_password=s%26w"
    address = store_address(url)
    assert address.greeting == (("AUTH", "ivr", "p@ss"), ("SELECT", "3"), NAMED)
    assert address.servers is not None
    assert address.servers.sentinel_options == {"username": "asks", "password": "s&w"}
    assert address.servers.options == {"username": "ivr", "password": "p@ss", "db": 3}


@pytest.mark.parametrize(("query", "is_tls"), [("", False), ("?ssl=true", True), ("?ssl=false", False)])
@pytest.mark.parametrize("url", ["sentinel://a/hotline", "cluster://a"])
def test_tls_is_for_all_servers(url, query, is_tls):
    address = store_address(url + query)
    assert address.servers is not None
    assert (address.tls is not None) == is_tls
    assert address.servers.options.get("ssl", False) == is_tls
    assert address.servers.sentinel_options.get("ssl", False) == is_tls


def test_an_authority_means_tls():
    found = servers("cluster://a?ssl_ca_certs=/etc/ca.pem")
    assert found is not None
    assert found.options == {"ssl": True, "ssl_ca_certs": "/etc/ca.pem"}


def test_one_of_several_servers_is_greeted_as_all_are():
    address = store_address("cluster://ivr:pw@a").at(("10.0.0.9", 7001))
    assert (address.host, address.port, address.servers) == ("10.0.0.9", 7001, None)
    assert address.greeting == (("AUTH", "ivr", "pw"), NAMED)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("sentinel://:secret@a", "write it like sentinel://"),
        ("sentinel://:secret@a/", "write it like sentinel://"),
        ("sentinel://:secret@a/hotline/x", "write it like sentinel://"),
        ("sentinel://:secret@a:99999/hotline", "write it like sentinel://"),
        ("sentinel://:secret@a,,b/hotline", "write it like sentinel://"),
        ("sentinel://:secret@/hotline", "write it like sentinel://"),
        ("sentinel://:secret@a/hotline?ssl=perhaps", "ssl must be true or false"),
        ("sentinel://:secret@a/hotline?socket_timeout=1", 'no option "socket_timeout"; there are ssl, '),
        ("cluster://:secret@a?sentinel_password=secret", 'no option "sentinel_password"'),
        ("cluster://:secret@a/1", "database 0 only"),
        ("cluster://:secret@a:x", "write it like cluster://"),
        ("cluster://:secret#@a", "percent-encode"),
    ],
)
def test_what_makes_no_sense(url, why):
    """The error says what to write, and no password."""
    with pytest.raises(SettingsError, match=why) as error:
        store_address(StoreUrl.parse(url).text)
    assert "secret" not in str(error.value)


def test_a_single_server_has_no_others_to_ask():
    assert store_address("redis://127.0.0.1").servers is None
