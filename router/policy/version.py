"""The version of a folder of policies, ``policies@ce30727f4048``: its name and a hash of its files."""

import os
import re
from collections.abc import Iterable
from hashlib import blake2b
from pathlib import Path

_VERSION = re.compile(r"[A-Za-z0-9_.-]{1,40}@[0-9a-f]{12}", re.ASCII)


def version_of(folder: str, files: Iterable[tuple[str, bytes]]) -> str:
    """The version of a folder with these files (name, content; in their order): at most 40 characters."""
    digest = blake2b(digest_size=6)
    for name, content in files:
        digest.update(f"{name}\n{len(content)}\n".encode() + content)
    return f"{folder}@{digest.hexdigest()}"


def folder_name(directory: Path) -> str:
    """What a folder is called in its versions: by the name it is given under, wherever a link leads."""
    absolute = Path(os.path.abspath(directory))  # noqa: PTH100  ends in a name, also of "." and ".."
    return re.sub("[^A-Za-z0-9_.-]+", "-", absolute.name, flags=re.ASCII)[:27] or "-"


def is_version(text: str) -> bool:
    """Whether a text is a version, and so can be the name of a folder."""
    return _VERSION.fullmatch(text) is not None


def folder_of(version: str) -> str:
    """The name of the policy folder that a version is of."""
    return version.rpartition("@")[0]


def hash_of(version: str) -> str:
    """What two versions have in common that are the same files, whatever their folders are called."""
    return version.rpartition("@")[2]
