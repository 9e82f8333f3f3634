"""What owners of a folder do with its versions: metrics, the archive, the candidate."""

import asyncio
from math import inf

import pytest
from prometheus_client import CollectorRegistry

from metrics.kpis import CallKpis, RoutingKpis
from metrics.service import PolicyMetrics, RouterMetrics, ShadowMetrics
from metrics.tally import Collected
from router.live.archive import Archive
from router.live.following import Outcome, Result
from router.live.owners import PAIRS, Candidate, Live, Observed
from router.live.verdict import Good
from router.numbers import PseudonymKey
from router.policy.load import load
from router.routing import Routing
from tests.fakes import Callers, decision
from tests.live.world import hotline

NOW = 1_732_391_200.5


async def at_once(function, *given):
    return function(*given)


@pytest.fixture
def registry():
    return CollectorRegistry()


@pytest.fixture
def routing(policies):
    return Routing(
        policies=load(policies),
        store=Callers(),
        publish=lambda _: None,
        key=PseudonymKey(key_id="k1", secret=b"s" * 32),
        wall=lambda: NOW,
        monotonic=lambda: 0.0,
    )


@pytest.fixture
def live(registry, routing, tmp_path):
    return Live(
        routing=routing,
        kpis=RoutingKpis(registry),
        metrics=RouterMetrics(registry, refusals=(), store_errors=()),
        archive=Archive(tmp_path / "versions"),
        aside=at_once,
        wall=lambda: NOW,
    )


@pytest.fixture
def candidate(registry, routing):
    return Candidate(routing=routing, metrics=ShadowMetrics(registry), soon=lambda _: None)


def good(version, **wish):
    return Good(version=version, book=b"", files={"10010.yaml": b"x"}, **{"proved": True, **wish})


class TestLive:
    def test_has_one_version_in_the_metrics(self, live, registry, routing, policies):
        """The new one, with when it was loaded; nobody has proved it yet."""
        live.start()
        (policies / "10010.yaml").write_text(hotline("second"))
        second = load(policies)
        live.take(second)
        infos = [sample for family in registry.collect() for sample in family.samples]
        named = [sample.labels["version"] for sample in infos if sample.name == "ivr_policy_info"]
        assert (named, routing.policies) == ([second.version], second)
        assert registry.get_sample_value("ivr_policy_loaded_timestamp_seconds") == NOW
        assert registry.get_sample_value("ivr_policy_proved") == 0
        assert registry.get_sample_value("ivr_policy_holidays_announced_until") == inf

    def test_says_until_when_the_holidays_are_known_that_its_hours_need(self, live, registry, policies):
        (policies / "hours.yaml").write_text(
            "time_zone: Asia/Shanghai\nholidays: {country: CN, announced_until: 2025}\n"
            'hours: {office: {days: {mon-fri: ["09:00-18:00"]}, holidays: closed}}\n'
        )
        live.take(load(policies))
        assert registry.get_sample_value("ivr_policy_holidays_announced_until") == 2025

    def test_keeps_a_version_and_says_whether_it_is_proved(self, live, registry):
        live.loaded_at = NOW
        asyncio.run(live.confirm(good("policies@000000000001")))
        assert registry.get_sample_value("ivr_policy_proved") == 1
        assert asyncio.run(live.keep(good("policies@000000000001")))
        [kept] = live.archive.versions()
        assert (kept.version, kept.at) == ("policies@000000000001", NOW)

    def test_says_that_a_version_could_not_be_kept(self, live, registry):
        live.archive.folder.touch()
        assert not asyncio.run(live.keep(good("policies@000000000001")))
        assert registry.get_sample_value("ivr_policy_keep_errors_total") == 1

    def test_says_which_folder_it_follows(self, live, tmp_path, policies):
        """Where it is, not how one came there."""
        assert live.state()["folder"] is None
        link = tmp_path / "link"
        link.symlink_to(policies)
        live.follows(link)
        assert live.state()["folder"] == str(policies.resolve())

    def test_says_what_is_not_proved(self, live, registry, capsys):
        doubts = tuple(f"doubt {number}" for number in range(9))
        asyncio.run(live.confirm(good("policies@000000000001", proved=False, doubts=doubts)))
        assert registry.get_sample_value("ivr_policy_proved") == 0
        said = capsys.readouterr().out
        assert "doubt 4" in said
        assert "doubt 5" not in said

    @pytest.mark.parametrize("result", Result)
    def test_counts_what_came_of_it(self, live, registry, result):
        live.told(Outcome(result=result, version="v", problems=("why",)))
        assert registry.get_sample_value("ivr_policy_reloads_total", {"outcome": result}) == 1
        fine = result in {Result.LOADED, Result.UNCHANGED}
        assert registry.get_sample_value("ivr_policy_reload_ok") == fine
        state = live.state()
        assert (state["result"], state["problems"], state["tried_at"]) == (result, ["why"], NOW)

    def test_has_every_outcome_from_the_start(self, live, registry):  # noqa: ARG002  it makes them
        for result in Result:
            assert registry.get_sample_value("ivr_policy_reloads_total", {"outcome": result}) == 0


