"""Writes rules.yml: every ratio of every level over every window, from one table.

python -m metrics.make_rules > metrics/rules.yml
"""

import sys
from collections.abc import Iterator, Mapping

from ruamel.yaml import YAML

WINDOWS = ("5m", "1h", "1d")
REQUESTS = ("hotline", "hotline_queue", "hotline_province", "hotline_segment")
"""Levels of what is known of a request for a person."""
QUEUES = ("hotline", "hotline_queue")
"""Levels of what is known of what happens in a queue."""


def rate(metric: str, level: str, window: str, labels: str = "") -> str:
    """Rates first, then the sum: a restart of one observer is not one of all."""
    return f"sum by ({level.replace('_', ', ')}) (rate({metric}{labels}[{window}]))"


def over(numerator: str, denominator: str) -> str:
    """A ratio; where nothing happened there is none."""
    return f"{numerator} / ({denominator} > 0)"


def requests(level: str, window: str) -> Iterator[tuple[str, str]]:
    """Ratios of requests for a person."""

    def of(metric: str, labels: str = "") -> str:
        return rate(f"ivr_{metric}", level, window, labels)

    every = of("requests_total")
    answered = of("requests_total", '{outcome="answered"}')
    abandoned = of("requests_total", '{outcome="abandoned"}')
    in_time, soon = of("answered_within_total"), of("abandoned_within_total")
    yield "connection", over(answered, every)
    for seconds in (15, 20, 30):
        bucket = of("request_wait_seconds_bucket", f'{{le="{seconds}.0"}}')
        yield f"connection_{seconds}s", over(bucket, of("demand_total"))
    offered = f"({answered} + {abandoned})"
    yield "service_level_of_answered", over(in_time, answered)
    yield "service_level_of_offered", over(in_time, offered)
    yield "service_level_or_abandoned_of_offered", over(f"({in_time} + {soon})", offered)
    yield "service_level_of_patient", over(in_time, f"({offered} - {soon})")
    yield "abandon", over(abandoned, every)
    yield "asa_seconds", over(of("request_wait_seconds_sum"), of("request_wait_seconds_count"))
    repeated = over(of("repeat_answered_total"), answered)
    yield "repeat", repeated
    yield "first_contact_resolution", f"1 - ({repeated})"


def queues(level: str, window: str) -> Iterator[tuple[str, str]]:
    """Ratios of what happens in queues."""

    def of(metric: str) -> str:
        return rate(f"ivr_{metric}", level, window)

    yield "aht_seconds", over(of("handle_seconds_sum"), of("handle_seconds_count"))
    yield "transfer", over(of("transferred_total"), of("answered_total"))
    yield "queue_abandon", over(of("abandoned_total"), of("queued_total"))
    yield "queue_short_abandon", over(of("short_abandoned_total"), of("queued_total"))


def occupancy(window: str) -> str:
    """The part of the time of those who work in which they talk or write."""
    busy, there = (
        f'sum by (queue) (rate(ivr_agent_seconds_total{{state=~"{states}"}}[{window}]))'
        for states in ("talking|wrap_up", "talking|wrap_up|ready|ringing")
    )
    return over(busy, there)


def rules() -> Iterator[Mapping[str, str]]:
    """All of them; a rule is named LEVEL:ivr_WHAT:rateWINDOW."""
    for window in WINDOWS:
        for levels, made in ((REQUESTS, requests), (QUEUES, queues)):
            for level in levels:
                for what, expression in made(level, window):
                    yield {"record": f"{level}:ivr_{what}:rate{window}", "expr": expression}
        yield {"record": f"queue:ivr_occupancy:rate{window}", "expr": occupancy(window)}


def main() -> None:
    """Write the file to standard output."""
    sys.stdout.write(
        "# Made by metrics/make_rules.py: change it there. docs/operations.md says what each means.\n"
    )
    yaml = YAML()
    yaml.width = 10_000
    yaml.dump({"groups": [{"name": "ivr", "rules": [dict(rule) for rule in rules()]}]}, sys.stdout)


if __name__ == "__main__":
    main()
