"""Telephone numbers: one form inside, a pseudonym in storage, a mask on screens.

A number is E.164 with its plus (``+8613800138000``) or a short code as dialled (``10010``).
"""

import re
from binascii import b2a_base64
from dataclasses import dataclass
from hashlib import blake2b
from typing import NewType

import phonenumbers

Number = NewType("Number", str)
"""A number in its one form: ``+`` and digits (E.164), or 3 to 6 digits (a short code)."""

Pseudonym = NewType("Pseudonym", str)
"""A number as stored: key id, dot, 16 base64url characters (96 bits of keyed BLAKE2b)."""

_CN_MOBILE = re.compile(r"(?:\+?86|0086)?(1[3-9][0-9]{9})", re.ASCII)
_SHORT_CODE = re.compile(r"[1-9][0-9]{2,5}", re.ASCII)
_URL_SAFE = bytes.maketrans(b"+/", b"-_")
_DIALLED = re.compile(r"\(?\+?[0-9() .-]{3,24}", re.ASCII)


def normalise(raw: str, region: str = "CN") -> Number | None:
    """Bring a number as dialled or displayed to its one form; None when it is no number.

    ``region`` (ISO 3166, two letters) is where a number without a country code is at home.
    Withheld callers ("anonymous", "unknown", empty) have no number: None, not an error. Neither has a local
    number without its area code: several people share it.
    """
    # Nine of ten calls are from a mobile of the home region: a regular expression takes 0.6 µs where
    # phonenumbers takes 40. tests/test_numbers.py holds the two against each other.
    if region == "CN" and (mobile := _CN_MOBILE.fullmatch(raw)):
        return Number("+86" + mobile[1])
    if _SHORT_CODE.fullmatch(raw):
        return Number(raw)
    return _parsed(raw, region) if _DIALLED.fullmatch(raw) else None


def _parsed(raw: str, region: str) -> Number | None:
    try:
        parsed = phonenumbers.parse(raw, region)
    except phonenumbers.NumberParseException:
        return None
    match phonenumbers.is_possible_number_with_reason(parsed):
        case phonenumbers.ValidationResult.IS_POSSIBLE:
            # zeros ahead are part of a number in a few countries; elsewhere a faulty switch sends them
            if parsed.italian_leading_zero and not phonenumbers.is_valid_number(parsed):
                return None
            return Number(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))
        case phonenumbers.ValidationResult.IS_POSSIBLE_LOCAL_ONLY:
            return _short_code(parsed, region)
        case _:
            return None


def _short_code(parsed: phonenumbers.PhoneNumber, region: str) -> Number | None:
    """The short code that a trunk shows with the country code in front (+8610010), as dialled."""
    national = phonenumbers.national_significant_number(parsed)
    at_home = parsed.country_code == phonenumbers.country_code_for_region(region)
    return Number(national) if at_home and _SHORT_CODE.fullmatch(national) else None


def masked(number: Number | None) -> str:
    """A number as people may see it: ``138****8000``; withheld callers are ``withheld``."""
    if number is None:
        return "withheld"
    if not number.startswith("+"):  # a short code belongs to a service, not to a person
        return number
    national = number.removeprefix("+86")
    # what four stars stand for is four digits at least
    before, after = (3, 4) if len(national) >= 11 else (2, 2) if len(national) >= 8 else (1, 2)
    return f"{national[:before]}****{national[-after:]}"


def spelled(number: Number) -> re.Pattern[bytes]:
    """Finds a number in bytes however switches write it: with or without country code, plus and zeros."""
    if not number.startswith("+"):
        return re.compile(rb"(?<![0-9+])%b(?![0-9])" % number.encode())
    national = phonenumbers.national_significant_number(phonenumbers.parse(number))
    code = number[1:].removesuffix(national)
    return re.compile(rf"(?<![0-9+])(?:\+|00)?(?:{code})?0?{national}(?![0-9])".encode())


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class PseudonymKey:
    """The secret that turns numbers into pseudonyms.

    Plain hashes of numbers fall to a search of all numbers; keyed ones do not without the key.
    """

    key_id: str
    """One to four lower-case letters or digits; stands in front of every pseudonym made with it."""
    secret: bytes
    """32 bytes."""

    def pseudonym(self, number: Number) -> Pseudonym:
        """The number's pseudonym: the same number and key give the same one."""
        digest = blake2b(number.encode(), key=self.secret, digest_size=12).digest()
        return Pseudonym(f"{self.key_id}.{b2a_base64(digest, newline=False).translate(_URL_SAFE).decode()}")
