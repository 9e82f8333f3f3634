"""The bills of materials name every locked package, with its version and hashes."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from router import __version__

ROOT = Path(__file__).parents[2]
TOOL = ROOT / "build/sbom/venv/bin/cyclonedx-py"
LOCKS = ("requirements", "requirements-dev")

pytestmark = pytest.mark.skipif(not TOOL.exists(), reason="NOT TESTED: `make sbom` gets the tool")


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Write them to a folder of the test's own."""
    folder = tmp_path_factory.mktemp("sbom")
    subprocess.run((ROOT / "deploy/sbom", TOOL, folder), check=True, capture_output=True)
    return folder


def locked(lock):
    """Name, version and hashes of each package, read from the lock as it is written."""
    text = (ROOT / f"{lock}.lock").read_text().replace("\\\n", " ")
    return {
        (found[1], found[2]): set(re.findall(r"--hash=sha256:([0-9a-f]{64})", line))
        for line in text.splitlines()
        if (found := re.match(r"([A-Za-z0-9._-]+)==(\S+)", line))
    }


def listed(bill):
    return {
        (one["name"], one["version"]): {
            found["content"] for place in one["externalReferences"] for found in place.get("hashes", ())
        }
        for one in bill["components"]
    }


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_package_is_named_with_its_hashes(written, lock):
    bill = json.loads((written / f"{lock}.cdx.json").read_text())
    assert len(locked(lock)) > 30
    assert all(locked(lock).values())
    assert listed(bill) == locked(lock)


@pytest.mark.parametrize("lock", LOCKS)
def test_the_bill_is_of_this_release(written, lock):
    bill = json.loads((written / f"{lock}.cdx.json").read_text())
    about = bill["metadata"]["component"]
    assert (bill["bomFormat"], about["name"], about["version"]) == ("CycloneDX", "ivr-router", __version__)


def test_nothing_but_the_bills_is_left(written):
    assert {path.name for path in written.iterdir()} == {f"{lock}.cdx.json" for lock in LOCKS}
