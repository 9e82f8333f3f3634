"""The words of an explanation, one table a language; `router.policy.words` puts them together."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from router.facts import Data
from router.policy.nodes import Measure


class Language(StrEnum):
    """What an explanation can be told in."""

    EN = "en"
    ZH = "zh"


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What a question wants, as it stands and behind a "not"."""

    wanted: str
    unwanted: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """Templates for `str.format`; the names in braces say what is put in."""

    yes: str
    no: str
    not_asked: str
    comma: str
    # the frame
    decision: str
    reason: str
    owner: str
    no_owner: str
    segments: str
    routes: str
    data: str
    answer: str
    """A name, how it came out, and why."""
    every_call: str
    # conditions with parts
    all_of: Need
    any_of: Need
    segment: Need
    # questions
    looked: str
    equal: Need
    one_of: Need
    at_least: Need
    at_least_day: Need
    between: Need
    prefix: Need
    answered_contacts: str
    contacts: str
    counted: Need
    hours: str
    open: str
    closed: str
    open_needs: Need
    local_time: str
    holiday: str
    worked: str
    unannounced: str
    weekdays: tuple[str, ...]
    queue: str
    measures: Mapping[Measure, str]
    no_news: str
    share: str
    drawn: str
    shared: Need
    missing: str
    units: Mapping[str, str]
    """By d, h, m, s."""
    # the data
    known_by: Mapping[Data, str]
    no_customer: str
    source: str
    aged: str
    newer: str
    as_of_call: str
    contacts_looked: str
    loads_looked: str


