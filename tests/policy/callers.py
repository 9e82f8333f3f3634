"""Facts as tests need them."""

from collections.abc import Iterable, Mapping

from router.facts import Call, CallId, Contact, Data, Facts, QueueLoad, Value

NOW = 1_732_391_200
HOUR = 3_600


def contact(ago: int, call_id: str = "", *, answered: bool = True) -> Contact:
    """A contact ``ago`` seconds before `NOW`; without a name, a call of its own."""
    return Contact(
        at=NOW - ago,
        call_id=CallId(call_id or f"{NOW - ago}.{int(answered)}"),
        answered=answered,
        queue="general" if answered else "",
    )


def facts(
    customer: Mapping[str, Value],
    contacts: Iterable[Contact] = (),
    *,
    dnis: str = "10010",
    loads: Mapping[str, QueueLoad] | None = None,
    now: int = NOW,
    identity: str = "caller",
) -> Facts:
    """A call of a customer with these attributes (all that are asked for) and contacts."""
    return Facts(
        call=Call(call_id=CallId("now"), ani=None, dnis=dnis),
        customer=customer,
        contacts=tuple(contacts),
        loads=loads or {},
        identity=identity,
        now=now,
        data=Data.FRESH,
    )
