"""Explanations as people read them, in both languages; sensitive values stay masked."""

from dataclasses import fields, replace
from datetime import datetime
from pathlib import Path
from string import Formatter
from typing import Any

import pytest

from router.facts import Data, QueueLoad
from router.policy.explain import explain
from router.policy.load import load
from router.policy.vocabulary import EN, VOCABULARIES, ZH, Need
from router.policy.words import phrase, worded
from tests.policy.callers import HOUR, NOW, contact, facts
from tests.policy.conftest import GOOD, Write

SHIPPED = load(Path("policies"))
GOOD_10010 = (GOOD / "10010.yaml").read_text(encoding="utf-8")
SENIOR = facts({**SHIPPED.unknown.customer, "known": True, "age": 70, "star": 3}, [contact(HOUR)])


def test_in_english() -> None:
    assert worded(explain(SHIPPED, SENIOR), "en", imported=NOW - 50 * HOUR) == [
        f"queue:elder-care by route senior-direct of hotline 10010; segment senior; policy {SHIPPED.version}",
        "reason: 65 or older: straight to a person",
        "owner: none; nobody is known to have answered in the last 24h",
        "segments",
        "  repeat: no — answered contacts in the last 72h: 1, needs at least 2",
        "  vip: no — any of",
        "    no — star: 3, needs at least 5",
        "    no — key_customer: false (the value when missing), needs true",
        "  senior: yes — age: •••, needs at least 65",
        "  truck_driver: not asked — occupation: •••, needs truck_driver",
        "routes",
        "  repeat-to-expert: no — answered contacts in the last 72h: 1, needs at least 2",
        "  vip-direct: no — segment vip",
        "  senior-direct: yes — age: •••, needs at least 65",
        "data: fresh",
        "  star: from billing",
        "  key_customer, age: from CRM",
        "  customers: last imported 2d before the call",
        "  contacts: as of the call",
    ]


def test_in_chinese() -> None:
    assert worded(explain(SHIPPED, SENIOR), "zh", imported=NOW - 50 * HOUR) == [
        f"queue:elder-care，热线 10010 的路由 senior-direct；客户群 senior；策略版本 {SHIPPED.version}",
        "原因：65岁及以上，直达人工",
        "首问责任人：无；最近24小时内未见有人接通",
        "客户群",
        "  repeat：否 — 最近72小时内已接通的来电：1，需至少 2 次",
        "  vip：否 — 满足任一",
        "    否 — star：3，需至少 5",
        "    否 — key_customer：false（缺省值），需为 true",
        "  senior：是 — age：•••，需至少 65",
        "  truck_driver：未查 — occupation：•••，需为 truck_driver",
        "路由",
        "  repeat-to-expert：否 — 最近72小时内已接通的来电：1，需至少 2 次",
        "  vip-direct：否 — 属于客户群 vip",
        "  senior-direct：是 — age：•••，需至少 65",
        "数据：最新",
        "  star：来自 billing",
        "  key_customer、age：来自 CRM",
        "  客户资料：来电前2天导入",
        "  来电记录：来电当时",
    ]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_sensitive_values_are_shown_on_demand_only(language: str) -> None:
    masked, open_ = (
        "\n".join(worded(explain(SHIPPED, SENIOR), language, show_sensitive=show)) for show in (False, True)
    )
    assert "70" not in masked.replace(SHIPPED.version, "")
    assert ("age: 70," if language == "en" else "age：70，") in open_


