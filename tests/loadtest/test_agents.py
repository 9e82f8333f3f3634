"""Agents and their crews."""

from pathlib import Path

from loadtest.agents import Agent, Crew, read_crews


def test_a_crew_is_numbered_and_sits_at_one_port() -> None:
    crew = Crew(name="vip", agents=2, queues={"vip": 0})
    assert crew.at(5061) == [
        Agent(name="vip-1", host="127.0.0.1", port=5061, queues={"vip": 0}),
        Agent(name="vip-2", host="127.0.0.1", port=5061, queues={"vip": 0}),
    ]


def test_crews_are_read_in_the_order_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "agents.yaml"
    file.write_text(
        "crews:\n  b: {agents: 1, queues: {vip: 0}}\n  a: {agents: 3, queues: {}, many_calls: true}\n"
    )
    assert read_crews(file) == [
        Crew(name="b", agents=1, queues={"vip": 0}),
        Crew(name="a", agents=3, queues={}, many_calls=True),
    ]


def test_every_shipped_queue_has_people_of_its_own() -> None:
    own = {queue for crew in read_crews() for queue, penalty in crew.queues.items() if penalty == 0}
    assert own == {"elder-care", "truck", "vip", "expert", "general", "roaming", "default"}


def test_everybody_works_in_default() -> None:
    assert [crew.name for crew in read_crews() if "default" not in crew.queues] == []
