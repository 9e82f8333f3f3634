"""Agents: who they are and which queues they work in (agents.yaml)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml import YAML

SHIPPED = Path(__file__).with_name("agents.yaml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """A person, or a machine that plays one, with a phone at a fixed address."""

    name: str
    """Also the SIP user, and the member's name in queues: PJSIP/name."""
    host: str
    port: int
    queues: Mapping[str, int]
    """The queues worked in, with the penalty in each: 0 are a queue's own people, 1 help out."""
    many_calls: bool = False
    """Takes any number of calls at a time: a yardstick for load, no person."""
    wrapup: int | None = None
    """Seconds of wrap-up after each call; None leaves what the queue says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crew:
    """So many agents of one trade."""

    name: str
    agents: int
    queues: Mapping[str, int]
    many_calls: bool = False
    talk: float | None = None
    """Seconds that each of them talks; None leaves it to the stack."""
    wrapup: int | None = None
    """Seconds of wrap-up after each call; None leaves what the queue says."""

    def at(self, port: int, host: str = "127.0.0.1") -> list[Agent]:
        """Seat the crew at one address: a SIPp there plays all of them, each known by the user called."""
        return [
            Agent(
                name=f"{self.name}-{number}",
                host=host,
                port=port,
                queues=self.queues,
                many_calls=self.many_calls,
                wrapup=self.wrapup,
            )
            for number in range(1, self.agents + 1)
        ]


def read_crews(path: Path = SHIPPED) -> Sequence[Crew]:
    """Read a file like agents.yaml."""
    told = YAML(typ="safe").load(path)
    return [Crew(name=name, **crew) for name, crew in told["crews"].items()]
