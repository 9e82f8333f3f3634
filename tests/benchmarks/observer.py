"""What the observer does a second on one core: lines of queue_log to totals, AMI packets to the floor.

python -m tests.benchmarks.observer
"""

import time
from collections.abc import Callable
from statistics import median

from prometheus_client import CollectorRegistry, generate_latest

from metrics.kpis import CallKpis, Yardsticks
from metrics.tally import Collected
from router.ami.members import news
from router.ami.wire import Receiver
from router.events import to_json
from router.floor import Floor
from router.numbers import PseudonymKey, normalise
from router.queue_log.calls import Calls
from router.queue_log.lines import parse
from tests.ami.packets import BANNER, MEMBER_PAUSED, packet

KEY = PseudonymKey(key_id="k1", secret=b"x" * 32)
ROUNDS = 5
CALLS = 20_000
CALL = (
    "{at}|{id}|NONE|NONE|IVRROUTED|10010|10010|senior-direct|senior|henan||queue:elder-care",
    "{at}|{id}|elder-care|NONE|IVRREQUEST|direct",
    "{at}|{id}|elder-care|NONE|ENTERQUEUE||1380013{number:04}|1",
    "{at}|{id}|elder-care|elder-1|CONNECT|7|1.2|3",
    "{at}|{id}|elder-care|elder-1|COMPLETEAGENT|7|42|1",
    "{at}|{id}|NONE|NONE|IVRENDED|10010",
)
YARDSTICKS = Yardsticks(
    within={"elder-care": 15}, wrap_up={}, short_abandon={}, requests=frozenset(), province="none"
)


def pseudonym(number: str) -> str | None:
    found = normalise(number, "CN")
    return None if found is None else KEY.pseudonym(found)


def lines() -> float:
    """Lines a second, to events, totals and JSON."""
    texts = [
        line.format(at=1_795_000_000 + number, id=f"ivr-1795{number}.1", number=number % 10_000).encode()
        for number in range(CALLS)
        for line in CALL
    ]
    calls, kpis = Calls(pseudonym=pseudonym, hotline_of=str), CallKpis(YARDSTICKS)  # type: ignore[arg-type]
    began = time.perf_counter()
    for text in texts:
        line = parse(text)
        for event in () if line is None else calls.take(line):
            kpis.observe(event)
            to_json(event)
    return len(texts) / (time.perf_counter() - began)


def packets() -> float:
    """AMI packets a second, to a floor of a thousand members."""
    block = [packet(MEMBER_PAUSED.replace("general-1", f"general-{number}")) for number in range(1000)]
    data, floor, receiver = b"".join(block) * 20, Floor(wrap_up=lambda _: 5), Receiver()
    receiver.receive(BANNER)
    floor.resync([], 0.0)
    began = time.perf_counter()
    for start in range(0, len(data), 65_536):
        for message in receiver.receive(data[start : start + 65_536]):
            event = news(message)
            assert event is not None
            floor.apply(event, time.perf_counter())
    return 20_000 / (time.perf_counter() - began)


def scrape() -> float:
    """Milliseconds for totals of 35 provinces, 20 kinds of requests and 7 queues."""
    kpis = CallKpis(YARDSTICKS)
    for province in range(35):
        for queue in range(20):
            kpis.requests.expect(("10010", f"q{queue}", f"p{province}", "none"))
    for queue in range(7):
        kpis.queues.expect(("10010", f"q{queue}"))
    registry = CollectorRegistry()
    registry.register(Collected(kpis.tallies))
    began = time.perf_counter()
    generate_latest(registry)
    return 1000 * (time.perf_counter() - began)


def middle(measure: Callable[[], float]) -> float:
    """The median of some rounds."""
    return median(measure() for _ in range(ROUNDS))


if __name__ == "__main__":
    print(f"queue_log: {middle(lines):,.0f} lines a second")
    print(f"AMI: {middle(packets):,.0f} packets a second, to a floor of 1,000 members")
    print(f"/metrics with all provinces of one hotline: {middle(scrape):.0f} ms")
