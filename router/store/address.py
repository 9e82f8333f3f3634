"""Where the store listens and how it is greeted, from a URL; those of one server are redis-py's to read."""

import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qsl, unquote

from redis.connection import parse_url

from router.errors import SettingsError
from router.settings import StoreUrl

WRONG_URL = "no URL that can be read; percent-encode what is special in a password (/ is %2F, # is %23)"
"""Never the parser's own words: they can have a piece of the password in them."""

Host = tuple[str, int]
"""A name or IP, and a port."""


class Topology(StrEnum):
    """How many servers a store is, and who says which of them has what."""

    SINGLE = "single"
    SENTINEL = "sentinel"
    """One master at a time; sentinels say which."""
    CLUSTER = "cluster"
    """Several masters, each with some of the slots; each says who has which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreAddress:
    """A Redis to connect to: a unix socket's ``path``, or ``host`` and ``port``; or ``servers`` to ask."""

    path: str | None
    host: str | None
    port: int | None
    tls: ssl.SSLContext | None
    greeting: tuple[tuple[str, ...], ...]
    """Commands that open a connection: AUTH, SELECT, CLIENT SETNAME."""
    url: StoreUrl
    servers: "Servers | None" = None
    """Whom to ask where the masters are; None: it is a single server."""

    def at(self, host: Host) -> "StoreAddress":
        """One of the store's servers."""
        return replace(self, host=host[0], port=host[1], servers=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Servers:
    """What a URL of several servers says."""

    topology: Topology
    hosts: tuple[Host, ...]
    """Sentinels, or some nodes of a cluster."""
    service: str
    """The name under which sentinels know the master; empty of a cluster."""
    options: Mapping[str, Any]
    """For redis-py, of each Redis: username, password, db, ssl, ssl_ca_certs."""
    sentinel_options: Mapping[str, Any]
    """The same of each sentinel."""


def store_address(url: str) -> StoreAddress:
    """Read redis://, rediss:// or unix://, with user, password, database and ``ssl_ca_certs``; or `servers`.

    Raises:
        SettingsError: the URL makes no sense.
    """
    several = servers(url)
    if several is not None:
        return StoreAddress(
            path=None,
            host=None,
            port=None,
            tls=_tls(several.options) if several.options.get("ssl") else None,
            greeting=_greeting(several.options),
            url=StoreUrl(url),
            servers=several,
        )
    try:
        parts: Mapping[str, Any] = parse_url(url)
    except (TypeError, ValueError):
        raise SettingsError(f"store {StoreUrl(url)}: {WRONG_URL}") from None
    path = parts.get("path")
    return StoreAddress(
        path=path,
        host=None if path else parts.get("host", "127.0.0.1"),
        port=None if path else parts.get("port", 6379),
        tls=_tls(parts) if url.startswith("rediss:") else None,
        greeting=_greeting(parts),
        url=StoreUrl(url),
    )


def _greeting(parts: Mapping[str, Any]) -> tuple[tuple[str, ...], ...]:
    greeting: list[tuple[str, ...]] = []
    if "password" in parts:
        greeting.append(("AUTH", parts.get("username", "default"), parts["password"]))
    if parts.get("db"):
        greeting.append(("SELECT", str(parts["db"])))
    greeting.append(("CLIENT", "SETNAME", "ivr"))
    return tuple(greeting)


def _tls(parts: Mapping[str, Any]) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=parts.get("ssl_ca_certs"))


_PORTS = {"sentinel": 26379, "cluster": 6379}
_FORMS = {
    "sentinel": "sentinel://[USER:PASSWORD@]HOST[:PORT][,HOST[:PORT]…]/SERVICE[/DB]",
    "cluster": "cluster://[USER:PASSWORD@]HOST[:PORT][,HOST[:PORT]…]",
}
_OPTIONS = {
    "sentinel": ("ssl", "ssl_ca_certs", "sentinel_username", "sentinel_password"),
    "cluster": ("ssl", "ssl_ca_certs"),
}
_URL = re.compile(r"(?:(?P<user>.*)@)?(?P<hosts>[^/?@]*)(?:/(?P<path>[^?]*))?(?:\?(?P<query>.*))?")
_HOST = re.compile(r"(?P<name>\[[0-9A-Fa-f:.]+\]|[^:\[\]\s]+)(?::(?P<port>[0-9]{1,5}))?", re.ASCII)


def servers(url: str) -> Servers | None:
    """Read sentinel:// or cluster://; None: it is the URL of a single server.

    The form is the one of ``redis+sentinel://`` (Redis-Sentinel-Url, RedisVL, Prefect). User and password
    are those of each Redis; a sentinel's own are ``sentinel_username`` and ``sentinel_password``.
    ``ssl=true``, or ``ssl_ca_certs``, is TLS to all of them.

    Raises:
        SettingsError: the URL makes no sense.
    """
    scheme, _, rest = url.partition("://")
    if scheme not in _FORMS:
        return None
    found = _URL.fullmatch(rest)
    if found is None or "#" in rest:
        raise _wrong(url, WRONG_URL)
    options: dict[str, Any] = {}
    if found["user"] is not None:
        username, _, password = found["user"].partition(":")
        options |= {"username": unquote(username)} if username else {}
        options |= {"password": unquote(password)} if password else {}
    given = _query(url, scheme, found["query"] or "")
    sentinel = {name.removeprefix("sentinel_"): given.pop(name) for name in [*given] if "sentinel_" in name}
    service, db = _path(url, scheme, unquote(found["path"] or ""))
    options |= {"db": db} if db else {}
    return Servers(
        topology=Topology(scheme),
        hosts=tuple(_host(url, scheme, text) for text in found["hosts"].split(",")),
        service=service,
        options={**options, **given},
        sentinel_options={**sentinel, **given},
    )


def _query(url: str, scheme: str, query: str) -> dict[str, Any]:
    given: dict[str, Any] = dict(parse_qsl(query, keep_blank_values=True))
    if strange := sorted(given.keys() - {*_OPTIONS[scheme]}):
        raise _wrong(url, f'there is no option "{strange[0]}"; there are {", ".join(_OPTIONS[scheme])}')
    if given.get("ssl", "true") not in {"true", "false"}:
        raise _wrong(url, "ssl must be true or false")
    if given.pop("ssl", "ssl_ca_certs" in given and "true") == "true":
        given["ssl"] = True
    else:
        given.pop("ssl_ca_certs", None)
    return given


def _path(url: str, scheme: str, path: str) -> tuple[str, int]:
    """Service and database."""
    if scheme == "cluster":
        if path not in {"", "0"}:
            raise _wrong(url, "a cluster has database 0 only")
        return "", 0
    service, _, db = path.partition("/")
    if not service or not re.fullmatch("[0-9]{0,4}", db, re.ASCII):
        raise _wrong(url, f"write it like {_FORMS[scheme]}")
    return service, int(db or 0)


def _host(url: str, scheme: str, text: str) -> Host:
    found = _HOST.fullmatch(text)
    if found is None or not 0 < int(found["port"] or _PORTS[scheme]) < 65_536:
        raise _wrong(url, f"write it like {_FORMS[scheme]}")
    return found["name"].strip("[]"), int(found["port"] or _PORTS[scheme])


def _wrong(url: str, why: str) -> SettingsError:
    return SettingsError(f"store {StoreUrl(url)}: {why}")
