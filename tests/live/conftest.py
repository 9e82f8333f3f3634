"""A folder of policies that a test changes, and routers that follow it."""

import pytest

from loadtest.ports import Ports
from tests.live.running import Router
from tests.live.world import ATTRIBUTES, QUEUES, hotline


@pytest.fixture
def policies(tmp_path):
    """A small folder of policies, which reads fast."""
    folder = tmp_path / "policies"
    folder.mkdir()
    (folder / "attributes.yaml").write_text(ATTRIBUTES)
    (folder / "queues.yaml").write_text(QUEUES)
    (folder / "10010.yaml").write_text(hotline())
    return folder


@pytest.fixture
def ports():
    with Ports(1) as ports:
        yield ports


@pytest.fixture
def start(ports, valkey_url, policies):
    """Start a router, with options; it ends with the test."""
    started = []

    def start(*options):
        started.append(Router(ports, valkey_url, policies, *options))
        return started[-1]

    yield start
    for router in started:
        assert router.process.stop() == 0


@pytest.fixture
def router(start):
    return start()
