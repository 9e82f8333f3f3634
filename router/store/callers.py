"""A caller's attributes and contacts by one pipelined round trip; by two side by side in a cluster."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import structlog

from router.errors import StoreError, StoreRefused
from router.facts import Caller, Data, QueueLoad, Value
from router.numbers import Pseudonym
from router.policy.attributes import Attribute
from router.policy.decide import Needs
from router.store.layout import LOADS, MAX_CONTACTS, contacts_key, customer_key, decode_contacts
from router.store.link import Done, Reply, refusal
from router.store.loads import LoadReader
from router.store.shards import Requests

log = structlog.get_logger()

_NOTHING = Needs(attributes=(), queues=())
_NO_LOADS: Mapping[str, QueueLoad] = {}


class Callers:
    """Reads callers through the link; what the inside knows as its CallerStore."""

    def __init__(
        self,
        link: Requests,
        failed: Callable[[StoreError], None],
        wall: Callable[[], float],
        took: Callable[[float], None] = lambda _: None,
        replica: Requests | None = None,
    ) -> None:
        """``failed`` is told of every lookup without an answer, ``took`` how many seconds each one was.

        ``replica`` is asked when the store has not answered. It may be behind: the caller's data say so.

        ``wall`` gives seconds since the epoch: the load of a queue is only believed while it is fresh.
        """
        self._took = took
        self._replica = replica
        self._link = link
        self._is_whole = not link.is_scattered
        self._failed = failed
        self._wall = wall
        self._asked = _Asked(_NOTHING, wall, apart=link.is_scattered)

    def caller(
        self,
        pseudonym: Pseudonym | None,
        needs: Needs,
        done: Callable[[Caller | StoreError], None],
    ) -> None:
        """Read ``needs`` and the contacts; call ``done`` exactly once, within both links' deadlines.

        Of a caller without a number only the loads are read: nothing is known of him.
        """
        if needs is not self._asked.needs:  # they change with the policies only
            self._asked = _Asked(needs, self._wall, apart=not self._is_whole)
        asked = self._asked
        reading = asked.stranger if pseudonym is None else asked.caller

        clock = self._link.clock
        began = clock.seconds()

        def told(replies: list[Reply] | StoreError) -> None:
            self._took(clock.seconds() - began)
            result = replies if isinstance(replies, StoreError) else reading(replies)
            if isinstance(result, StoreError):
                self._failed(result)
                if self._replica is not None:
                    _ask(self._replica, asked, pseudonym, _of_replica(reading, done))
                    return
            done(result)

        if self._is_whole and pseudonym is not None:  # as most are
            self._link.request(asked.commands(pseudonym), asked.replies, told, pseudonym)
        else:
            _ask(self._link, asked, pseudonym, told)


def _ask(of: Requests, asked: "_Asked", pseudonym: Pseudonym | None, told: Done) -> None:
    loads = asked.loads.command
    if pseudonym is None:
        of.request(loads, 1, told, LOADS)
    elif asked.replies == asked.all_replies:
        of.request(asked.commands(pseudonym), asked.replies, told, pseudonym)
    elif of.is_scattered:
        _ask_apart(of, asked, pseudonym, told)
    else:  # a replica that has everything, of a cluster
        of.request(asked.commands(pseudonym) + loads, asked.all_replies, told, pseudonym)


def _ask_apart(of: Requests, asked: "_Asked", pseudonym: Pseudonym, told: Done) -> None:
    """Ask for the caller where he is and for the loads where they are; together they are one answer.

    Where the loads cannot be had there is no news of them, and the caller is known all the same.
    """
    of_caller: list[list[Reply] | StoreError] = []
    loads: list[Reply] = []

    def joined() -> None:
        if of_caller and loads:
            [found] = of_caller
            told(found if isinstance(found, StoreError) else [*found, *loads])

    def told_caller(result: list[Reply] | StoreError) -> None:
        of_caller.append(result)
        joined()

    def told_loads(result: list[Reply] | StoreError) -> None:
        loads.append(str(result) if isinstance(result, StoreError) else result[0])
        joined()

    of.request(asked.commands(pseudonym), 2, told_caller, pseudonym)
    of.request(asked.loads.command, 1, told_loads, LOADS)


def _of_replica(
    reading: Callable[[list[Reply]], Caller | StoreError], done: Callable[[Caller | StoreError], None]
) -> Done:
    """Takes a replica's replies to what the store has not answered."""

    def told(replies: list[Reply] | StoreError) -> None:
        result = replies if isinstance(replies, StoreError) else reading(replies)
        done(result if isinstance(result, StoreError) else replace(result, data=Data.REPLICA))

    return told


class _Asked:
    """What is asked of the store for one version's needs, and what the replies mean."""

    def __init__(self, needs: Needs, wall: Callable[[], float], *, apart: bool) -> None:
        """``apart``: the loads may be on another server than the caller."""
        self.needs = needs
        self.loads = LoadReader(needs.queues, wall)
        self.all_replies = 3 if needs.queues else 2
        self.replies = 2 if apart else self.all_replies
        self._unknown = {need.name: need.missing for need in needs.attributes}
        fields = b"".join(b"$%d\r\n%b\r\n" % (len(need.code), need.code) for need in needs.attributes)
        last = b"%d" % (MAX_CONTACTS - 1)
        # RESP in three pieces: what stands before, between and behind the two keys
        self._hmget = b"*%d\r\n$5\r\nHMGET\r\n" % (len(needs.attributes) + 2)
        self._lrange = fields + b"*4\r\n$6\r\nLRANGE\r\n"
        with_loads = b"" if apart else self.loads.command
        self._rest = b"$1\r\n0\r\n$%d\r\n%b\r\n%b" % (len(last), last, with_loads)

    def commands(self, pseudonym: Pseudonym) -> bytes:
        """HMGET and LRANGE of the caller, and that of the loads unless they are asked apart."""
        customer, contacts = customer_key(pseudonym), contacts_key(pseudonym)
        return b"%b$%d\r\n%b\r\n%b$%d\r\n%b\r\n%b" % (
            *(self._hmget, len(customer), customer),
            *(self._lrange, len(contacts), contacts, self._rest),
        )

    def caller(self, replies: list[Reply]) -> Caller | StoreError:
        """What the replies to `commands` say."""
        customer, contacts = replies[0], replies[1]
        attributes = self.needs.attributes
        if isinstance(customer, list) and isinstance(contacts, list) and len(customer) == len(attributes):
            return Caller(
                customer=_customer(attributes, customer),
                contacts=decode_contacts(contacts),
                loads=self.loads.read(replies[2]) if self.all_replies == 3 else _NO_LOADS,
            )
        return refusal(replies) or StoreRefused("replies of another form")

    def stranger(self, replies: list[Reply]) -> Caller:
        """What the reply to the loads' command alone says: a caller without a number."""
        return Caller(customer=self._unknown, contacts=(), loads=self.loads.read(replies[0]))


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
