"""The port for machines that watch this one, asked in memory."""

import pytest
from prometheus_client import CollectorRegistry, Counter
from twisted.internet.testing import StringTransport

from router.web.site import site


class Scraper:
    """An HTTP client in memory."""

    def __init__(self):
        self.ready = True
        registry = CollectorRegistry()
        Counter("ivr_sung", "Songs.", registry=registry).inc(3)
        self.site = site(registry, lambda: self.ready)

    def get(self, path: str) -> tuple[int, str]:
        wire, channel = StringTransport(), self.site.buildProtocol(None)
        channel.makeConnection(wire)
        channel.dataReceived(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        head, _, body = wire.value().decode().partition("\r\n\r\n")
        channel.connectionLost(None)
        return int(head.split()[1]), body


@pytest.fixture
def scraper():
    return Scraper()


def test_metrics_are_the_registrys(scraper):
    status, body = scraper.get("/metrics")
    assert status == 200
    assert "ivr_sung_total 3.0\n" in body


def test_health_is_that_the_process_turns(scraper):
    scraper.ready = False
    assert scraper.get("/healthz") == (200, "ok\n")


@pytest.mark.parametrize(("ready", "status", "body"), [(True, 200, "ok\n"), (False, 503, "no\n")])
def test_readiness_is_what_the_service_says(scraper, ready, status, body):
    scraper.ready = ready
    assert scraper.get("/readyz") == (status, body)


def test_nothing_else_is_there(scraper):
    assert scraper.get("/")[0] == 404
