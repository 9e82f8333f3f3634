"""redis-py, for everything off the decision path, with deadlines that a person can wait for."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.cluster import ClusterNode
from redis.retry import Retry
from redis.sentinel import MasterNotFoundError, Sentinel

from router.errors import SettingsError, StoreDown, StoreRefused, StoreTimeout
from router.settings import StoreUrl
from router.store.address import WRONG_URL, Servers, Topology, servers

CONNECT_SECONDS = 2.0
REPLY_SECONDS = 5.0
SENTINEL_SECONDS = 0.3
"""A sentinel that does not answer in this time is passed over."""

StoreClient = redis.Redis | redis.RedisCluster
"""What has the commands of a Redis, on one server or on those of a cluster."""


def connect(url: str) -> StoreClient:
    """A client for a URL; it connects with the first command, that of a cluster at once.

    A store that hangs costs five seconds, one that is down an instant: redis-py's own retries make a minute
    of it.

    Raises:
        SettingsError: the URL makes no sense.
        StoreDown: no node of the cluster can say who has what.
    """
    several = servers(url)
    options: dict[str, Any] = {
        "socket_connect_timeout": CONNECT_SECONDS,
        "socket_timeout": REPLY_SECONDS,
        "retry": Retry(NoBackoff(), 0),
        "protocol": 2,
        "client_name": "ivr",
    }
    if several is not None and several.topology is Topology.SENTINEL:
        master: redis.Redis = sentinel(several, **options).master_for(several.service)
        return master
    if several is not None:
        return _cluster(several, StoreUrl(url), options)
    try:
        return redis.Redis.from_url(url, **options)
    except (TypeError, ValueError):
        raise SettingsError(f"store {StoreUrl(url)}: {WRONG_URL}") from None


def sentinel(several: Servers, **options: Any) -> Sentinel:
    """Those who know where the master is; ``options`` are for connections to it."""
    asking = {
        **several.sentinel_options,
        "socket_connect_timeout": SENTINEL_SECONDS,
        "socket_timeout": SENTINEL_SECONDS,
        "retry": Retry(NoBackoff(), 0),
        "protocol": 2,
    }
    return Sentinel(list(several.hosts), sentinel_kwargs=asking, **several.options, **options)


def _cluster(several: Servers, store: StoreUrl, options: dict[str, Any]) -> redis.RedisCluster:
    nodes = [ClusterNode(host, port) for host, port in several.hosts]
    given = {name: value for name, value in several.options.items() if name != "db"}
    # once more where a node is gone: by then the others may say who has its place
    options = {**options, "retry": Retry(NoBackoff(), 1)}
    with translated(store):
        return redis.RedisCluster(startup_nodes=nodes, require_full_coverage=False, **given, **options)


@contextmanager
def translated(store: StoreUrl) -> Iterator[None]:
    """What redis-py raises inside becomes a `StoreError`."""
    try:
        yield
    except redis.TimeoutError as wrong:
        raise StoreTimeout(f"store {store}: no answer in {REPLY_SECONDS:.0f} s") from wrong
    except (redis.AuthenticationError, redis.BusyLoadingError, redis.ResponseError) as wrong:
        code = getattr(wrong, "status_code", None)  # redis-py takes it off the message
        raise StoreRefused(f"{code} {wrong}" if code else str(wrong)) from wrong
    except MasterNotFoundError as wrong:  # whose text is a page
        raise StoreDown(f"store {store}: no sentinel that answers names a master") from wrong
    except (redis.ConnectionError, redis.exceptions.RedisClusterException) as wrong:
        raise StoreDown(f"store {store}: {wrong}") from wrong
