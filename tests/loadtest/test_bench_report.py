"""The report: medians over rounds, ratios to the floor, and no figures that are the load tool's own."""

from typing import Any

from rich.console import Console

from loadtest.bench.load import Outcome
from loadtest.bench.report import print_table, rows

OUTCOME: dict[str, Any] = {
    "server": "floor",
    "load": "4000/s",
    "seconds": 1.0,
    "planned": 4000,
    "calls": 4000,
    "right": 4000,
    "wrong": 0,
    "lost": 0,
    "right_per_second": 4000.0,
    "cpu_us_per_call": 50.0,
    "answer_p50": 100,
    "answer_p90": 200,
    "answer_p99": 300,
    "answer_max": 400,
    "session_p50": 150,
    "session_p99": 350,
    "late_p50": 20,
    "first_wrong": "",
}


def outcome(**fields: object) -> Outcome:
    return Outcome(**{**OUTCOME, **fields})


def test_a_row_has_medians_and_sums_over_the_rounds() -> None:
    rounds = [outcome(answer_p50=p50, lost=lost) for p50, lost in ((100, 0), (900, 2), (110, 1))]

    (row,) = rows(rounds)

    assert (row.answer_p50, row.lost, row.calls) == (110, 3, 12_000)


def test_ratios_are_to_the_floor_under_the_same_load() -> None:
    found = rows(
        [
            outcome(),
            outcome(server="ivr", answer_p50=115, cpu_us_per_call=90.0),
            outcome(load="1000/s", planned=1000, answer_p50=80),
            outcome(load="1000/s", planned=1000, server="ivr", answer_p50=120),
        ]
    )

    assert [(row.load, row.server, row.p50_ratio, row.cpu_ratio) for row in found] == [
        ("4000/s", "floor", 1.0, 1.0),
        ("4000/s", "ivr", 1.15, 1.8),
        ("1000/s", "floor", 1.0, 1.0),
        ("1000/s", "ivr", 1.5, 1.0),
    ]


def test_without_a_floor_there_are_no_ratios() -> None:
    (row,) = rows([outcome(server="ivr")])

    assert (row.p50_ratio, row.cpu_ratio) == (None, None)


def test_a_rate_that_was_not_offered_is_marked_and_not_compared() -> None:
    """The load tool's own delay is nobody's latency."""
    late, behind = outcome(late_p50=9000), outcome(server="ivr", calls=2000, right=2000)

    found = rows([late, behind])

    assert [(row.is_load_bound, row.p50_ratio) for row in found] == [(True, None), (True, None)]
    console = Console(width=124)
    with console.capture() as shown:
        print_table(console, found)
    cells = [cell.strip() for cell in shown.get().replace("│", "\n").splitlines()]
    assert cells.count("†") == 6
    assert "100" not in cells


def test_one_late_round_of_three_does_not_mark_the_row() -> None:
    (row,) = rows([outcome(), outcome(late_p50=9000), outcome()])

    assert not row.is_load_bound
