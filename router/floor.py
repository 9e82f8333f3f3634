"""The floor: what each agent does, as a fold over what the switch says of the members of its queues. Pure.

Every piece of news is absolute (a member is in this state now), so that one that is read twice, or after a
newer list, does no harm. Only the end of wrap-up is told by nobody: it comes with time.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum


class AgentState(StrEnum):
    """What an agent does."""

    READY = "ready"
    RINGING = "ringing"
    TALKING = "talking"
    WRAP_UP = "wrap_up"
    PAUSED = "paused"
    LOGGED_OUT = "logged_out"


_IDLE = 1
_BUSY = frozenset({2, 3, 6, 7, 8})
"""States of a phone (devicestate.h): in use, busy, ringing, in use and ringing, on hold.

A phone that may have one call only is busy already while it rings [seen on 22.10.1]: only the switch's word
tells a talk.
"""
_FIRST = (
    AgentState.TALKING,
    AgentState.RINGING,
    AgentState.WRAP_UP,
    AgentState.READY,
    AgentState.PAUSED,
    AgentState.LOGGED_OUT,
)
"""Of an agent who works in several queues the first of these counts that he is in in one of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """An agent in a queue, as the switch says."""

    queue: str
    agent: str
    device: int
    """The state of the phone (devicestate.h)."""
    paused: bool
    reason: str
    """Why; empty where nobody said."""
    last_call: int
    """When the last talk ended, in seconds since the epoch; 0: none yet."""
    wrap_up: int
    """Seconds to write after a talk; 0: what the queue has."""
    in_call: bool = False
    """He talks with a caller of this queue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberGone:
    """An agent works in a queue no more."""

    queue: str
    agent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkBegan:
    """An agent has answered a caller."""

    agent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkEnded:
    """An agent has hung up, or was hung up on: he writes now, in all his queues."""

    agent: str
    at: int


FloorEvent = Member | MemberGone | TalkBegan | TalkEnded


@dataclass(slots=True, kw_only=True)
class Floor:
    """All agents of one switch."""

    wrap_up: Callable[[str], int]
    """Seconds to write after a talk, in a queue."""
    members: dict[tuple[str, str], Member] = field(default_factory=dict)
    """By queue and agent."""
    talking: set[str] = field(default_factory=set)
    """Agents who talk with a caller, of whatever queue."""
    seconds: Counter[tuple[str, AgentState]] = field(default_factory=Counter)
    """By queue and state: how long agents of the queue have been in it, up to `counted`."""
    counted: float | None = None
    is_known: bool = False
    """The members are those that the switch has; else they are what was known when it was last seen."""
    corrections: int = 0
    """Members of whom a list said something else than their events had."""

    def apply(self, event: FloorEvent, now: float) -> None:
        """Know what has happened; times go up to ``now`` first."""
        self.advance(now)
        match event:
            case Member(queue=queue, agent=agent):
                before = self.members.get((queue, agent))
                last_call = max(event.last_call, before.last_call if before else 0)
                self.members[queue, agent] = replace(event, last_call=last_call)
                if event.device == _IDLE:
                    self.talking.discard(agent)
            case MemberGone(queue=queue, agent=agent):
                self.members.pop((queue, agent), None)
            case TalkBegan(agent=agent):
                self.talking.add(agent)
            case TalkEnded(agent=agent, at=at):
                self.talking.discard(agent)
                for key, member in self.members.items():
                    if key[1] == agent:
                        self.members[key] = replace(member, last_call=max(at, member.last_call))

    def resync(self, members: Iterable[Member], now: float) -> None:
        """Know all members anew; those with the queue ``""``, of agents' own, only tell who talks."""
        self.advance(now)
        known = list(members)
        listed = {(member.queue, member.agent): member for member in known if member.queue}
        states = {key: self.state(member, now) for key, member in self.members.items()}
        self.talking = {member.agent for member in known if member.in_call}
        if self.is_known:
            self.corrections += sum(
                states.get(key) != self.state(member, now) for key, member in listed.items()
            ) + len(states.keys() - listed.keys())
        self.members = listed
        self.is_known = True

    def lose(self, now: float) -> None:
        """The switch is seen no more: nobody knows what agents do until it is."""
        self.advance(now)
        self.is_known = False

    def state(self, member: Member, now: float) -> AgentState:
        """What a member does in his queue."""
        if member.device in _BUSY:
            return AgentState.TALKING if member.agent in self.talking else AgentState.RINGING
        if member.device != _IDLE:
            return AgentState.LOGGED_OUT
        if member.paused:
            return AgentState.PAUSED
        wrap_up = member.wrap_up or self.wrap_up(member.queue)
        writes = bool(member.last_call) and now < member.last_call + wrap_up
        return AgentState.WRAP_UP if writes else AgentState.READY

    def queues(self, now: float) -> Counter[tuple[str, AgentState]]:
        """How many agents of each queue are in each state."""
        return Counter((queue, self.state(member, now)) for (queue, _), member in self.members.items())

    def agents(self, now: float) -> Counter[AgentState]:
        """How many agents are in each state; each is one, in however many queues."""
        found: dict[str, AgentState] = {}
        for (_, agent), member in self.members.items():
            state = self.state(member, now)
            other = found.get(agent, state)
            found[agent] = min(state, other, key=_FIRST.index)
        return Counter(found.values())

    def advance(self, now: float) -> None:
        """Count how long agents have been in their states; while nobody knows, nothing is counted."""
        if self.is_known and self.counted is not None and now > self.counted:
            gone = now - self.counted
            for key, agents in self.queues(now).items():
                self.seconds[key] += agents * gone  # type: ignore[assignment]  # seconds have fractions
        self.counted = now
