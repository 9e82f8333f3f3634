"""Hotlines of many routes, as text: each asks for several of the shipped attributes."""

import random

PROVINCES = ("henan", "hebei", "shandong", "shanxi", "shaanxi", "liaoning")
OCCUPATIONS = ("taxi_driver", "courier", "farmer", "worker", "teacher", "doctor", "office", "student")
TIERS = ("bronze", "silver", "gold")
DIALECTS = ("cantonese", "wu", "min", "hakka", "xiang", "gan", "jin")


def hotline(routes: int, seed: int = 1) -> str:
    """A hotline with so many routes over eight attributes, each asking for two to four of them.

    The first ones are the shipped segments; the rest are narrow, so that a caller without anything special
    passes them all: the worst case of a decision.
    """
    draw = random.Random(seed)
    lines = [
        'hotline: "10010"',
        'numbers: ["10010"]',
        "segments:",
        "  repeat: {contacts: {within: 72h, answered: true, at_least: 2}}",
        "  vip: {any: [{star: {at_least: 6}}, {key_customer: true}]}",
        "  senior: {age: {at_least: 65}}",
        "  truck_driver: {occupation: truck_driver}",
        "routes:",
        "  - {name: repeat-to-expert, when: repeat, to: {queue: expert, priority: 30}}",
        "  - {name: vip-direct, when: vip, to: {queue: vip, priority: 20}}",
        "  - {name: senior-direct, when: senior, to: {queue: elder-care, priority: 20}}",
        "  - {name: truck-driver-direct, when: truck_driver, to: {queue: truck, priority: 10}}",
    ]
    for number in range(routes - 5):
        low = draw.randrange(18, 60)
        asked = {
            "age": f"{{between: [{low}, {low + draw.randrange(1, 5)}]}}",
            "star": str(draw.randrange(1, 6)),
            "province": f"{{one_of: [{', '.join(draw.sample(PROVINCES, 2))}]}}",
            "occupation": draw.choice(OCCUPATIONS),
            "enterprise_tier": draw.choice(TIERS),
            "dialect": draw.choice(DIALECTS),
            "city": f"{{prefix: {draw.choice('abcdefgh')}{draw.choice('aeiou')}}}",
        }
        some = draw.sample(sorted(asked), draw.randrange(2, 5))
        when = ", ".join(f"{name}: {asked[name]}" for name in some)
        queue = draw.choice(("general", "vip", "expert", "roaming"))
        to = f"{{queue: {queue}, priority: {number % 50}}}"
        lines.append(f"  - {{name: r{number}, when: {{{when}}}, to: {to}}}")
    lines += [
        "  - {name: everyone-else, to: {menu: main}}",
        "promises:",
        "  - {name: seniors, when: {all: [senior, {not: repeat}, {not: vip}]}, always: {queue: elder-care}}",
        "  - {name: repeat callers, when: repeat, always: {queue: expert}}",
        "  - {name: everyone, always: {person_within_keys: 2}}",
    ]
    return "\n".join(lines) + "\n"
