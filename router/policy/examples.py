"""Examples of each mapping in the policy files, for the reference; together they have every key.

They are held to the models by a test, with the attributes and names below.
"""

from collections.abc import Mapping

from router.policy.names import Names

ATTRIBUTES = """\
attributes:
  known: {type: boolean, missing: false, sensitive: false, source: import, description: A customer of ours}
  age: {type: integer, range: [0, 130], missing: 0, sensitive: true, source: CRM, description: In full years}
  key_customer: {type: boolean, missing: false, sensitive: false, source: CRM, description: On the list}
  occupation:
    type: choice
    values: [truck_driver, teacher, other]
    missing: other
    sensitive: true
    source: CRM
    description: What the customer does for a living
  city: {type: text, max_length: 32, missing: "", sensitive: false, source: billing, description: At home}
  joined: {type: date, missing: "1970-01-01", sensitive: false, source: billing, description: First day}
"""
"""An attribute of each type."""

NAMES = Names(
    queues=frozenset({"elder-care", "general", "vip"}),
    menus=frozenset({"main", "more"}),
    prompts=frozenset({"closed", "expert-soon", "refused"}),
    segments=frozenset({"senior", "vip"}),
    hours=frozenset({"office"}),
)

EXAMPLES: Mapping[str, tuple[str, ...]] = {
    # --- attributes.yaml
    "AttributesFile": (ATTRIBUTES,),
    "IntegerDeclaration": (
        """\
type: integer
range: [0, 130]
missing: 0
sensitive: true
source: CRM
code: a
description: Age in full years.
""",
    ),
    "BooleanDeclaration": (
        """\
type: boolean
missing: false
sensitive: false
source: CRM
code: v
description: On the list of key customers.
""",
    ),
    "ChoiceDeclaration": (
        """\
type: choice
values: [truck_driver, taxi_driver, teacher, other]
missing: other
sensitive: true
source: CRM
code: o
description: What the customer does for a living.
""",
    ),
    "TextDeclaration": (
        """\
type: text
max_length: 32
missing: ""
sensitive: false
source: billing
code: c
description: The city that the number is at home in.
""",
    ),
    "DateDeclaration": (
        """\
type: date
missing: "1970-01-01"
sensitive: false
source: billing
code: j
description: The day the contract began.
""",
    ),
    # --- queues.yaml
    "QueuesFile": (
        """\
queues:
  vip: {human: true, answer_within: 15s, description: Agents for VIPs.}
  general: {human: true, answer_within: 20s, description: Everyone else.}
menus:
  main: {description: The main menu., keys: {"0": {queue: general}}}
prompts:
  closed: {description: We are closed.}
""",
    ),
    "QueueEntry": (
        "human: true\nanswer_within: 15s\nwrap_up: 10s\ndescription: Agents with time and patience.\n",
    ),
    "MenuEntry": (
        """\
description: The main menu.
keys:
  "0": {queue: general}
  "1": {menu: more}
  "*": {}
""",
    ),
    "KeyTo": ("queue: general\n", "menu: more\n", "{}\n"),
    "PromptEntry": ("description: Our office hours.\n",),
    # --- hours.yaml
    "HoursFile": (
        """\
time_zone: Asia/Shanghai
holidays: {country: CN, announced_until: 2026}
hours:
  office: {days: {mon-fri: ["09:00-18:00"]}, holidays: closed}
""",
    ),
    "HolidaysEntry": (
        """\
country: CN
announced_until: 2026
unannounced: as_rules_say
joined_weekends: true
closed: ["2026-12-30..2026-12-31"]
worked: ["2026-02-14"]
""",
    ),
    "HoursEntry": (
        """\
days:
  mon-fri: ["09:00-12:00", "13:30-18:00"]
  sat: ["22:00-02:00"]
holidays: closed
working_weekends: ["09:00-18:00"]
""",
    ),
    # --- a hotline
    "HotlineFile": (
        """\
hotline: "10010"
numbers: ["10010", "037110010"]
report: {service_level: answered_of_offered, within: 15s, short_abandon: 5s}
segments:
  senior: {age: {at_least: 65}}
routes:
  - {name: seniors, when: senior, to: {queue: elder-care}}
  - {name: everyone-else, to: {menu: main}}
promises:
  - {name: seniors reach a person, when: senior, always: human}
""",
    ),
    "ReportEntry": (
        "service_level: answered_of_offered\nwithin: 15s\nshort_abandon: 5s\nrepeat_within: 72h\n",
    ),
    "RouteEntry": (
        """\
name: seniors
when: senior
to: {queue: elder-care, priority: 20}
overflow:
  - {after: 30s, to: {queue: general}}
reason:
  en: "65 or older: straight to a person"
  zh: 65岁及以上，直达人工
""",
        "name: everyone-else\nto: {menu: main}\n",
    ),
    "To": (
        """\
queue: elder-care
priority: 20
penalty: {max: 5}
announcement: expert-soon
owner: {within: 24h, wait: 15s}
""",
        "menu: main\n",
        "announce: closed\n",
        "refuse: refused\n",
    ),
    "OwnerEntry": ("within: 24h\nwait: 15s\n",),
    "PenaltyEntry": ("min: 0\nmax: 5\n",),
    "OverflowEntry": ("after: 30s\nto: {queue: general, priority: 30}\n",),
    "OverflowTo": ("queue: general\npriority: 30\npenalty: {min: 1, max: 9}\n",),
    "Reason": ('en: "65 or older: straight to a person"\nzh: 65岁及以上，直达人工\n',),
    "PromiseEntry": (
        "name: seniors reach a person without a key\nwhen: senior\nalways: human\n",
        "name: VIPs wait where their agents are\nwhen: vip\nalways: {queue: [vip, general]}\n",
    ),
    "GoesToEntry": (
        "queue: [vip, general]\nmenu: main\nannounce: closed\nrefuse: refused\n",
        "person_within_keys: 2\n",
    ),
    # --- conditions
    "Condition": (
        "all: [senior, {age: {below: 80}}]\n",
        "any: [senior, vip, {occupation: truck_driver}]\n",
        "segment: senior\nnot: vip\n",
        "contacts: {within: 72h, answered: true, at_least: 2}\n",
        "open: office\n",
        "load: {queue: vip, longest_wait: {at_least: 2m}}\n",
        "share: {percent: 12.5, of: new-menu}\n",
    ),
    "ContactsTest": ("within: 72h\nanswered: true\nat_least: 2\n",),
    "LoadTest": (
        "queue: vip\nwaiting: {at_least: 10}\n",
        "queue: vip\nlongest_wait: {at_least: 2m}\nready: {below: 1}\n",
        "queue: vip\nknown: false\n",
    ),
    "CountTest": ("at_least: 3\nbelow: 10\n",),
    "WaitTest": ("at_least: 45s\nbelow: 5m\n",),
    "ShareTest": ("percent: 12.5\nof: new-menu\n",),
    "known_test": ("is: true\n",),
    "age_test": ("is: 65\n", "one_of: [18, 65]\n", "at_least: 18\nbelow: 65\n", "between: [18, 64]\n"),
    "key_customer_test": ("is: true\n",),
    "occupation_test": ("is: truck_driver\n", "one_of: [truck_driver, teacher]\n"),
    "city_test": ("is: zhengzhou\n", "one_of: [zhengzhou, kaifeng]\n", "prefix: zheng\n"),
    "joined_test": (
        'is: "2024-01-31"\n',
        'one_of: ["2024-01-31", "2024-02-29"]\n',
        'at_least: "2024-01-01"\nbelow: "2025-01-01"\n',
        'between: ["2024-01-01", "2024-12-31"]\n',
    ),
    # --- a suite
    "SuiteFile": (
        """\
suite: Who is a senior
dialled: "10010"
now: morning
times: {morning: "2026-03-02T10:00:00+08:00"}
callers: {old: {age: 65}, young: {age: 64}}
contacts: {twice: [{ago: 1h, answered: true}, {ago: 2d, answered: true}]}
loads: {rush: {general: {waiting: 30}}}
shares: {drawn: {new-menu: in}}
tests:
  - {name: from 65, caller: old, expect: {rule: seniors}}
  - {name: not at 64, caller: young, contacts: twice, load: rush, share: drawn, expect: {to: {menu: main}}}
""",
    ),
    "CallerEntry": ("age: 65\nkey_customer: true\ncity: zhengzhou\n", "known: false\n"),
    "EarlierCall": ("ago: 2d\nanswered: true\ncall: first\n",),
    "LoadEntry": ("waiting: 30\nlongest_wait: 3m\nready: 0\n",),
    "TestEntry": (
        """\
name: from 65, at any load
caller: old
contacts: none
load: rush
share: none
now: morning
dialled: "10010"
data: fresh
expect: {rule: seniors}
""",
        """\
name: either side of 65
matrix: {caller: [old, young], load: [none, rush]}
expect:
  - {caller: old, rule: seniors}
  - {to: {menu: main}}
""",
    ),
    "Matrix": (
        """\
caller: [old, young]
contacts: [none, twice]
load: [none, rush]
share: [none, drawn]
now: [morning]
dialled: ["10010"]
data: [fresh, absent]
""",
    ),
    "Expectation": (
        """\
caller: [old, older]
contacts: twice
load: rush
share: drawn
now: morning
dialled: "10010"
data: fresh
rule: seniors
to: {queue: elder-care, priority: 20}
segment: senior
""",
    ),
    "DestinationEntry": (
        "queue: [vip, general]\npriority: 20\n",
        "menu: main\nannounce: closed\nrefuse: refused\n",
        "person_within_keys: 2\n",
    ),
}
"""By the models' names: YAML that each accepts; what the schema has under a model's name."""
