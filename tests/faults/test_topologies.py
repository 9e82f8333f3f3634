"""Stores as they are run: over TLS, with a user of least rights, behind a unix socket."""

import subprocess
from pathlib import Path

import pytest

from router.store.stream import STREAM
from tests.doctor.test_redis_info import documented_rule
from tests.faults.calls import settled
from tests.faults.conftest import Rig
from tests.faults.several import cluster
from tests.waiting import until

pytestmark = pytest.mark.fault


@pytest.fixture
def certificates(tmp_path: Path) -> Path:
    """A folder with an authority (ca.crt) and the server's certificate for 127.0.0.1."""
    folder = tmp_path / "tls"
    folder.mkdir()
    new = ("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    for authority in ("ca", "other"):
        subprocess.run(
            (*new, "-keyout", f"{authority}.key", "-out", f"{authority}.crt", "-subj", f"/CN={authority}"),
            cwd=folder,
            check=True,
            capture_output=True,
        )
    signed = ("-CA", "ca.crt", "-CAkey", "ca.key", "-addext", "subjectAltName=IP:127.0.0.1")
    subprocess.run(
        (*new, *signed, "-keyout", "server.key", "-out", "server.crt", "-subj", "/CN=store"),
        cwd=folder,
        check=True,
        capture_output=True,
    )
    return folder


def tls_options(port: int, certificates: Path) -> tuple[str, ...]:
    """Of a server that also talks TLS."""
    return (
        *("--tls-port", str(port), "--tls-cert-file", str(certificates / "server.crt")),
        *("--tls-key-file", str(certificates / "server.key"), "--tls-auth-clients", "no"),
        *("--tls-ca-cert-file", str(certificates / "ca.crt")),
    )


def tls(rig: Rig, certificates: Path) -> str:
    """Start a store that also talks TLS; its URL without an authority."""
    port = rig.ports.take()
    rig.store(*tls_options(port, certificates))
    return f"rediss://127.0.0.1:{port}?ssl_ca_certs={certificates}"


def test_over_tls_callers_are_known(rig: Rig, certificates: Path) -> None:
    rig.router(f"{tls(rig, certificates)}/ca.crt")
    calls = rig.calls()
    with calls.flow():
        until(settled(calls, 0), "calls are decided")


@pytest.mark.long
def test_a_cluster_over_tls(rig: Rig, certificates: Path) -> None:
    """Its nodes tell those who ask by TLS their ports for it."""
    ports: list[int] = []

    def each() -> tuple[str, ...]:
        ports.append(rig.ports.take())
        among = ("--tls-cluster", "yes", "--tls-replication", "yes")
        return (*tls_options(ports[-1], certificates), *among)

    cluster(rig, each=each)
    hosts = ",".join(f"127.0.0.1:{port}" for port in ports[:2])
    router = rig.router(f"cluster://{hosts}?ssl_ca_certs={certificates}/ca.crt")
    calls = rig.calls()
    with calls.flow():
        until(settled(calls, 0), "calls are decided")
    assert str(ports[2]) in router.log.read_text()


@pytest.mark.long
def test_sentinels_and_their_master_over_tls(rig: Rig, certificates: Path) -> None:
    server, sentinel = (rig.ports.take() for _ in range(2))
    rig.store(*tls_options(server, certificates), "--tls-replication", "yes")
    guard = rig.redis(
        "sentinel", *tls_options(sentinel, certificates), "--tls-replication", "yes", sentinel=True
    )
    guard.tell("SENTINEL", "MONITOR", "hotline", "127.0.0.1", server, 1)
    authority = f"ssl_ca_certs={certificates}/ca.crt"
    router = rig.router(f"sentinel://127.0.0.1:{sentinel}/hotline?{authority}")
    calls = rig.calls()
    with calls.flow():
        until(settled(calls, 0), "calls are decided")
    assert f"127.0.0.1:{server}" in router.log.read_text()


def test_a_store_with_a_strange_certificate_is_none(rig: Rig, certificates: Path) -> None:
    """Nothing is said to it; callers are unknown."""
    url = f"{tls(rig, certificates)}/other.crt"
    router, calls = rig.router(url, ready=False), rig.calls()
    with calls.flow():
        until(
            lambda: len(last := calls.outcomes[-20:]) == 20 and all(each.is_unknown for each in last),
            "calls are decided",
        )
    assert not any(outcome.is_known for outcome in calls.outcomes)
    assert router.sample("ivr_store_up") == 0


def test_a_user_of_least_rights_is_enough(rig: Rig) -> None:
    """The rule in the reference: callers are known, and the journal is written."""
    store = rig.store()
    store.tell(*documented_rule())
    router, calls = rig.router(store.url.replace("://", "://ivr:pw@")), rig.calls()
    with calls.flow():
        until(settled(calls, 0), "calls are decided")
        until(lambda: store.tell("XLEN", STREAM) > 20, "the journal is written")
    assert router.sample("ivr_journal_dropped_total") == 0


def test_a_unix_socket(rig: Rig) -> None:
    socket = rig.folder / "store.sock"
    rig.store("--unixsocket", str(socket))
    rig.router(f"unix://{socket}")
    calls = rig.calls()
    with calls.flow():
        until(settled(calls, 0), "calls are decided")
