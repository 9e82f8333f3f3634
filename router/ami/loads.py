"""How busy the switch's queues are: asked for again and again, told as a whole or not at all."""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial

import structlog

from router.ami.client import AmiLink
from router.ami.translate import Waiting, ready, ready_of, waiting
from router.ami.wire import AmiError, Message
from router.facts import QueueLoad
from router.policy.switch import our_name

log = structlog.get_logger()


class QueueLoads:
    """Asks the switch: one QueueSummary for all, then one figure of each queue that a policy can name."""

    def __init__(
        self,
        link: AmiLink,
        queues: Callable[[], Collection[str]],
        tell: Callable[[Mapping[str, QueueLoad]], None],
    ) -> None:
        """``tell`` is given the load of each of the ``queues()`` that the switch has, by our name for it."""
        self._link = link
        self._queues = queues
        self._tell = tell
        self._is_asking = False
        self._refused = ""
        self._waiting: Mapping[str, Waiting] = {}
        self._ready: dict[str, Sequence[Message]] = {}

    def ask(self) -> None:
        """Ask, unless the last question is still open: a slow switch is asked less often."""
        if not self._is_asking:
            self._is_asking = True
            self._link.ask(self._summarised, "QueueSummary")

    def _summarised(self, answer: Sequence[Message]) -> None:
        self._waiting, self._ready = {}, {}
        queues = self._queues()
        try:
            found = waiting(answer) if answer else {}
            self._waiting = {queue: found[queue] for queue in found if our_name(queue) in queues}
        except AmiError as strange:
            self._failed(strange)
        for queue in self._waiting:
            self._link.ask(partial(self._counted, queue), "Getvar", Variable=ready_of(queue))
        if not self._waiting:
            self._is_asking = False

    def _counted(self, queue: str, answer: Sequence[Message]) -> None:
        self._ready[queue] = answer
        if len(self._ready) < len(self._waiting):
            return
        self._is_asking = False
        if not all(self._ready.values()):  # the connection has ended meanwhile
            return
        try:
            loads = {queue: _load(found, self._ready[queue]) for queue, found in self._waiting.items()}
        except AmiError as strange:
            self._failed(strange)
            return
        self._refused = ""
        self._tell({our_name(queue): load for queue, load in loads.items()})

    def _failed(self, why: AmiError) -> None:
        """Count it each time, say it once."""
        self._link.observer.trouble(why.trouble)
        if self._refused != str(why):
            self._refused = str(why)
            log.warning("the switch does not say how busy its queues are", why=str(why))


def _load(found: Waiting, answer: Sequence[Message]) -> QueueLoad:
    return QueueLoad(waiting=found.callers, longest_wait=found.longest, ready=ready(answer))
