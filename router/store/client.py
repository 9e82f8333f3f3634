"""redis-py, for everything off the decision path, with deadlines that a person can wait for."""

from collections.abc import Iterator
from contextlib import contextmanager

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from router.errors import SettingsError, StoreDown, StoreRefused, StoreTimeout
from router.settings import StoreUrl
from router.store.address import WRONG_URL

CONNECT_SECONDS = 2.0
REPLY_SECONDS = 5.0


def connect(url: str) -> redis.Redis:
    """A client for a URL as redis-py reads it; it connects with the first command.

    A store that hangs costs five seconds, one that is down an instant: redis-py's own retries make a minute
    of it.

    Raises:
        SettingsError: the URL makes no sense.
    """
    try:
        return redis.Redis.from_url(
            url,
            socket_connect_timeout=CONNECT_SECONDS,
            socket_timeout=REPLY_SECONDS,
            retry=Retry(NoBackoff(), 0),
            protocol=2,
            client_name="ivr",
        )
    except (TypeError, ValueError):
        raise SettingsError(f"store {StoreUrl(url)}: {WRONG_URL}") from None


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
    except redis.ConnectionError as wrong:
        raise StoreDown(f"store {store}: {wrong}") from wrong
