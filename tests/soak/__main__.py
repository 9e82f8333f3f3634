"""Real calls for a long time: nothing grows, none is lost, and the KPIs have each of them.

python -m tests.soak    # SOAK_MINUTES=30, SOAK_CPS=50; IVR_SOAK_REPORT names a document for the table
"""

import os
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from loadtest.prompts import silence
from loadtest.stack import Stack, Wish
from tests import document
from tests.e2e.conftest import PROMPT
from tests.e2e.customers import Base, imported
from tests.e2e.load import Flow, Line, callers, flow, wished
from tests.soak.figures import Course, Sample, course, grown, left_open, lines
from tests.waiting import until

BEGIN = "<!-- measured by make soak -->"
EVERY = 10.0
"""Seconds from sample to sample."""
WARM_UP = 300.0
"""Seconds that are not looked at, or a fifth of a shorter run: what is made once is made then."""
SETTLES = 20.0
"""Seconds from the last call's end until the KPIs must have all of it."""
PATIENCE = 120.0
"""Seconds that a caller waits for a person: a queue that a busy machine lets grow is no failure yet."""
SPARE = 1.02
"""SIPp may place a few calls more than the rate says."""


def sample(pid: int, began: float) -> Sample:
    """A process now."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return Sample(
        at=time.monotonic() - began,
        resident=pages * resource.getpagesize(),
        descriptors=sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir()),
    )


def watched(stack: Stack, base: Base, seconds: float, calls: Flow) -> dict[str, list[Sample]]:
    """Samples of all processes, as long as the run takes."""
    began, found = time.monotonic(), {name: list[Sample]() for name in pids(stack, base)}
    for due in range(1, round(seconds / EVERY) + 1):
        time.sleep(max(0.0, began + due * EVERY - time.monotonic()))
        for name, pid in pids(stack, base).items():
            found[name].append(sample(pid, began))
        if not calls.sipp.running:
            raise SystemExit(f"the callers have ended\n{calls.sipp.last_words()}")
        if due % 6 == 0:
            resident = ", ".join(f"{name} {each[-1].resident / 2**20:.1f}" for name, each in found.items())
            print(f"{due // 6:3} min: {calls.sipp.totals}; MiB: {resident}", flush=True)
    return found


def pids(stack: Stack, base: Base) -> dict[str, int]:
    """The processes, by what they are called here."""
    return {
        "router": stack.router.pid,
        "observer": stack.watch.pid,
        "store": base.pid,
        "switch": stack.asterisk.pid,
    }


def now(stack: Stack, base: Base) -> dict[str, Sample]:
    """All processes at one time."""
    return {name: sample(pid, 0.0) for name, pid in pids(stack, base).items()}


def lost(calls: Flow) -> list[str]:
    """Calls that SIPp, agents, the router and the KPIs do not agree on, and those that went astray."""
    placed, watch = calls.totals.created, calls.stack.watch
    counted = {
        "successful for SIPp": calls.totals.successful,
        "answered by agents": len(calls.answers()),
        "answered by the people for them": calls.where_they_belong(),
        "decided by the router": calls.stack.router.sample("ivr_routed_total"),
        "offered in the KPIs": watch.sample("ivr_offered_total"),
        "answered in the KPIs": watch.sample("ivr_requests_total", outcome="answered"),
        "completed in the KPIs": watch.sample("ivr_talk_seconds_count"),
    }
    found = [f"{count:g} of {placed} calls were {what}" for what, count in counted.items() if count != placed]
    if calls.by_default_route():
        found.append(f"{calls.by_default_route()} calls went by the default route")
    return found


def report(courses: Mapping[str, Course], calls: Flow, rate: float, minutes: float) -> list[str]:
    """What is printed and written."""
    totals, answered = calls.totals, calls.stack.watch.sample("ivr_requests_total", outcome="answered")
    text = (
        f"{rate:g} calls/s for {minutes:g} minutes: {totals.created:,} calls placed by SIPp, "
        f"{totals.failed} failed, {calls.by_default_route()} by the default route, "
        f"{answered:,.0f} answered in the KPIs. The first {warm_up(60 * minutes) / 60:g} minutes warm up."
    )
    return [text, "", *lines(courses)]


def warm_up(seconds: float) -> float:
    """Seconds at the beginning that are not looked at."""
    return min(WARM_UP, seconds / 5)


def wish(base: Base, folder: Path) -> Wish:
    """The shipped service; prompts are short, so that calls are talks."""
    recordings = silence(folder / "recordings", PROMPT)
    return Wish(store=base.store, key_file=base.key_file, wrapup=0, recordings=recordings)


def main(minutes: float, rate: float) -> int:
    """Run, say what came of it; 0 if all of it is as it should be."""
    seconds = 60 * minutes
    customers = callers(round(SPARE * rate * seconds) + 100)
    with tempfile.TemporaryDirectory(prefix="ivr-soak-") as name:
        folder = Path(name)
        with (
            imported(folder / "store", customers) as base,
            Stack(wished(wish(base, folder)), folder / "run") as stack,
        ):
            before = now(stack, base)
            with flow(stack, Line(customers), rate=rate, most=len(customers), patience=PATIENCE) as calls:
                samples = watched(stack, base, seconds, calls)
            with suppress(AssertionError):  # it is said below what is lost
                until(lambda: not lost(calls), "the last talks are over", SETTLES)
            after, wrong = now(stack, base), lost(calls)
            warm = {name: [each for each in of if each.at > warm_up(seconds)] for name, of in samples.items()}
            courses = {name: course(of) for name, of in warm.items()}
            text = report(courses, calls, rate, minutes)
    print("\n".join(text))
    if path := os.environ.get("IVR_SOAK_REPORT"):
        document.write(Path(path), BEGIN, text)
    wrong += [*grown(courses), *left_open(before, after)]
    print("", *wrong, sep="\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # all that was started ends with it, then, too
    sys.exit(main(float(os.environ.get("SOAK_MINUTES", "30")), float(os.environ.get("SOAK_CPS", "50"))))
