"""Running processes asked as the switch and as Prometheus ask them."""

import http.client
from collections.abc import Iterable

from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from router.agi.switch import ask
from router.doctor.deadline import within
from router.doctor.services import Decided, Role, ServiceSeen
from router.settings import Address

SECONDS = 3.0
"""Without a byte."""
WHOLE_SECONDS = 5.0
_LONGEST = 16 * 2**20
"""Bytes of a page."""


def decide(router: Address, dialled: str, call_id: str) -> Decided:
    """Offer a call without a number to a router: it counts it, and nobody gets a contact of it."""
    try:
        answer = within(WHOLE_SECONDS, lambda: ask(router, "", dialled, call_id, deadline=SECONDS))
    except (OSError, ValueError) as wrong:
        return Decided(router=router, variables={}, trouble=_reason(wrong))
    return Decided(router=router, variables=answer.variables, seconds=answer.seconds)


def look(role: Role, address: Address) -> ServiceSeen:
    """Read /readyz and /metrics of a process."""
    try:
        status, _ = within(WHOLE_SECONDS, lambda: _page(address, "/readyz"))
        found, text = within(WHOLE_SECONDS, lambda: _page(address, "/metrics"))
        samples = [one for family in text_string_to_metric_families(text) for one in family.samples]
    except (OSError, http.client.HTTPException, ValueError) as wrong:
        return ServiceSeen(role=role, address=address, samples={}, trouble=_reason(wrong))
    if found != http.client.OK or not _has(samples, f"ivr_{_OWN[role]}"):
        return ServiceSeen(
            role=role, address=address, samples={}, trouble=f"it is not the port of ivr {role}"
        )
    return ServiceSeen(
        role=role,
        address=address,
        ready=status == http.client.OK,
        samples={one.name: one.value for one in samples if not one.labels},
        policy=_version(samples, "ivr_policy_info"),
        build=_version(samples, "ivr_build_info"),
    )


_OWN = {Role.SERVE: "agi_sessions", Role.WATCH: "ami_connected"}
"""A metric that only such a process has."""


def _page(address: Address, path: str) -> tuple[int, str]:
    """A page and its status, without a proxy."""
    connection = http.client.HTTPConnection(address.host, address.port, timeout=SECONDS)
    try:
        connection.request("GET", path, headers={"Accept": "text/plain"})
        answer = connection.getresponse()
        return answer.status, answer.read(_LONGEST).decode("utf-8", "replace")
    finally:
        connection.close()


def _reason(wrong: Exception) -> str:
    said = wrong.strerror if isinstance(wrong, OSError) and wrong.strerror else str(wrong)
    return said.lower() or "no answer that can be read"


def _has(samples: Iterable[Sample], name: str) -> bool:
    return any(one.name == name for one in samples)


def _version(samples: Iterable[Sample], name: str) -> str:
    return next((one.labels.get("version", "") for one in samples if one.name == name), "")
