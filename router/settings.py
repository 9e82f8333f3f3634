"""Where things are: addresses and the store, as written on a command line or in the environment."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from router.errors import SettingsError

DEFAULT_STORE = "embedded:run/store"


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
        host, _, port = text.rpartition(":")
        if not host or not port.isascii() or not port.isdigit() or int(port) > 65535:
            raise SettingsError(f'"{text}" is not an address; write it like 127.0.0.1:4573')
        return cls(host.strip("[]"), int(port))

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

    text: str
    """redis://…, rediss://…, unix://… as redis-py reads them, or embedded:DIR."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Check the scheme; the rest is the client library's to read.

        Raises:
            SettingsError: the scheme is unknown, or an embedded store has no folder.
        """
        scheme = text.split(":", 1)[0]
        if scheme not in {"redis", "rediss", "unix", "embedded"}:
            raise SettingsError(
                f'store "{text}": the scheme must be redis://, rediss://, unix:// or embedded:DIR'
            )
        if scheme == "embedded" and not text.removeprefix("embedded:"):
            raise SettingsError("embedded: needs a folder, like embedded:run/store")
        return cls(text)

    @property
    def embedded(self) -> Path | None:
        """The folder of the embedded store; None for a store of its own."""
        return Path(self.text.removeprefix("embedded:")) if self.text.startswith("embedded:") else None

    def __str__(self) -> str:
        """Without a password."""
        parts = urlsplit(self.text)
        return self.text.replace(f":{parts.password}@", ":***@") if parts.password else self.text
