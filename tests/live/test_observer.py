"""`ivr watch` while the policies change."""

import json
import os
import signal
import socket
import subprocess
import sys

import pytest

from router.policy.load import load
from router.store.keyfile import make_key
from tests.live.world import ROOT, hotline


@pytest.fixture
def observer(policies, valkey_url, tmp_path):
    """A running one, without a switch."""
    make_key(tmp_path / "key")
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        ami = f"127.0.0.1:{nobody.getsockname()[1]}"
    command = [
        *(sys.executable, "-m", "router", "watch", "--ami", ami, "--metrics", "127.0.0.1:0"),
        *("--store", valkey_url, "--key-file", str(tmp_path / "key"), "--policies", str(policies)),
    ]
    environment = {**os.environ, "IVR_AMI_SECRET": "s3cret"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, cwd=ROOT) as process:
        assert said(process, "watching")
        yield process
        process.terminate()
        assert process.wait(20) == 0


def said(process, event):
    """The next line of the log that has this event; the test's time limit ends a wait in vain."""
    for line in process.stdout:
        if (told := json.loads(line)).get("event") == event:
            return told
    raise AssertionError(f"it ended without a word of {event}")


@pytest.mark.parametrize("how", ["by itself", "at SIGHUP"])
def test_goes_by_changed_files(observer, policies, how):
    (policies / "10010.yaml").write_text(hotline("second"))
    if how == "at SIGHUP":
        observer.send_signal(signal.SIGHUP)
    assert said(observer, "policies live")["version"] == load(policies).version


def test_goes_on_by_the_last_good_ones(observer, policies):
    version = load(policies).version
    (policies / "10010.yaml").write_text("hotline: 1\n")
    assert said(observer, "policies not loaded")["live"] == version
