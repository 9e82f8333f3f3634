"""The control socket."""

import signal
import socket
import stat
import subprocess
import sys

from tests.live.running import Router
from tests.live.world import ROOT


def test_is_the_users_own(router):
    mode = router.control.stat().st_mode
    assert stat.S_ISSOCK(mode)
    assert stat.S_IMODE(mode) == 0o600


def test_goes_with_the_router_and_is_replaced_after_a_kill(ports, valkey_url, policies):
    killed = Router(ports, valkey_url, policies)
    killed.process.signal(signal.SIGKILL)
    killed.process._process.wait()
    assert killed.control.exists()
    router = Router(ports, valkey_url, policies)
    assert router.ivr("reload")[0] == 0
    assert router.process.stop() == 0
    assert not router.control.exists()


def test_of_a_living_router_is_not_taken(router):
    done = subprocess.run(
        [
            *(sys.executable, "-m", "router", "serve", "--agi", "127.0.0.1:0", *router.own),
            *("--metrics", "127.0.0.1:0", "--store", f"embedded:{router.policies.parent / 'store'}"),
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 2
    assert f"{router.control}: another router listens there" in done.stderr
    assert router.ivr("reload")[0] == 0


def test_answers_two_questions_and_no_others(router):
    for request, status in (
        (b"GET /policy", b"200"),
        (b"GET /reload", b"405"),
        (b"POST /policy", b"405"),
        (b"GET /../etc", b"404"),
        (b"GARBAGE", b"400"),
    ):
        with socket.socket(socket.AF_UNIX) as peer:
            peer.settimeout(10)
            peer.connect(str(router.control))
            peer.sendall(request + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            assert peer.recv(100).split()[1] == status


def test_keeps_nothing_of_a_body(router):
    with socket.socket(socket.AF_UNIX) as peer:
        peer.settimeout(10)
        peer.connect(str(router.control))
        body = b"x" * 1_000_000
        peer.sendall(b"POST /reload HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        assert peer.recv(100).split()[1] == b"200"


def test_outlives_who_does_not_wait(router):
    for _ in range(5):
        with socket.socket(socket.AF_UNIX) as peer:
            peer.connect(str(router.control))
            peer.sendall(b"POST /reload HTTP/1.1\r\nHost: x\r\n\r\n")
    assert router.ivr("reload")[0] == 0
    assert "Traceback" not in router.process.log.read_text()
