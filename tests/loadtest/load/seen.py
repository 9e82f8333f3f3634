"""A run made up, of which every figure is known."""

from loadtest.load.plan import Plan
from loadtest.load.seen import Outcome, Phone, Request, Routed, Sample, Seen

BEGAN = 1_000_000.0
PLAN = Plan.model_validate(
    {
        "customers": 1000,
        "seed": 7,
        "runs": {
            "made": {
                "description": "made up",
                "seconds": 4,
                "arrivals": {"shape": "constant", "rate": 2},
                "callers": {"all": {"weight": 1, "plays": "a_caller_waits_for_a_person"}},
                "expected": {
                    "connection_rate": 0.8,
                    "decision_p99_ms": 5,
                    "added_p99_ms": 20,
                    "late_p99_ms": 100,
                },
            }
        },
    }
)


def seen(**changed: object) -> Seen:
    """Eight calls, one every half second: seven are answered, the last hangs up; a control call a second."""
    calls = [
        Phone(
            kind="all",
            due=BEGAN + place / 2,
            placed=BEGAN + place / 2 + 0.002,
            answered=BEGAN + place / 2 + 0.014,
            ended=BEGAN + place / 2 + 1.4,
        )
        for place in range(8)
    ]
    controls = [
        Phone(
            kind="",
            due=BEGAN + place,
            placed=BEGAN + place,
            answered=BEGAN + place + 0.002,
            ended=BEGAN + place,
        )
        for place in range(4)
    ]
    fields: dict[str, object] = {
        "began": BEGAN,
        "phones": [*calls, *controls],
        "failed": 0,
        "routed": [
            Routed(at=phone.due, took=0.001 if place % 2 else 0.002, segment="senior")
            for place, phone in enumerate(calls)
        ],
        "requests": [
            Request(
                at=phone.due + 0.5,
                segment="senior" if place < 4 else "none",
                queue="elder-care" if place < 4 else "general",
                waited=place,
                outcome=Outcome.ABANDONED if place == 7 else Outcome.ANSWERED,
            )
            for place, phone in enumerate(calls)
        ],
        "open_requests": 0,
        "by_default": 0,
        "wrong": [],
        "troubles": [],
        "complaints": [],
        "samples": [
            Sample(at=BEGAN + second, cpu={"router": second * 0.25}, rss={"router": 80 + second})
            for second in range(5)
        ],
    }
    return Seen(**{**fields, **changed})  # type: ignore[arg-type]