LEAVES = [
    ("{star: 3}", "no — star: 4, needs 3", "否 — star：4，需为 3"),
    ("{not: {star: 3}}", "yes — star: 4, needs other than 3", "是 — star：4，需不为 3"),
    ("{not: {not: {star: 4}}}", "yes — star: 4, needs 4", "是 — star：4，需为 4"),
    ("{star: {below: 3}}", "no — star: 4, needs less than 3", "否 — star：4，需小于 3"),
    ("{not: {star: {below: 3}}}", "yes — star: 4, needs at least 3", "是 — star：4，需至少 3"),
    ("{star: {between: [1, 4]}}", "yes — star: 4, needs 1 to 4", "是 — star：4，需在 1 至 4 之间"),
    (
        "{not: {star: {between: [1, 3]}}}",
        "yes — star: 4, needs less than 1 or more than 3",
        "是 — star：4，需小于 1 或大于 3",
    ),
    ("{star: {one_of: [5, 4]}}", "yes — star: 4, needs one of 4, 5", "是 — star：4，需为 4、5 之一"),
    (
        "{not: {star: {one_of: [5, 4]}}}",
        "no — star: 4, needs none of 4, 5",
        "否 — star：4，需不为 4、5 中任何一个",
    ),
    (
        "{city: {prefix: bei}}",
        "yes — city: beijing, needs to begin with bei",
        "是 — city：beijing，需以 bei 开头",
    ),
    (
        "{joined: {at_least: 2020-01-01}}",
        "no — joined: 2019-05-01, needs 2020-01-01 or later",
        "否 — joined：2019-05-01，需不早于 2020-01-01",
    ),
    (
        "{joined: {below: 2020-01-01}}",
        "yes — joined: 2019-05-01, needs before 2020-01-01",
        "是 — joined：2019-05-01，需早于 2020-01-01",
    ),
    (
        "{contacts: {within: 7d, at_least: 2}}",
        "yes — contacts in the last 7d: 2, needs at least 2",
        "是 — 最近7天内的来电：2，需至少 2 次",
    ),
    (
        "{not: {contacts: {within: 90m, answered: true, at_least: 1}}}",
        "no — answered contacts in the last 90m: 1, needs less than 1",
        "否 — 最近90分钟内已接通的来电：1，需少于 1 次",
    ),
    (
        "{load: {queue: vip, longest_wait: {at_least: 45s}}}",
        "yes — queue vip, longest wait: 2m, needs at least 45s",
        "是 — 队列 vip 的最长等待：2分钟，需至少 45秒",
    ),
    (
        "{load: {queue: vip, ready: {below: 1}}}",
        "no — queue vip, agents ready: 1, needs less than 1",
        "否 — 队列 vip 的空闲座席：1，需小于 1",
    ),
    (
        "{load: {queue: general, waiting: {at_least: 1}}}",
        "no — queue general, callers waiting: no fresh news, counts as calm, needs at least 1",
        "否 — 队列 general 的等待人数：无最新数据，按空闲处理，需至少 1",
    ),
    (
        "{share: {percent: 12.5, of: trial}}",
        "yes — share trial: drawn 8.23%, needs less than 12.5%",
        "是 — 抽样 trial：抽中 8.23%，需小于 12.5%",
    ),
    ("{not: senior}", "yes — age: •••, needs less than 65", "是 — age：•••，需小于 65"),
    ("{not: vip}", "yes — not segment vip", "是 — 不属于客户群 vip"),
]


@pytest.mark.parametrize(("when", "english", "chinese"), LEAVES, ids=[when for when, _, _ in LEAVES])
def test_a_condition_of_each_kind(write: Write, when: str, english: str, chinese: str) -> None:
    """A negation turns what is needed around, and is not told as one."""
    policies = load(write({"10010.yaml": GOOD_10010.replace("when: senior", f"when: {when}")}))
    customer: dict[str, Any] = {"age": 40, "star": 4, "city": "beijing", "key_customer": False}
    customer["joined"] = policies.book.attributes["joined"].parse("2019-05-01")
    loads = {"vip": QueueLoad(waiting=3, longest_wait=120, ready=1)}
    explained = explain(policies, facts(customer, [contact(60), contact(70, answered=False)], loads=loads))
    for language, line in (("en", f"  seniors: {english}"), ("zh", f"  seniors：{chinese}")):
        lines = worded(explained, language)
        assert lines[lines.index(VOCABULARIES[language].routes) + 1] == line  # type: ignore[index]


HOURS = """\
time_zone: Asia/Shanghai
holidays:
  country: CN
  announced_until: 2026
  unannounced: as_rules_say
hours:
  office:
    days: {mon-fri: ["09:00-18:00"]}
    holidays: closed
    working_weekends: ["09:00-18:00"]
"""


