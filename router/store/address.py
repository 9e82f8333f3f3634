"""Where the store listens and how it is greeted, from a URL that redis-py understands."""

import ssl
from dataclasses import dataclass

from redis.connection import parse_url

from router.errors import SettingsError
from router.settings import StoreUrl

WRONG_URL = "no URL that can be read; percent-encode what is special in a password (/ is %2F, # is %23)"
"""Never the parser's own words: they can have a piece of the password in them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreAddress:
    """A Redis to connect to: a unix socket's ``path``, or ``host`` and ``port``."""

    path: str | None
    host: str | None
    port: int | None
    tls: ssl.SSLContext | None
    greeting: tuple[tuple[str, ...], ...]
    """Commands that open a connection: AUTH, SELECT, CLIENT SETNAME."""


def store_address(url: str) -> StoreAddress:
    """Read redis://, rediss:// or unix://, with user, password, database and ``ssl_ca_certs``.

    Raises:
        SettingsError: the URL makes no sense.
    """
    try:
        parts = parse_url(url)
    except (TypeError, ValueError):
        raise SettingsError(f"store {StoreUrl(url)}: {WRONG_URL}") from None
    greeting: list[tuple[str, ...]] = []
    if "password" in parts:
        greeting.append(("AUTH", parts.get("username", "default"), parts["password"]))
    if parts.get("db"):
        greeting.append(("SELECT", str(parts["db"])))
    greeting.append(("CLIENT", "SETNAME", "ivr"))
    path = parts.get("path")
    tls = None
    if url.startswith("rediss:"):
        tls = ssl.create_default_context(cafile=parts.get("ssl_ca_certs"))
    return StoreAddress(
        path=path,
        host=None if path else parts.get("host", "127.0.0.1"),
        port=None if path else parts.get("port", 6379),
        tls=tls,
        greeting=tuple(greeting),
    )
