"""Running processes asked; the real ones are in tests/e2e."""

import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from metrics.service import RouterMetrics, ServiceMetrics
from router.doctor import web_pages
from router.doctor.services import Role
from router.settings import Address


def router_metrics():
    """What a router's /metrics has."""
    registry = CollectorRegistry()
    ServiceMetrics(registry, "1.2")
    metrics = RouterMetrics(registry, refusals=(), store_errors=())
    metrics.policies.live.info({"version": "policies@0123456789ab"})
    metrics.agi_sessions.set_function(lambda: 0)
    return generate_latest(registry)


@pytest.fixture
def site():
    """Serve pages, by path; where."""
    servers = []

    def serve(pages):
        class Pages(BaseHTTPRequestHandler):
            def do_GET(self):
                status, body = pages.get(self.path, (404, b"no"))
                self.send_response(status)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        servers.append(server)
        return Address(*server.server_address)

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(("status", "ready"), [(200, True), (503, False)])
def test_a_router_tells_whether_it_is_ready_and_what_it_runs(site, status, ready):
    seen = web_pages.look(
        Role.SERVE, site({"/readyz": (status, b"ok\n"), "/metrics": (200, router_metrics())})
    )
    assert (seen.ready, seen.policy, seen.build, seen.trouble) == (ready, "policies@0123456789ab", "1.2", "")
    assert seen.samples["ivr_policy_reload_ok"] == 1


def test_a_router_is_no_observer(site):
    address = site({"/readyz": (200, b"ok\n"), "/metrics": (200, router_metrics())})
    assert web_pages.look(Role.WATCH, address).trouble == "it is not the port of ivr watch"


@pytest.mark.parametrize("pages", [{}, {"/metrics": (200, b"<html>")}, {"/metrics": (200, b"\xff\x00")}])
def test_another_site_is_neither(site, pages):
    assert web_pages.look(Role.SERVE, site(pages)).trouble


@pytest.fixture
def nobody():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return Address(*server.getsockname())


def test_nobody_there_is_told_in_words(nobody):
    assert web_pages.look(Role.SERVE, nobody).trouble == "connection refused"
    assert web_pages.decide(nobody, "10010", "doctor-1").trouble == "connection refused"


def test_a_port_that_is_no_router_gives_no_decision(site):
    decided = web_pages.decide(site({}), "10010", "doctor-1")
    assert decided.trouble or not decided.variables
