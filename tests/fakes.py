"""Stand-ins for the world outside: values that tests make, peers that tests play."""

from twisted.internet.testing import StringTransport

from router.decision import Decision, ToQueue
from router.errors import StoreError
from router.events import CallAbandoned, CallAnswered, CallRouted
from router.facts import Caller, Data

ENVIRONMENT = {
    "agi_network": "yes",
    "agi_network_script": "route",
    "agi_request": "agi://127.0.0.1:4573/route",
    "agi_channel": "PJSIP/trunk-00000001",
    "agi_language": "zh",
    "agi_type": "PJSIP",
    "agi_uniqueid": "1732391200.1",
    "agi_version": "22.10.1",
    "agi_callerid": "13800138000",
    "agi_calleridname": "unknown",
    "agi_callingpres": "0",
    "agi_callingani2": "0",
    "agi_callington": "0",
    "agi_callingtns": "0",
    "agi_dnid": "10010",
    "agi_rdnis": "unknown",
    "agi_context": "ivr-route",
    "agi_extension": "s",
    "agi_priority": "7",
    "agi_enhanced": "0.0",
    "agi_accountcode": "",
    "agi_threadid": "139706541831872",
    "agi_arg_1": "10010",
    "agi_arg_2": "1732391200.1",
}
"""What Asterisk 22.10.1 sends for a call, key by key in its order."""


def environment(**changed: str | None) -> bytes:
    """The environment as bytes, with some values changed or, with None, left out."""
    lines = {**ENVIRONMENT, **changed}
    return "".join(f"{key}: {value}\n" for key, value in lines.items() if value is not None).encode() + b"\n"


def decision(**changed: object) -> Decision:
    """A decision as the shipped policy makes them."""
    fields = {
        "action": ToQueue(queue="elder-care", priority=20),
        "hotline": "10010",
        "rule": "senior-direct",
        "segment": "senior",
        "policy": "10010@0123456789ab",
    }
    return Decision(**{**fields, **changed})  # type: ignore[arg-type]


class Wire(StringTransport):
    """A transport that remembers what was written and how it was closed."""

    def __init__(self) -> None:
        super().__init__()
        self.closed: list[str] = []

    def loseWriteConnection(self) -> None:
        self.closed.append("write")

    def loseConnection(self) -> None:
        self.closed.append("both")

    def abortConnection(self) -> None:
        self.closed.append("abort")


class Callers:
    """A CallerStore that answers when the test says so."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, object]] = []

    def caller(self, pseudonym: str, needs: object, done: object) -> None:  # noqa: ARG002  the protocol's
        self.asked.append((pseudonym, done))

    def tell(self, result: Caller | StoreError) -> None:
        """Answer the oldest lookup."""
        _, done = self.asked.pop(0)
        done(result)  # type: ignore[operator]


def routed(**changed: object) -> CallRouted:
    """What is published of a routed call."""
    fields = {
        "call_id": "1732391200.1",
        "at": 1732391200.25,
        "caller": "k1.aaaaaaaaaaaaaaaa",
        "masked": "138****8000",
        "hotline": "10010",
        "rule": "senior-direct",
        "segment": "senior",
        "destination": "queue:elder-care",
        "policy": "10010@0123456789ab",
        "data": Data.FRESH,
        "seconds": 0.0004,
    }
    return CallRouted(**{**fields, **changed})  # type: ignore[arg-type]


def answered(**changed: object) -> CallAnswered:
    """What is told of an answered call."""
    fields = {"queue": "elder-care", "wait": 12, "agent": "e1", **_waited(changed)}
    return CallAnswered(**{**fields, "repeat": False, **changed})  # type: ignore[arg-type]


def abandoned(**changed: object) -> CallAbandoned:
    """What is told of a caller who hung up while waiting."""
    return CallAbandoned(**{"queue": "elder-care", "wait": 3, **_waited(changed), **changed})  # type: ignore[arg-type]


def _waited(changed: dict[str, object]) -> dict[str, object]:
    return {
        "call_id": "1732391200.1",
        "at": 1732391200.25,
        "caller": "k1.aaaaaaaaaaaaaaaa",
        "hotline": "10010",
        "segment": "senior",
        "province": "none",
        "asked": changed.get("queue", "elder-care"),
        "waited": changed.get("wait", 12),
    }
