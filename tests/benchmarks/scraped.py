"""Decisions while /metrics is scraped ten times a second, and while nobody looks: answer times, interleaved.

python -m tests.benchmarks.scraped [CALLS_A_SECOND]

The router has one core; load, store and the scraper share the other.
"""

import os
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from statistics import median, quantiles

from loadtest.bench.load import Outcome
from loadtest.bench.processes import Cores
from tests.benchmarks.beside import deciding, prepared
from tests.document import machine

ROUNDS = 25
SECONDS = 2.0
"""Of each: short, so that what else the machine does meets both alike."""
SCRAPES = 10
"""A second."""


class Scraper:
    """Asks for /metrics again and again, and notes how long each answer took and how large it was."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.bytes = 0

    @contextmanager
    def asks(self, port: int) -> Iterator[None]:
        """Ask a port of loopback until the block ends.

        Raises:
            OSError: an answer did not come.
        """
        over, wrong = threading.Event(), list[OSError]()

        def ask() -> None:
            began, number = time.monotonic(), 0
            while not over.wait(max(0.0, began + number / SCRAPES - time.monotonic())):
                number += 1
                asked = time.monotonic()
                try:
                    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
                        self.bytes = len(answer.read())
                except OSError as error:
                    wrong.append(error)
                    return
                self.seconds.append(time.monotonic() - asked)

        thread = threading.Thread(target=ask)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
        if wrong:
            raise wrong[0]


def main(rate: int) -> None:
    """Rounds of both, interleaved and in changing order, of one router; medians."""
    cores, scraper, where = Cores.available(), Scraper(), machine()
    os.sched_setaffinity(0, {cores.load})
    found: dict[str, list[Outcome]] = {"nobody looks": [], f"{SCRAPES} scrapes/s": []}
    ways = dict(zip(found, (lambda _: nullcontext(), scraper.asks), strict=True))
    with prepared(cores) as (folder, places), deciding(folder, places, cores) as router:
        for turn in range(ROUNDS):
            for name in list(found)[:: 1 if turn % 2 else -1]:
                with ways[name](router.metrics_port):
                    found[name].append(router.at(rate, SECONDS))
    print(f"{where}; {ROUNDS} rounds of {SECONDS:g} s, {rate} decisions/s, medians")
    p99 = {}
    for name, outcomes in found.items():
        p50, p99[name] = (
            median(getattr(each, key) for each in outcomes) for key in ("answer_p50", "answer_p99")
        )
        lost = sum(each.wrong + each.lost for each in outcomes)
        low, _, high = quantiles((each.answer_p99 for each in outcomes), n=4)
        print(
            f"{name}: p50 {p50:.0f} µs, p99 {p99[name]:.0f} µs ({low:.0f} to {high:.0f} for half of them), "
            f"{lost} wrong or lost"
        )
    idle, scraped = p99.values()
    print(
        f"p99 {scraped / idle - 1:+.0%}; a scrape: {1000 * median(scraper.seconds):.1f} ms, "
        f"{scraper.bytes:,} bytes, {len(scraper.seconds)} of them"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 600)
