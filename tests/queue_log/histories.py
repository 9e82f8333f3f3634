"""Lines of queue_log as a switch with our dialplan writes them, made up: whole calls for properties."""

from hypothesis import strategies as st

from router.queue_log.calls import Calls
from router.queue_log.lines import Line, parse

QUEUES = ("elder-care", "general", "vip")
START = 1_795_000_000


def fold(lines, calls=None):
    """The events of lines, and the calls left open."""
    calls = calls or followed()
    events = [event for line in lines for event in calls.take(line)]
    return events, calls


def followed():
    return Calls(
        pseudonym=lambda number: f"k1.{number}" if number else None, hotline_of=lambda dialled: dialled
    )


def line(text: str) -> Line:
    found = parse(text.encode())
    assert found is not None
    return found


@st.composite
def call(draw, name="1.1"):
    """The lines of one call, from its offer to its end; the end of a talk may come late."""
    at = START
    lines: list[str] = []

    def say(queue, agent, event, *data):
        real = "general-queue" if queue == "general" and not event.startswith("IVR") else queue
        lines.append("|".join([str(at), name, real, agent, event, *map(str, data)]))

    say(
        "NONE",
        "NONE",
        "IVRROUTED",
        "10010",
        "10010",
        "rule",
        "senior",
        "henan",
        draw(st.sampled_from(["", "1"])),
        "x",
    )
    late: list[str] = []
    for _ in range(draw(st.integers(0, 3))):
        queue = draw(st.sampled_from(QUEUES))
        say(queue, "NONE", "IVRREQUEST", "direct")
        answered = False
        while True:
            at += draw(st.integers(0, 3))
            if draw(st.integers(0, 9)) == 0:  # he leaves before the queue has him
                say("NONE", "NONE", "IVRENDED", "10010")
                return lines + late
            next_queue = draw(st.sampled_from([*QUEUES, None]))
            if draw(st.booleans()):
                entered = at
                say(queue, "NONE", "ENTERQUEUE", "", "13800138000", 1)
                at += draw(st.integers(0, 60))
                how = draw(st.sampled_from(["CONNECT", "ABANDON", "TIMEOUT", "LEAVEEMPTY"]))
                if how == "CONNECT":
                    say(queue, "a-1", "CONNECT", at - entered, "x", 0)
                    answered = True
                    break
                if how == "ABANDON":
                    say(queue, "NONE", "ABANDON", 1, 1, at - entered)
                    say("NONE", "NONE", "IVRENDED", "10010")
                    return lines + late
                say(queue, "NONE", "EXITWITHTIMEOUT" if how == "TIMEOUT" else "EXITEMPTY", 1, 1, at - entered)
            else:
                how = "JOINEMPTY"
            if next_queue is None:
                say(queue, "NONE", "IVRUNANSWERED", how)
                break
            say(queue, "NONE", "IVROVERFLOW", next_queue, how)
            queue = next_queue
        if answered:
            talk = draw(st.integers(0, 60))
            at += talk
            kind = draw(st.sampled_from(["COMPLETEAGENT", "COMPLETECALLER", "BLINDTRANSFER"]))
            data = ("expert", "ivr-transfer") if kind == "BLINDTRANSFER" else ()
            target = late if draw(st.booleans()) else lines
            real = "general-queue" if queue == "general" else queue
            target.append("|".join([str(at), name, real, "a-1", kind, *data, "1", str(talk), "1"]))
    at += 1
    say("NONE", "NONE", "IVRENDED", "10010")
    return lines + late


@st.composite
def interleaved(draw, count=3):
    """Several calls, their lines in any mixture that keeps each call's order."""
    whole = [draw(call(name=f"1.{number}")) for number in range(count)]
    left = [list(lines) for lines in whole]
    mixed: list[str] = []
    while any(left):
        mixed.append(draw(st.sampled_from([lines for lines in left if lines])).pop(0))
    return whole, mixed
