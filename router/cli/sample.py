"""A sample customer base in a store of its own, for commands that bring everything with them."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from router.errors import SettingsError
from router.settings import StoreUrl
from router.store.client import StoreClient
from router.store.embedded import connected


@contextmanager
def prepared(
    folder: Path, customers: int, console: Console
) -> Iterator[tuple[StoreUrl, str, StoreClient, Path]]:
    """An embedded store that runs, with customers made up in it: its name, its URL, a client, their file."""
    own = folder / ".made-by-ivr"
    if folder.exists() and any(folder.iterdir()) and not own.exists():
        raise SettingsError(
            f"{folder} has files that are not ours to remove; give an empty folder or a new one"
        )
    folder.mkdir(parents=True, exist_ok=True)
    own.touch()
    store = StoreUrl.parse(f"embedded:{folder / 'store'}")
    with connected(store) as client:
        client.flushall()
        file = folder / "customers.csv"
        console.print(f"[bold]{customers:,} customers[/] are generated and imported")
        with file.open("wb") as out:
            subprocess.run(_ivr("customers", "generate", str(customers)), stdout=out, check=True)
        subprocess.run(_ivr("customers", "import", str(file), "--store", store.text), check=True)
        yield store, store.text, client, file


def _ivr(*arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "router", *arguments)
