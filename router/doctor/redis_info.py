"""A store asked what it says of itself, by redis-py."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import redis

from router.doctor.deadline import within
from router.doctor.store import KeyState, NoStore, StoreSeen
from router.errors import SettingsError, StoreError
from router.numbers import PseudonymKey
from router.settings import StoreUrl
from router.store.client import StoreClient, connect, translated
from router.store.embedded import opened
from router.store.keyfile import FILE, check_key, load_key

WHOLE_SECONDS = 15.0
"""For all answers; each has the client's own deadline, too."""


def look(store: StoreUrl, key_file: Path | None, wall: Callable[[], float]) -> StoreSeen | NoStore:
    """Ask a store, with a deadline of seconds; an embedded one is started if nobody runs it."""
    if store.embedded is None:
        try:
            return within(WHOLE_SECONDS, lambda: _looked(store, key_file, wall))
        except TimeoutError as late:
            return NoStore(detail=f"store {store}: {late}")
    if not store.embedded.is_dir():
        return NoStore(detail=f"{store}: there is no such folder")
    return _looked(store, key_file, wall)


def _looked(store: StoreUrl, key_file: Path | None, wall: Callable[[], float]) -> StoreSeen | NoStore:
    try:
        with opened(store) as url, connect(url) as client, translated(store):
            client.ping()
            key = _key(client, store, key_file)
            if isinstance(client, redis.Redis):
                return _asked(client, key, wall, _sentinel_master(client))
            first, *others = [
                _asked(one, key, wall, f"{node.host}:{node.port}", is_cluster=True)
                for node in client.get_primaries()
                if (one := client.get_redis_connection(node))
            ]
            return replace(first, others=tuple(others))
    except (StoreError, SettingsError, OSError) as wrong:
        return NoStore(detail=str(wrong))


def _sentinel_master(client: redis.Redis) -> str:
    """Whom the sentinels have named; empty without sentinels."""
    host, port = getattr(client.connection_pool, "master_address", None) or ("", "")
    return f"{host}:{port}" if host else ""


def _asked(
    client: redis.Redis,
    key: tuple[KeyState, str],
    wall: Callable[[], float],
    server: str,
    *,
    is_cluster: bool = False,
) -> StoreSeen:
    user: Any = ""
    with suppress(redis.ResponseError):
        user = client.acl_whoami()
    return StoreSeen(
        info=_info(client),
        user=user.decode() if isinstance(user, bytes) else str(user),
        save=_setting(client, "save"),
        drift=_drift(client, wall),
        key=key[0],
        key_detail=key[1],
        server=server,
        coverage=_setting(client, "cluster-require-full-coverage") if is_cluster else None,
    )


def _info(client: redis.Redis) -> Mapping[str, str]:
    try:
        told: Any = client.info()
    except redis.ResponseError:  # the user may not ask
        return {}
    return {name: str(value) for name, value in told.items()}


def _setting(client: redis.Redis, name: str) -> str | None:
    try:
        found: Any = client.config_get(name)
    except redis.ResponseError:
        return None
    return str(next(iter(found.values()), ""))


def _drift(client: redis.Redis, wall: Callable[[], float]) -> float | None:
    before = wall()
    try:
        seconds, microseconds = map(int, client.time())
    except redis.ResponseError:
        return None
    return seconds + microseconds / 1e6 - (before + wall()) / 2


def _key(client: StoreClient, store: StoreUrl, key_file: Path | None) -> tuple[KeyState, str]:
    if key_file is None and (store.embedded is None or not (store.embedded / FILE).exists()):
        return KeyState.ABSENT, ""  # `load_key` would make one
    try:
        key: PseudonymKey = load_key(key_file, store)
        return (KeyState.FITS if check_key(client, key, claim=False) else KeyState.UNUSED), ""
    except SettingsError as wrong:
        return KeyState.WRONG, str(wrong)
    except redis.ResponseError as wrong:
        return KeyState.WRONG, f"the store does not say whose key it has: {wrong}"
