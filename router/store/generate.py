"""Customers made up: the same seed and place in the row give the same customer, on every machine."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta

MOST = 10**8
"""Numbers there are: 13900000000 to 13999999999."""

HEADER = (
    "number,age,occupation,star,key_customer,province,city,dialect,language,"
    "enterprise_tier,account_manager,joined,care_preference"
)

_STRIDE = 61_803_399
"""Steps through the numbers; without a common divisor with `MOST`, so that each is met once."""


def _spread(shares: Mapping[str, int]) -> tuple[str, ...]:
    """Each value as often as its share says, so that one draw picks one."""
    return tuple(value for value, share in shares.items() for _ in range(share))


_AGES = tuple(map(str, range(18, 65)))
_SENIOR_AGES = tuple(map(str, range(65, 96)))
_JOBS = _spread(
    {
        "office": 260,
        "worker": 230,
        "": 172,
        "other": 80,
        "farmer": 70,
        "student": 60,
        "truck_driver": 35,  # of the 85 % who are not seniors: 3 % of all
        "teacher": 30,
        "courier": 30,
        "doctor": 18,
        "taxi_driver": 15,
    }
)
_SENIOR_JOBS = _spread({"retired": 78, "farmer": 12, "": 10})
_STARS = _spread({"": 100, "0": 80, "1": 170, "2": 240, "3": 220, "4": 140, "5": 35, "6": 11, "7": 4})
_PLACES = _spread(
    {
        "guangdong,guangzhou,cantonese": 9,
        "guangdong,shenzhen,": 9,
        "guangdong,foshan,cantonese": 4,
        "guangdong,shantou,min": 3,
        "guangdong,meizhou,hakka": 2,
        "henan,zhengzhou,mandarin": 9,
        "henan,luoyang,mandarin": 5,
        "henan,nanyang,": 4,
        "henan,anyang,jin": 2,
        "hunan,changsha,xiang": 7,
        "hunan,hengyang,xiang": 3,
        "hunan,yueyang,gan": 3,
        "shaanxi,xian,mandarin": 6,
        "shaanxi,baoji,": 1,
        "shaanxi,yulin,jin": 2,
        "shandong,jinan,mandarin": 6,
        "shandong,qingdao,mandarin": 6,
        "shandong,yantai,": 4,
        "shandong,linyi,mandarin": 2,
        "zhejiang,hangzhou,wu": 6,
        "zhejiang,ningbo,wu": 4,
        "zhejiang,wenzhou,wu": 3,
    }
)
_LANGUAGES = _spread({"": 970, "en": 14, "ko": 6, "ja": 5, "ru": 3, "ug": 1, "mn": 1})
_TIERS = _spread({"": 955, "bronze": 30, "silver": 11, "gold": 4})
_MANAGERS = tuple(f"am-{number:02}" for number in range(1, 21))
_DAYS = tuple((date(2004, 1, 1) + timedelta(days=day)).isoformat() for day in range(7500))
_CARE = _spread({"": 60, "accepts": 22, "rejects": 10, "wants": 8})


def generated(count: int, seed: int, draw: Callable[[], float]) -> Iterator[str]:
    """The header and ``count`` rows of a customer file; ``draw`` gives numbers from 0 up to 1.

    About 15 % are 65 or older, 3 % drive trucks, 5 % have five stars or more, 1 % are key customers.
    """

    def one(table: Sequence[str]) -> str:
        return table[int(draw() * len(table))]

    yield HEADER + "\n"
    for row in range(count):
        number = 13_900_000_000 + (row * _STRIDE + seed * 7919) % MOST
        is_senior = draw() < 0.15
        who = f"{one(_SENIOR_AGES)},{one(_SENIOR_JOBS)}" if is_senior else f"{one(_AGES)},{one(_JOBS)}"
        key = "true" if draw() < 0.01 else ""
        tier = one(_TIERS)
        manager = one(_MANAGERS) if tier else ""
        yield (
            f"{number},{who},{one(_STARS)},{key},{one(_PLACES)},{one(_LANGUAGES)},"
            f"{tier},{manager},{one(_DAYS)},{one(_CARE)}\n"
        )
