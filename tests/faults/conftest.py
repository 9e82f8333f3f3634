"""Routers whose listening socket somebody else holds, as systemd does in production."""

import socket
from contextlib import ExitStack

import pytest

from loadtest.ports import Ports
from loadtest.stack import Ivr
from router.settings import Address
from router.store.keyfile import make_key


@pytest.fixture
def ports():
    with Ports(1) as ports:
        yield ports


@pytest.fixture
def start(ports, valkey_url, tmp_path):
    """A function that starts a router on a real store, with its socket held or bound by itself."""
    key_file = tmp_path / "pseudonym.key"
    make_key(key_file)
    with ExitStack() as running:

        def started(name, *, held=True):
            address = Address("127.0.0.1", ports.take())
            arguments = ("serve", "--agi", str(address), "--store", valkey_url, "--key-file", str(key_file))
            listening = None
            if held:
                listening = socket.create_server((address.host, address.port), backlog=4096)
                running.enter_context(listening)
            metrics = f"127.0.0.1:{ports.take()}"
            router = Ivr(arguments, metrics=metrics, log=tmp_path / f"{name}.log", held=listening)
            return running.enter_context(router)

        yield started