class TestObserved:
    def test_goes_by_another_version(self, registry, policies):
        """Its queues have their series before the first call."""
        first = load(policies)
        kpis = CallKpis()
        registry.register(Collected(kpis.tallies))
        observed = Observed(policies=first, kpis=kpis, metrics=PolicyMetrics(registry), wall=lambda: NOW)
        (policies / "10010.yaml").write_text(hotline("second"))
        second = load(policies)
        observed.take(second)
        assert observed.policies is second
        queue = {"hotline": "10010", "queue": "general"}
        assert registry.get_sample_value("ivr_answered_total", queue) == 0
        assert registry.get_sample_value("ivr_policy_info", {"version": second.version}) == 1
        assert registry.get_sample_value("ivr_policy_loaded_timestamp_seconds") == NOW

    def test_counts_what_came_of_it(self, registry, policies):
        observed = Observed(
            policies=load(policies),
            kpis=CallKpis(),
            metrics=PolicyMetrics(registry),
            wall=lambda: NOW,
        )
        observed.told(Outcome(result=Result.REFUSED, version="v", problems=("why",)))
        assert registry.get_sample_value("ivr_policy_reloads_total", {"outcome": "refused"}) == 1
        assert registry.get_sample_value("ivr_policy_reload_ok") == 0


class TestCandidate:
    def test_is_off_when_its_files_are_no_good(self, candidate, routing, registry, policies):
        candidate.take(load(policies))
        assert registry.get_sample_value("ivr_shadow_on") == 1
        candidate.told(Outcome(result=Result.FAILED, version="v", problems=("killed",)))
        assert routing.shadow is not None
        candidate.told(Outcome(result=Result.REFUSED, version=None, problems=("why",)))
        assert (routing.shadow, registry.get_sample_value("ivr_shadow_on")) == (None, 0)

    def test_looks_back_as_far_as_either(self, candidate, routing, policies):
        """Contacts are kept for it, too."""
        assert routing.longest_window == 72 * 3600  # a repeated call is told by it
        text = hotline().replace("routes:", "routes:\n  - " + REPEAT)
        (policies / "10010.yaml").write_text(text)
        candidate.take(load(policies))
        assert routing.longest_window == 96 * 3600

    def test_counts_by_what_differs(self, candidate, registry):
        one, same = decision(rule="a"), decision(rule="b")
        other = decision(rule="c", action=decision().action.__class__(queue="general", priority=1))
        candidate.tally.pairs.update({(one, same): 3, (one, other): 2, (one, None): 1})
        candidate.tally.failed = 4
        candidate.count()
        candidate.count()
        calls = {
            result: registry.get_sample_value("ivr_shadow_calls_total", {"result": result})
            for result in ("same", "different", "failed")
        }
        assert calls == {"same": 3, "different": 3, "failed": 4}
        labels = {"hotline": "10010", "rule": "a"}
        for rule, count in (("c", 2), ("(no hotline)", 1), ("b", None)):
            wanted = {**labels, "shadow_rule": rule}
            assert registry.get_sample_value("ivr_shadow_decisions_total", wanted) == count

    def test_has_no_more_series_than_it_may(self, candidate, registry):
        """What is beyond is counted together."""
        for number in range(PAIRS + 3):
            candidate.tally.pairs[decision(rule=f"r{number}"), None] += 1
            candidate.count()
        other = dict.fromkeys(("hotline", "rule", "shadow_rule"), "other")
        assert registry.get_sample_value("ivr_shadow_decisions_total", other) == 3


REPEAT = "{name: again, when: {contacts: {within: 96h, at_least: 1}}, to: {menu: main}}"
