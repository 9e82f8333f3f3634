"""Whoever watches a router takes nothing from its calls."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from loadtest.stack import Ivr
from tests.faults.calls import settled
from tests.faults.conftest import Rig, told
from tests.waiting import until

pytestmark = pytest.mark.fault

SCRAPES = 10
"""A second."""
SECONDS = 4.0


@contextmanager
def scraped(router: Ivr) -> Iterator[list[str]]:
    """The pages that were got until the block ends, all of them in time.

    Raises:
        OSError: one was not.
    """
    over, pages, wrong = threading.Event(), list[str](), list[OSError]()

    def scrape() -> None:
        began = time.monotonic()
        while not over.wait(max(0.0, began + len(pages) / SCRAPES - time.monotonic())):
            try:
                pages.append(router.get("metrics"))
            except OSError as error:
                wrong.append(error)
                return

    thread = threading.Thread(target=scrape)
    thread.start()
    try:
        yield pages
    finally:
        over.set()
        thread.join()
    if wrong:
        raise wrong[0]


def test_metrics_are_scraped_ten_times_a_second(rig: Rig) -> None:
    """Every call is decided, every page is whole, and the last one has counted them."""
    store = rig.store()
    router, calls = rig.router(store.url), rig.calls()
    with calls.flow():
        until(settled(calls, 0), "calls are decided")
        began = time.monotonic()
        with scraped(router) as pages:
            until(lambda: time.monotonic() > began + SECONDS, "four seconds")
        took = time.monotonic() - began
    row = told(f"/metrics scraped {SCRAPES} times a second", calls.outcomes)
    assert (row.unrouted, row.unknown) == (0, 0)
    assert len(pages) > SCRAPES * took / 2  # as fast as was asked, but for a busy machine
    names = {frozenset(line.rpartition(" ")[0] for line in page.splitlines()) for page in pages}
    assert len(names) == 1
    assert router.sample("ivr_routed_total", data="fresh") == row.calls