EN = Vocabulary(
    yes="yes",
    no="no",
    not_asked="not asked",
    comma=", ",
    decision="{destination} by route {rule} of hotline {hotline}; segment {segment}; policy {policy}",
    reason="reason: {reason}",
    owner="owner: {agent}, rung for up to {wait} first; the first to answer in the last {within}",
    no_owner="owner: none; nobody is known to have answered in the last {within}",
    segments="segments",
    routes="routes",
    data="data: {known}",
    answer="{name}: {answer} — {why}",
    every_call="takes every call",
    all_of=Need(wanted="all of", unwanted="not all of"),
    any_of=Need(wanted="any of", unwanted="none of"),
    segment=Need(wanted="segment {segment}", unwanted="not segment {segment}"),
    looked="{subject}: {value}, needs {need}",
    equal=Need(wanted="{value}", unwanted="other than {value}"),
    one_of=Need(wanted="one of {values}", unwanted="none of {values}"),
    at_least=Need(wanted="at least {value}", unwanted="less than {value}"),
    at_least_day=Need(wanted="{value} or later", unwanted="before {value}"),
    between=Need(wanted="{low} to {high}", unwanted="less than {low} or more than {high}"),
    prefix=Need(wanted="to begin with {prefix}", unwanted="not to begin with {prefix}"),
    answered_contacts="answered contacts in the last {within}",
    contacts="contacts in the last {within}",
    counted=Need(wanted="at least {value}", unwanted="less than {value}"),
    hours="hours {hours}",
    open="open",
    closed="closed",
    open_needs=Need(wanted="open", unwanted="closed"),
    local_time="{state} at {weekday} {at:%Y-%m-%d %H:%M:%S} {zone}{marks}",
    holiday=" (a holiday)",
    worked=" (worked to make up for a holiday)",
    unannounced=" (the holidays of {year} are not announced yet)",
    weekdays=("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    queue="queue {queue}, {measure}",
    measures={
        Measure.WAITING: "callers waiting",
        Measure.LONGEST_WAIT: "longest wait",
        Measure.READY: "agents ready",
        Measure.KNOWN: "fresh news",
    },
    no_news="no fresh news, counts as calm",
    share="share {of}",
    drawn="drawn {part}%",
    shared=Need(wanted="less than {share}%", unwanted="at least {share}%"),
    missing="{value} (the value when missing)",
    units={"d": "d", "h": "h", "m": "m", "s": "s"},
    known_by={
        Data.FRESH: "fresh",
        Data.REPLICA: "the replica's, as of some time ago; the store gave no answer in time",
        Data.WITHHELD: "none, the number is withheld; every attribute has its value when missing",
        Data.ABSENT: "none, the store gave no answer in time; every attribute has its value when missing",
    },
    no_customer="the caller is no customer; every attribute has its value when missing",
    source="{names}: from {source}",
    aged="customers: last imported {age} before the call",
    newer="customers: imported anew since the call",
    as_of_call="{names}: as of the call",
    contacts_looked="contacts",
    loads_looked="queue loads",
)

ZH = Vocabulary(
    yes="是",
    no="否",
    not_asked="未查",
    comma="、",
    decision="{destination}，热线 {hotline} 的路由 {rule}；客户群 {segment}；策略版本 {policy}",
    reason="原因：{reason}",
    owner="首问责任人：{agent}，先振铃至多{wait}；最近{within}内最先接通者",
    no_owner="首问责任人：无；最近{within}内未见有人接通",
    segments="客户群",
    routes="路由",
    data="数据：{known}",
    answer="{name}：{answer} — {why}",
    every_call="接受所有来电",
    all_of=Need(wanted="全部满足", unwanted="不全部满足"),
    any_of=Need(wanted="满足任一", unwanted="均不满足"),
    segment=Need(wanted="属于客户群 {segment}", unwanted="不属于客户群 {segment}"),
    looked="{subject}：{value}，需{need}",
    equal=Need(wanted="为 {value}", unwanted="不为 {value}"),
    one_of=Need(wanted="为 {values} 之一", unwanted="不为 {values} 中任何一个"),
    at_least=Need(wanted="至少 {value}", unwanted="小于 {value}"),
    at_least_day=Need(wanted="不早于 {value}", unwanted="早于 {value}"),
    between=Need(wanted="在 {low} 至 {high} 之间", unwanted="小于 {low} 或大于 {high}"),
    prefix=Need(wanted="以 {prefix} 开头", unwanted="不以 {prefix} 开头"),
    answered_contacts="最近{within}内已接通的来电",
    contacts="最近{within}内的来电",
    counted=Need(wanted="至少 {value} 次", unwanted="少于 {value} 次"),
    hours="时段 {hours}",
    open="营业",
    closed="非营业",
    open_needs=Need(wanted="营业", unwanted="非营业"),
    local_time="{at:%Y-%m-%d} {weekday} {at:%H:%M:%S} {zone}{marks} {state}",
    holiday="（节假日）",
    worked="（调休上班）",
    unannounced="（{year}年节假日安排尚未公布）",
    weekdays=("星期一", "星期二", "星期三", "星期四", "星期五", "星期六", "星期日"),
    queue="队列 {queue} 的{measure}",
    measures={
        Measure.WAITING: "等待人数",
        Measure.LONGEST_WAIT: "最长等待",
        Measure.READY: "空闲座席",
        Measure.KNOWN: "最新状态",
    },
    no_news="无最新数据，按空闲处理",
    share="抽样 {of}",
    drawn="抽中 {part}%",
    shared=Need(wanted="小于 {share}%", unwanted="至少 {share}%"),
    missing="{value}（缺省值）",
    units={"d": "天", "h": "小时", "m": "分钟", "s": "秒"},
    known_by={
        Data.FRESH: "最新",
        Data.REPLICA: "来自副本，可能稍旧；客户库未及时应答",
        Data.WITHHELD: "无，主叫号码未显示，各属性取缺省值",
        Data.ABSENT: "无，客户库未及时应答，各属性取缺省值",
    },
    no_customer="来电者不是本网客户，各属性取缺省值",
    source="{names}：来自 {source}",
    aged="客户资料：来电前{age}导入",
    newer="客户资料：来电之后重新导入过",
    as_of_call="{names}：来电当时",
    contacts_looked="来电记录",
    loads_looked="队列负荷",
)

VOCABULARIES: Mapping[Language, Vocabulary] = {Language.EN: EN, Language.ZH: ZH}
