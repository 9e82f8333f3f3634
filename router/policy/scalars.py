"""Plain scalars of YAML: what a word without quotes is, in YAML 1.2 and only where 1.1 agrees."""

import re

_NULL = re.compile("|~|null|Null|NULL")
_BOOLEAN = re.compile("true|True|TRUE|false|False|FALSE")
_OLD_BOOLEAN = re.compile("y|yes|on|n|no|off", re.IGNORECASE)
_INTEGER = re.compile("[-+]?(0|[1-9][0-9]{0,17})")
_LONG_INTEGER = re.compile("[-+]?[1-9][0-9]{18,}")
_NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_OLD_NUMBER = re.compile(
    r"[-+]?(0[0-9]+|0[xo][0-9a-fA-F]+|0b[01]+|[0-9][0-9_]*_[0-9_]*|[0-9]+(:[0-5]?[0-9])+|\.inf)|\.nan",
    re.IGNORECASE,
)


def plain(text: str) -> bool | int | float | str:
    """The value of a plain scalar.

    Raises:
        ValueError: it has none, or not the same one to every YAML reader; the message says what to write.
    """
    if _NULL.fullmatch(text):
        raise ValueError("has no value; write one, or leave the key out")
    if _BOOLEAN.fullmatch(text):
        return text.lower() == "true"
    if _INTEGER.fullmatch(text):
        return int(text)
    if _LONG_INTEGER.fullmatch(text):
        raise ValueError("is too large a number; write it in quotes if it is text")
    if advice := _trap(text):
        raise ValueError(_two_readings(text, advice))
    return float(text) if _NUMBER.fullmatch(text) else text


def trapped_key(text: str) -> str | None:
    """What to write for a plain key that is not the same text to every YAML reader; None for all others."""
    if _OLD_BOOLEAN.fullmatch(text):
        return _two_readings(text, f'"{text}" in quotes')
    if any(kind.fullmatch(text) for kind in (_NULL, _BOOLEAN, _NUMBER, _OLD_NUMBER)):
        return f'a key is text; write it in quotes: "{text[:40]}"'
    return None


def _two_readings(text: str, advice: str) -> str:
    return f"{text[:40]} is read in two ways by YAML 1.1 and 1.2; write {advice}"


def _trap(text: str) -> str | None:
    """How to write a scalar that YAML 1.1 and 1.2 read in two ways; None for all others."""
    quoted = f'"{text[:40]}" in quotes'
    if _OLD_BOOLEAN.fullmatch(text):
        return f"{'true' if text.lower() in {'y', 'yes', 'on'} else 'false'}, or {quoted}"
    if _OLD_NUMBER.fullmatch(text):
        number = text.replace("_", "").lstrip("0")
        return f"{number}, or {quoted}" if _INTEGER.fullmatch(number) else quoted
    return None
