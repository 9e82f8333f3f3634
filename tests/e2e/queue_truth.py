"""What queue_log says of calls, counted line by line and without a word of the product's code: the oracle."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

Fields = Sequence[str]
GIVEN_UP = {"TIMEOUT", "LEAVEEMPTY"}
FINISHED = {"CONNECT", "ABANDON", "EXITWITHTIMEOUT", "EXITEMPTY"}


@dataclass(slots=True)
class Truth:
    """Totals by queue, and those of requests by outcome."""

    queues: dict[str, Counter[str]] = field(default_factory=dict)
    outcomes: Counter[str] = field(default_factory=Counter)
    offered: int = 0

    def count(self, what: str, queue: str, times: int = 1) -> None:
        name = "general" if queue == "general-queue" else queue
        self.queues.setdefault(name, Counter())[what] += times


def truth(text: str) -> Truth:
    """Count a whole queue_log: each life of the switch by itself, each call by itself."""
    found = Truth()
    life: list[Fields] = []
    for line in text.splitlines():
        fields = line.split("|")
        if fields[4] == "QUEUESTART":
            _lived(found, life)
            life = []
        else:
            life.append(fields)
    _lived(found, life)
    return found


def _lived(found: Truth, life: Iterable[Fields]) -> None:
    calls: dict[str, list[Fields]] = {}
    for fields in life:
        if fields[1] != "NONE" and fields[4] != "RINGNOANSWER":
            calls.setdefault(fields[1], []).append(fields)
    for lines in calls.values():
        _call(found, lines)


def _call(found: Truth, lines: Sequence[Fields]) -> None:
    kinds = Counter(line[4] for line in lines)
    found.offered += 1 if kinds["IVRROUTED"] or kinds["IVRENDED"] else 0
    for _, _, queue, _, kind, *data in lines:
        match kind:
            case "IVRREQUEST":
                found.count("demand", queue)
            case "ENTERQUEUE":
                found.count("queued", queue)
            case "CONNECT":
                found.count("answered", queue)
                found.count("wait", queue, int(data[0]))
                found.outcomes["answered"] += 1
            case "ABANDON":
                found.count("abandoned", queue)
                found.count("short_abandoned", queue, int(int(data[2]) < 5))
                found.outcomes["abandoned"] += 1
            case "IVROVERFLOW":
                found.count("overflowed" if data[1] in GIVEN_UP else "refused", queue)
            case "IVRUNANSWERED":
                found.count("timed_out", queue)
                found.outcomes["timed_out"] += 1
            case "COMPLETEAGENT" | "COMPLETECALLER" | "BLINDTRANSFER":
                found.count("talk", queue, int(data[-2]))
                found.count("completed", queue)
                found.count("transferred", queue, int(kind == "BLINDTRANSFER"))
    _left_open(found, lines, kinds)


def _left_open(found: Truth, lines: Sequence[Fields], kinds: Counter[str]) -> None:
    """What the caller, or the end of the switch, has left open."""
    ended = kinds["IVRENDED"] > 0
    talks = [line for line in lines if line[4] == "CONNECT"]
    completed = kinds["COMPLETEAGENT"] + kinds["COMPLETECALLER"] + kinds["BLINDTRANSFER"]
    if not ended and len(talks) > completed:  # heard of last when the switch still lived
        found.count("completed", talks[-1][2])
        found.count("talk", talks[-1][2], int(lines[-1][0]) - int(talks[-1][0]))
    closed = kinds["CONNECT"] + kinds["ABANDON"] + kinds["IVRUNANSWERED"]
    if kinds["IVRREQUEST"] > closed:
        found.outcomes["abandoned" if ended else "cut"] += 1
        entered = [line for line in lines if line[4] == "ENTERQUEUE"]
        finished = sum(kinds[kind] for kind in FINISHED)
        if not ended and len(entered) > finished:
            found.count("cut", entered[-1][2])


def told(read: Mapping[str, float], found: Truth) -> list[str]:
    """Where the metrics say something else; ``read`` is by "metric queue" or "outcome NAME"."""
    wanted = {
        f"{what} {queue}": times for queue, counts in found.queues.items() for what, times in counts.items()
    } | {f"outcome {name}": times for name, times in found.outcomes.items()}
    wanted["offered"] = found.offered
    keys = {key for key, value in (read | wanted).items() if value}
    return [
        f"{key}: {read.get(key, 0):g}, and not {wanted.get(key, 0)}"
        for key in sorted(keys)
        if read.get(key, 0) != wanted.get(key, 0)
    ]
