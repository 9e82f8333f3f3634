"""A span of time as options: --since and --until."""

import re
import time
from datetime import datetime
from typing import Annotated

import typer

from router.errors import SettingsError

_AGO = re.compile(r"([0-9]{1,6})(s|m|h|d)", re.ASCII)
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


def moment(given: str) -> float:
    """A moment in seconds since the epoch: so long ago (``2h``, ``3d``), or ISO 8601 with an offset.

    Raises:
        SettingsError: it is neither.
    """
    if ago := _AGO.fullmatch(given):
        return time.time() - int(ago[1]) * _SECONDS[ago[2]]
    try:
        read = datetime.fromisoformat(given)
    except ValueError:
        read = None
    if read is None or read.tzinfo is None:
        raise SettingsError(f'"{given}" is no time; write 2h, 3d or 2026-11-27T08:00+08:00')
    return read.timestamp()


Since = Annotated[
    str | None, typer.Option(metavar="TIME", help="From then on: 2h, 3d, or 2026-11-27T08:00+08:00.")
]
Until = Annotated[str | None, typer.Option(metavar="TIME", help="Until then, in the same forms.")]
