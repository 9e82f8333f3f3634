"""The file of the key that turns numbers into pseudonyms, and the check that it is the store's own key."""

import os
import re
import secrets
import tempfile
from base64 import b64decode, b64encode
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Any

import orjson

from router.errors import SettingsError
from router.numbers import PseudonymKey
from router.settings import StoreUrl
from router.store.client import StoreClient
from router.store.layout import KEYS

FILE = "pseudonym.key"
"""The key file of an embedded store, in its folder."""
_SECRET_BYTES = 32
_NOTE = "The key to all customers in the store. Keep it secret and keep a copy: without it nobody is known."


def load_key(key_file: Path | None, store: StoreUrl) -> PseudonymKey:
    """Read the pseudonym key; an embedded store without ``key_file`` makes its own at first start.

    Raises:
        SettingsError: there is no usable key; the text says how to get one.
    """
    if key_file is not None:
        return _read(key_file)
    if store.embedded is None:
        raise SettingsError(
            f"store {store}: the key file is missing. Give --key-file FILE (or IVR_KEY_FILE); "
            "`ivr customers key FILE` makes a new one. Every process must have the same."
        )
    file = store.embedded / FILE
    if not file.exists():
        store.embedded.mkdir(mode=0o700, parents=True, exist_ok=True)
        with suppress(FileExistsError):  # another process was faster
            make_key(file)
    return _read(file)


def make_key(file: Path, key_id: str = "k1") -> None:
    """Write a new key to a new file that only its owner can read.

    Raises:
        FileExistsError: the file is there already; a key is never written over.
        SettingsError: ``key_id`` is not one to four lower-case letters or digits.
    """
    if not re.fullmatch("[a-z0-9]{1,4}", key_id):
        raise SettingsError(f'key id "{key_id}": it must be one to four lower-case letters or digits')
    content = {
        "note": _NOTE,
        "key_id": key_id,
        "secret": b64encode(secrets.token_bytes(_SECRET_BYTES)).decode(),
    }
    # written beside, then linked: nobody ever sees half a key, and of two processes one wins
    with tempfile.NamedTemporaryFile(dir=file.parent, prefix=".key-") as beside:
        beside.write(orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
        beside.flush()
        os.fsync(beside.fileno())
        os.link(beside.name, file)


def _read(file: Path) -> PseudonymKey:
    try:
        with file.open("rb") as source:
            mode = os.fstat(source.fileno()).st_mode
            if mode & 0o077 and not _is_credential(file):
                raise SettingsError(
                    f"key file {file}: others can read it (mode {mode & 0o777:04o}). Run: chmod 600 {file}"
                )
            text = source.read(4096)
    except FileNotFoundError:
        raise SettingsError(f"key file {file} is not there; `ivr customers key {file}` makes it") from None
    except OSError as wrong:
        raise SettingsError(f"key file {file}: {wrong.strerror}") from wrong
    key = _parsed(text)
    if key is None:  # and never a word of what is in it
        raise SettingsError(f"key file {file} has no key in it; `ivr customers key` makes files of this form")
    return key


def _parsed(text: bytes) -> PseudonymKey | None:
    try:
        content: Any = orjson.loads(text)
        key_id, secret = content["key_id"], b64decode(content["secret"], validate=True)
        good = re.fullmatch("[a-z0-9]{1,4}", key_id) and len(secret) == _SECRET_BYTES
    except (ValueError, KeyError, TypeError):
        return None
    return PseudonymKey(key_id=key_id, secret=secret) if good else None


def _is_credential(file: Path) -> bool:
    """Given by systemd (LoadCredential=), which limits access by other means than these bits."""
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    return folder is not None and file.resolve().is_relative_to(Path(folder).resolve())


def check_key(client: StoreClient, key: PseudonymKey, *, claim: bool) -> bool:
    """Whether customers were imported with this key; with ``claim``, note that now they are.

    With a wrong key every caller would be unknown, and nothing else would show it.

    Raises:
        SettingsError: the store knows another key of this id.
    """
    fingerprint = blake2b(key=key.secret, person=b"ivr key", digest_size=8).hexdigest()
    if claim:
        client.hsetnx(KEYS, key.key_id, fingerprint)
    found: Any = client.hget(KEYS, key.key_id)
    if found is not None and found != fingerprint.encode():
        raise SettingsError(
            f'the customers in this store were imported with another key of the id "{key.key_id}"; '
            "give the key file that they were imported with"
        )
    return found is not None
