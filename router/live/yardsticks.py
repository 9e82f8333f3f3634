"""What the policies say calls are measured by, for the KPIs."""

from collections.abc import Iterator

from metrics.kpis import Yardsticks
from router.decision import Announce, Decision, Refuse, ToMenu, ToQueue
from router.policy.compile import PROVINCE
from router.policy.load import Policies
from router.policy.rulebook import Rulebook

SHORT_ABANDON = 5
"""Seconds, for a hotline that does not say it."""


def yardsticks(policies: Policies) -> Yardsticks:
    """The yardsticks of a version."""
    book = policies.book
    province = book.attributes.get(PROVINCE)
    reports = {hotline.name: hotline.report for hotline in book.hotlines}
    return Yardsticks(
        within={name: queue.answer_within for name, queue in book.queues.items()},
        wrap_up={name: queue.wrap_up for name, queue in book.queues.items()},
        short_abandon={
            name: SHORT_ABANDON if report is None else report.short_abandon
            for name, report in reports.items()
        },
        requests=frozenset(
            (decision.hotline, queue, decision.segment)
            for decision in policies.decisions
            for queue in _asked(book, decision)
        ),
        province="none" if province is None else str(province.missing),
    )


def hotline_of(policies: Policies, dialled: str) -> str:
    """The hotline of a number dialled; the number itself where it is none's."""
    tree = policies.trees.get(dialled)
    return dialled if tree is None else tree.hotline.name


def _asked(book: Rulebook, decision: Decision) -> Iterator[str]:
    """The queues that a person can be asked for in."""
    match decision.action:
        case ToQueue(queue=queue):
            yield queue
        case ToMenu(menu=menu):
            for to in book.menus[menu].keys.values():
                kind, _, name = to.partition(":")
                if kind == "queue":
                    yield name
        case Announce() | Refuse():
            pass
