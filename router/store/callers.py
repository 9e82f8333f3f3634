"""A caller's attributes and contacts by one pipelined round trip."""

from collections.abc import Callable, Sequence

import structlog

from router.errors import StoreError, StoreRefused
from router.facts import Caller, Value
from router.numbers import Pseudonym
from router.policy.attributes import Attribute
from router.policy.decide import Needs
from router.store.layout import MAX_CONTACTS, contacts_key, customer_key, decode_contacts
from router.store.link import Link, Reply, refusal

log = structlog.get_logger()


class Callers:
    """Reads callers through the link; what the inside knows as its CallerStore."""

    def __init__(self, link: Link, failed: Callable[[StoreError], None]) -> None:
        """``failed`` is told of every lookup without an answer, to be counted."""
        self._link = link
        self._failed = failed
        self._needs: Needs | None = None
        self._form = (b"", b"", b"")

    def caller(
        self,
        pseudonym: Pseudonym,
        needs: Needs,
        done: Callable[[Caller | StoreError], None],
    ) -> None:
        """Read ``needs`` and the contacts; call ``done`` exactly once, within the link's deadline."""
        if needs is not self._needs:  # they change with the policies only
            self._needs, self._form = needs, _form(needs.attributes)
        customer, contacts = customer_key(pseudonym), contacts_key(pseudonym)

        def told(replies: list[Reply] | StoreError) -> None:
            result = replies if isinstance(replies, StoreError) else _caller(needs.attributes, replies)
            if isinstance(result, StoreError):
                self._failed(result)
            done(result)

        hmget, lrange, count = self._form
        commands = b"%b$%d\r\n%b\r\n%b$%d\r\n%b\r\n%b" % (
            *(hmget, len(customer), customer),
            *(lrange, len(contacts), contacts, count),
        )
        self._link.request(commands, 2, told)


def _form(needs: Sequence[Attribute]) -> tuple[bytes, bytes, bytes]:
    """HMGET and LRANGE as RESP, in three pieces: what stands before, between and behind the two keys."""
    fields = b"".join(b"$%d\r\n%b\r\n" % (len(need.code), need.code) for need in needs)
    last = b"%d" % (MAX_CONTACTS - 1)
    return (
        b"*%d\r\n$5\r\nHMGET\r\n" % (len(needs) + 2),
        fields + b"*4\r\n$6\r\nLRANGE\r\n",
        b"$1\r\n0\r\n$%d\r\n%b\r\n" % (len(last), last),
    )


def _caller(needs: Sequence[Attribute], replies: list[Reply]) -> Caller | StoreError:
    customer, contacts = replies
    if isinstance(customer, list) and isinstance(contacts, list) and len(customer) == len(needs):
        return Caller(customer=_customer(needs, customer), contacts=decode_contacts(contacts), loads={})
    return refusal(replies) or StoreRefused("replies of another form")


def _customer(needs: Sequence[Attribute], values: list[bytes | None]) -> dict[str, Value]:
    try:
        return {
            need.name: need.missing if value is None else need.decode(value)
            for need, value in zip(needs, values, strict=True)
        }
    except ValueError:
        return {need.name: _read(need, value) for need, value in zip(needs, values, strict=True)}


def _read(need: Attribute, value: bytes | None) -> Value:
    """One value alone: what cannot be read is as good as missing, and no reason to lose the rest."""
    try:
        return need.missing if value is None else need.decode(value)
    except ValueError:
        log.warning("a stored value cannot be read", attribute=need.name)
        return need.missing
