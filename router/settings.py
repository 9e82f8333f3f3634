"""Where things are: addresses and the store, as written on a command line or in the environment."""

import re
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Self

from router.errors import SettingsError

DEFAULT_STORE = "embedded:run/store"

_SCHEMES = ("redis://", "rediss://", "unix://", "sentinel://", "cluster://", "embedded:")
_ADDRESS = re.compile(r"(?:(?P<v4>[0-9.]+)|\[(?P<v6>[0-9A-Fa-f:.]+)\]):(?P<port>[0-9]{1,5})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Address:
    """A host (an IP literal: names are resolved by nobody here) and a port."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``127.0.0.1:4573``; port 0 means any free one.

        Raises:
            SettingsError: the text is not an address.
        """
        found = _ADDRESS.fullmatch(text)
        host = found and (found["v4"] or found["v6"])
        if not found or not host or not _is_ip(host, 4 if found["v4"] else 6) or int(found["port"]) > 65535:
            raise SettingsError(f'"{text}" is not an address; write it like 127.0.0.1:4573')
        return cls(host, int(found["port"]))

    @property
    def is_loopback(self) -> bool:
        """Only this machine can reach it."""
        return self.host.startswith("127.") or self.host == "::1"

    def __str__(self) -> str:
        """As `parse` reads it."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class StoreUrl:
    """Which Redis (or Valkey) the customers are in."""

    text: str = field(repr=False)
    """redis://…, rediss://…, unix://… as redis-py reads them, sentinel://…, cluster://… as
    `router.store.address` does, or embedded:DIR. A password may be in it."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Check the scheme; the rest is read where the store is connected to.

        Raises:
            SettingsError: the scheme is unknown, or an embedded store has no folder.
        """
        if not text.startswith(_SCHEMES):
            raise SettingsError(
                f'store "{_without_password(text)}": the scheme must be redis://, rediss://, unix://, '
                "sentinel://, cluster:// or embedded:DIR"
            )
        if text == "embedded:":
            raise SettingsError("embedded: needs a folder, like embedded:run/store")
        return cls(text)

    @property
    def embedded(self) -> Path | None:
        """The folder of the embedded store; None for a store of its own."""
        return Path(self.text.removeprefix("embedded:")) if self.text.startswith("embedded:") else None

    def __str__(self) -> str:
        """Without a password."""
        return _without_password(self.text)


def _without_password(url: str) -> str:
    url = re.sub(r"(?<=://)([^/@:]*):.*@", r"\1:***@", url)
    return re.sub(r"([?&][^=&]*password=)[^&]*", r"\1***", url)


def _is_ip(host: str, version: int) -> bool:
    try:
        return ip_address(host).version == version
    except ValueError:
        return False
