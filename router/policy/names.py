"""Names and durations in policy files: how they are written, and which names there are.

Names of queues, menus, prompts and segments are checked against `Names`, which pydantic is given as
the context of a validation.
"""

import re
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator, Field, PlainValidator, ValidationInfo, WithJsonSchema

from router.policy.check import described, unknown
from router.policy.source import Plain

MAX_NAME = 40
MAX_WINDOW = 30 * 86_400
"""The longest time that contacts are kept for, in seconds."""
NO_SEGMENT = "none"
"""What is reported of a caller who belongs to no segment."""

AMONG = "x-among"
"""Marks in a JSON Schema which field of `Names` a text must be one of."""

_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """The names that a hotline file may use; None where they are not known and all are taken."""

    queues: frozenset[str] | None = None
    menus: frozenset[str] | None = None
    prompts: frozenset[str] | None = None
    segments: frozenset[str] | None = None
    hours: frozenset[str] | None = None


def _token(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_.:@/+-]+", text):
        raise ValueError(f"must be of letters, digits and _.:@/+- only, not {described(text)}")
    if len(text) > MAX_NAME:
        raise ValueError(f"must have at most {MAX_NAME} characters")
    return text


def _segment_token(text: str) -> str:
    if text == NO_SEGMENT:
        raise ValueError(f'"{NO_SEGMENT}" is what callers without a segment are counted under; rename it')
    return _token(text)


def _menu_key(text: str) -> str:
    if not re.fullmatch("[0-9*#]", text):
        raise ValueError(f"must be one key of a telephone: 0 to 9, * or #, not {described(text)}")
    return text


def _seconds(value: Plain) -> int:
    if not (isinstance(value, str) and (found := re.fullmatch("([1-9][0-9]{0,6})([smhd])", value))):
        raise ValueError(f"must be a duration like 45s, 15m, 72h or 7d, not {described(value)}")
    seconds = int(found[1]) * _UNITS[found[2]]
    if seconds > MAX_WINDOW:
        raise ValueError(f"must be at most {MAX_WINDOW // 86_400}d")
    return seconds


def _of(kind: str, among: str) -> AfterValidator:
    """The text must be the name of a declared thing of this kind; ``among`` is the field of `Names`."""

    def known(name: str, info: ValidationInfo) -> str:
        names: frozenset[str] | None = getattr(info.context, among, None)
        if names is not None and name not in names:
            raise ValueError(unknown(kind, name, names))
        return name

    return AfterValidator(known)


def _shown(title: str, among: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "title": title, AMONG: among})


_TOKEN: dict[str, Any] = {
    "type": "string",
    "title": "name",
    "pattern": "^[A-Za-z0-9_.:@/+-]+$",
    "maxLength": MAX_NAME,
}
Token = Annotated[str, AfterValidator(_token), WithJsonSchema(_TOKEN)]
SegmentToken = Annotated[
    str, AfterValidator(_segment_token), WithJsonSchema({**_TOKEN, "not": {"const": NO_SEGMENT}})
]
Duration = Annotated[
    int,
    PlainValidator(_seconds),
    WithJsonSchema(
        {
            "type": "string",
            "title": "duration",
            "pattern": "^[1-9][0-9]{0,6}[smhd]$",
            "examples": ["45s", "72h"],
        }
    ),
]
Queue = Annotated[str, _of("queue", "queues"), _shown("queue", "queues")]
Menu = Annotated[str, _of("menu", "menus"), _shown("menu", "menus")]
Prompt = Annotated[str, _of("prompt", "prompts"), _shown("prompt", "prompts")]
Segment = Annotated[str, _of("segment", "segments"), _shown("segment", "segments")]
HoursName = Annotated[str, _of("hours", "hours"), _shown("hours", "hours")]
MenuKey = Annotated[
    str,
    AfterValidator(_menu_key),
    WithJsonSchema({"type": "string", "title": "key of a telephone", "pattern": "^[0-9*#]$"}),
]
Priority = Annotated[int, Field(ge=0, le=100)]