@pytest.mark.parametrize(
    ("at", "english", "chinese"),
    [
        (
            "2026-03-02T02:00:01+00:00",
            "open at Monday 2026-03-02 10:00:01 Asia/Shanghai",
            "2026-03-02 星期一 10:00:01 Asia/Shanghai 营业",
        ),
        (
            "2026-10-01T10:00:00+08:00",
            "closed at Thursday 2026-10-01 10:00:00 Asia/Shanghai (a holiday)",
            "2026-10-01 星期四 10:00:00 Asia/Shanghai（节假日） 非营业",
        ),
        (
            "2026-10-10T10:00:00+08:00",
            "open at Saturday 2026-10-10 10:00:00 Asia/Shanghai (worked to make up for a holiday)",
            "2026-10-10 星期六 10:00:00 Asia/Shanghai（调休上班） 营业",
        ),
        (
            "2029-03-05T10:00:00+08:00",
            "open at Monday 2029-03-05 10:00:00 Asia/Shanghai (the holidays of 2029 are not announced yet)",
            "2029-03-05 星期一 10:00:00 Asia/Shanghai（2029年节假日安排尚未公布） 营业",
        ),
    ],
)
def test_hours_are_told_by_their_own_clock(write: Write, at: str, english: str, chinese: str) -> None:
    """With what is special about the day."""
    text = GOOD_10010.replace("when: senior", "when: {open: office}")
    policies = load(write({"10010.yaml": text, "hours.yaml": HOURS}))
    call = facts(policies.unknown.customer, now=int(datetime.fromisoformat(at).timestamp()))
    explained = explain(policies, call)
    trace = explained.routes[0].trace
    assert trace is not None
    assert phrase(trace, "en") == f"hours office: {english}, needs open"
    assert phrase(trace, "zh") == f"时段 office：{chinese}，需营业"


def test_conditions_with_parts_have_them_below(write: Write) -> None:
    when = "{not: {all: [{star: 4}, {any: [vip, {not: {any: [{star: 1}, {star: 2}]}}]}, senior]}}"
    policies = load(write({"10010.yaml": GOOD_10010.replace("when: senior", f"when: {when}")}))
    customer = {"age": 40, "star": 4, "key_customer": False}
    lines = worded(explain(policies, facts(customer)), "en")
    assert lines[lines.index("routes") : -3] == [
        "routes",
        "  seniors: yes — not all of",
        "    yes — star: 4, needs 4",
        "    yes — any of",
        "      no — segment vip",
        "      yes — none of",
        "        no — star: 4, needs 1",
        "        no — star: 4, needs 2",
        "    no — age: •••, needs at least 65",
    ]


@pytest.mark.parametrize(
    ("data", "customer", "line"),
    [
        (Data.WITHHELD, {}, "data: none, the number is withheld; every attribute has its value when missing"),
        (
            Data.ABSENT,
            {},
            "data: none, the store gave no answer in time; every attribute has its value when missing",
        ),
        (Data.FRESH, {}, "data: the caller is no customer; every attribute has its value when missing"),
        (Data.FRESH, {"known": True}, "data: fresh"),
    ],
)
def test_what_was_known_is_told(data: Data, customer: dict[str, Any], line: str) -> None:
    call = replace(facts({**SHIPPED.unknown.customer, **customer}), data=data)
    assert line in worded(explain(SHIPPED, call), "en")


@pytest.mark.parametrize(
    ("ago", "line"),
    [
        (0, "customers: last imported 0s before the call"),
        (119, "customers: last imported 119s before the call"),
        (7_100, "customers: last imported 118m before the call"),
        (-1, "customers: imported anew since the call"),
    ],
)
def test_the_age_of_the_data_is_told(ago: int, line: str) -> None:
    assert f"  {line}" in worded(explain(SHIPPED, SENIOR), "en", imported=NOW - ago)


@pytest.mark.parametrize(
    ("language", "line"),
    [
        ("en", "owner: elder-2, rung for up to 15s first; the first to answer in the last 24h"),
        ("zh", "首问责任人：elder-2，先振铃至多15秒；最近24小时内最先接通者"),
    ],
)
def test_who_is_rung_first_is_told(language: str, line: str) -> None:
    mine = replace(SENIOR, contacts=(replace(contact(HOUR), agent="elder-2"),))
    assert line in worded(explain(SHIPPED, mine), language)


def test_both_languages_put_in_the_same_values() -> None:
    """A name in braces that one language forgets would be a value that its readers never see."""
    for field in fields(EN):
        one, other = getattr(EN, field.name), getattr(ZH, field.name)
        if isinstance(one, Need):
            assert (holes(one.wanted), holes(one.unwanted)) == (holes(other.wanted), holes(other.unwanted))
        elif isinstance(one, str):
            assert holes(one) == holes(other), field.name
        else:
            assert len(one) == len(other)


def holes(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name}
