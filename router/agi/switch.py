"""Asterisk's side of FastAGI: asks a router about a call and says what it answered.

For trying a router where there is no switch: `ivr call`, and the demo on a machine without Asterisk.
"""

import re
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass

from router.settings import Address

_COMMAND = re.compile(rb'EXEC MSet "([^"\n]*)"\n')


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a router answered."""

    variables: Mapping[str, str]
    """As the dialplan gets them; empty when the router declined and the default route takes the call."""
    seconds: float
    """From the connection to the command."""


def environment(number: str, dialled: str, call_id: str) -> bytes:
    """What res_agi.c sends for a call of ``number`` to ``dialled``."""
    lines = {
        "network": "yes",
        "network_script": "route",
        "request": "agi://127.0.0.1/route",
        "channel": "PJSIP/trunk-00000001",
        "language": "zh",
        "type": "PJSIP",
        "uniqueid": call_id,
        "version": "22",
        "callerid": number or "unknown",
        "calleridname": "unknown",
        "callingpres": "0",
        "callingani2": "0",
        "callington": "0",
        "callingtns": "0",
        "dnid": dialled,
        "rdnis": "unknown",
        "context": "ivr-route",
        "extension": "s",
        "priority": "1",
        "enhanced": "0.0",
        "accountcode": "",
        "threadid": "1",
        "arg_1": dialled,
        "arg_2": call_id,
    }
    return "".join(f"agi_{key}: {value}\n" for key, value in lines.items()).encode() + b"\n"


def ask(router: Address, number: str, dialled: str, call_id: str, *, deadline: float = 2.0) -> Answer:
    """Offer a call to a router, as Asterisk would; ``number`` may be empty: withheld.

    Raises:
        OSError: the router cannot be reached, or gives no answer within ``deadline`` seconds.
    """
    began = time.monotonic()  # noqa: TID251  a tool of people, with no loop whose clock it could ask
    with socket.create_connection((router.host, router.port), timeout=deadline) as connection:
        connection.sendall(environment(number, dialled, call_id))
        received = b""
        while not received.endswith(b"\n"):
            piece = connection.recv(8192)
            if not piece:
                raise ConnectionError("the router closed without an answer")
            received += piece
        seconds = time.monotonic() - began  # noqa: TID251
        answer = Answer(variables=variables(received), seconds=seconds)
        if answer.variables:
            connection.sendall(b"200 result=0\n")
    return answer


def variables(line: bytes) -> Mapping[str, str]:
    """What a router's one line sets; nothing where it is not the command, but FAILURE or something else."""
    found = _COMMAND.fullmatch(line)
    pairs = (pair.partition("=") for pair in found[1].decode().split(",")) if found else ()
    return {name: value for name, _, value in pairs}
