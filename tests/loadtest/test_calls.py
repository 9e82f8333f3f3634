"""SIPp's files, as SIPp 3.6.1 writes them."""

from datetime import UTC, datetime

from loadtest.calls import AgentCall, CallerStep, Totals, agent_calls, answer_times, caller_steps, totals

STAMP = "2026-11-23\t21:23:58.098300\t1795469038.098300"
AT = datetime.fromtimestamp(1795469038.0983, UTC)
COLUMNS = (
    "StartTime;TotalCallCreated;CurrentCall;SuccessfulCall(P);SuccessfulCall(C);FailedCall(P);FailedCall(C);"
    "FailedCannotSendMessage(P)"
)


def test_totals_are_those_of_the_newest_row() -> None:
    text = f"{COLUMNS}\nx;4;4;0;0;0;0;0\nx;9;2;3;6;0;1;0"
    assert totals(text) == Totals(created=9, successful=6, failed=1)
    assert totals(text).running == 2


def test_a_row_that_is_still_being_written_does_not_count() -> None:
    assert totals(f"{COLUMNS}\nx;4;4;0;1;0;0;0\nx;9;2;3;6;0;1") == Totals(created=4, successful=1)


def test_no_row_yet_is_no_calls() -> None:
    assert totals("") == totals(COLUMNS) == Totals()


def test_an_agents_log_has_a_line_a_call() -> None:
    text = f"{STAMP}|elder-1|13800138000|senior|6-1@127.0.0.1\n{STAMP}|vip-2|||c\n"
    assert agent_calls(text) == [
        AgentCall(at=AT, agent="elder-1", number="13800138000", segment="senior", call_id="6-1@127.0.0.1"),
        AgentCall(at=AT, agent="vip-2", number="", segment="", call_id="c"),
    ]


def test_a_line_without_its_end_does_not_count() -> None:
    assert agent_calls(f"{STAMP}|elder-1|13800138000|senior|6-1@127") == []
    assert caller_steps(f"{STAMP}|answered|1") == []


def test_a_callers_log_has_a_line_a_step() -> None:
    assert caller_steps(f"{STAMP}|answered|13800138000|c\n") == [
        CallerStep(at=AT, what="answered", number="13800138000", call_id="c")
    ]


def test_answer_times_are_in_seconds() -> None:
    assert answer_times("Date_ms;response_time_ms;rtd_no\n504.001;0;answer\n1004;704;answer\n") == [
        0.0,
        0.704,
    ]
