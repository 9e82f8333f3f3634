"""The port for machines that watch this one, asked in memory."""

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import choose_encoder
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from router.web.site import SERIES, pieces, site


class Scraper:
    """An HTTP client in memory."""

    def __init__(self):
        self.ready = True
        self.clock = Clock()
        registry = CollectorRegistry()
        Counter("ivr_sung", "Songs.", registry=registry).inc(3)
        Gauge("ivr_singers", "People.", registry=registry).set(2)
        self.site = site(registry, lambda: self.ready, self.clock)

    def get(self, path: str) -> tuple[int, str]:
        wire, channel = self.ask(path)
        for _ in range(100):
            self.clock.advance(0)
        head, _, body = wire.value().decode().partition("\r\n\r\n")
        channel.connectionLost(Failure(ConnectionDone()))
        return int(head.split()[1]), body

    def ask(self, path: str):
        """Ask, and let nothing else happen."""
        wire, channel = StringTransport(), self.site.buildProtocol(None)
        channel.makeConnection(wire)
        # HTTP/1.0: what comes in pieces is not marked as such
        channel.dataReceived(f"GET {path} HTTP/1.0\r\n\r\n".encode())
        return wire, channel


@pytest.fixture
def scraper():
    return Scraper()


def test_metrics_are_the_registrys(scraper):
    status, body = scraper.get("/metrics")
    assert status == 200
    assert "ivr_sung_total 3.0\n" in body


def test_calls_come_between_the_pieces_of_the_page(scraper):
    """One metric at a time, and the rest when the loop has done what else there was to do."""
    wire, channel = scraper.ask("/metrics")
    assert b"ivr_sung_total 3.0" in wire.value()
    assert b"ivr_singers" not in wire.value()
    scraper.clock.advance(0)
    assert b"ivr_singers 2.0" in wire.value()
    channel.connectionLost(Failure(ConnectionDone()))


def test_a_scraper_that_leaves_in_the_middle_is_not_written_to(scraper):
    wire, channel = scraper.ask("/metrics")
    channel.connectionLost(Failure(ConnectionDone()))
    before = wire.value()
    scraper.clock.advance(0)
    assert (wire.value(), scraper.clock.getDelayedCalls()) == (before, [])


@pytest.mark.parametrize("accept", ["", "application/openmetrics-text; version=1.0.0"])
def test_all_pieces_are_the_page(accept):
    """In both formats, whatever kind a metric is and however many series it has."""
    registry = CollectorRegistry()
    many = Counter("ivr_many", "More than a piece takes.", ("which",), registry=registry)
    Counter("ivr_none", "No series at all.", ("which",), registry=registry)
    long = Histogram("ivr_seconds", "Also.\nIn two lines.", registry=registry, buckets=range(2 * SERIES))
    for number in range(3 * SERIES + 1):
        many.labels(f"#{number}\n# HELP").inc(number)
        long.observe(number)
    encode, _ = choose_encoder(accept)
    found = list(pieces(registry, encode))
    # without the times of creation, which the command ivr leaves out everywhere
    page, whole = (
        [line for line in text.splitlines() if b"_created" not in line]
        for text in (b"".join(found), encode(registry))
    )
    assert page == whole
    assert len(found) > 6


def test_health_is_that_the_process_turns(scraper):
    scraper.ready = False
    assert scraper.get("/healthz") == (200, "ok\n")


@pytest.mark.parametrize(("ready", "status", "body"), [(True, 200, "ok\n"), (False, 503, "no\n")])
def test_readiness_is_what_the_service_says(scraper, ready, status, body):
    scraper.ready = ready
    assert scraper.get("/readyz") == (status, body)


def test_nothing_else_is_there(scraper):
    assert scraper.get("/")[0] == 404
