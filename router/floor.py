"""The floor: what each agent does, as a fold over what the switch says of the members of its queues. Pure.

Every piece of news is absolute (a member is in this state now), so that one that is read twice, or after a
newer list, does no harm. Only the end of wrap-up is told by nobody: it comes with time.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import assert_never


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
    members: dict[str, dict[str, Member]] = field(default_factory=dict)
    """By agent and queue."""
    talking: set[str] = field(default_factory=set)
    """Agents who talk with a caller, of whatever queue."""
    seconds: dict[tuple[str, AgentState], float] = field(default_factory=dict)
    """By queue and state: how long agents of the queue have been in it, up to `advance`."""
    since: dict[str, float] = field(default_factory=dict)
    """By agent: up to when his time is in `seconds`."""
    is_known: bool = False
    """The members are those that the switch has; else they are what was known when it was last seen."""
    corrections: int = 0
    """Members of whom a list said something else than their events had."""

    def apply(self, event: FloorEvent, now: float) -> None:
        """Know what has happened; the agent's time goes up to ``now`` first."""
        agent = event.agent
        self._settle(agent, now)
        rows = self.members.get(agent, {})
        match event:
            case Member(queue=queue):
                before = rows.get(queue)
                last_call = max(event.last_call, before.last_call if before else 0)
                self.members.setdefault(agent, {})[queue] = replace(event, last_call=last_call)
                if event.device == _IDLE:
                    self.talking.discard(agent)
            case MemberGone(queue=queue):
                rows.pop(queue, None)
                if not rows:
                    self._forget(agent)
            case TalkBegan():
                self.talking.add(agent)
            case TalkEnded(at=at):
                self.talking.discard(agent)
                for queue, member in rows.items():
                    rows[queue] = replace(member, last_call=max(at, member.last_call))
            case _ as never:
                assert_never(never)

    def _forget(self, agent: str) -> None:
        self.members.pop(agent, None)
        self.since.pop(agent, None)
        self.talking.discard(agent)

    def resync(self, members: Iterable[Member], now: float) -> None:
        """Know all members anew; those with the queue ``""``, of agents' own, only tell who talks."""
        self.advance(now)
        known = list(members)
        before = self._states(now)
        self.members, self.since = {}, {}
        self.talking = {member.agent for member in known if member.in_call}
        for member in known:
            if member.queue:
                self.members.setdefault(member.agent, {})[member.queue] = member
                self.since[member.agent] = now
        if self.is_known:
            after = self._states(now)
            self.corrections += sum(before.get(key) != after.get(key) for key in before.keys() | after.keys())
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
        return AgentState.WRAP_UP if now < self._written(member) else AgentState.READY

    def _written(self, member: Member) -> float:
        """When a member has written what the last caller said."""
        if not member.last_call:
            return 0
        return member.last_call + (member.wrap_up or self.wrap_up(member.queue))

    def _states(self, now: float) -> dict[tuple[str, str], AgentState]:
        return {
            (member.queue, member.agent): self.state(member, now)
            for rows in self.members.values()
            for member in rows.values()
        }

    def queues(self, now: float) -> Counter[tuple[str, AgentState]]:
        """How many agents of each queue are in each state."""
        return Counter((queue, state) for (queue, _), state in self._states(now).items())

    def agents(self, now: float) -> Counter[AgentState]:
        """How many agents are in each state; each is one, in however many queues."""
        return Counter(
            min((self.state(member, now) for member in rows.values()), key=_FIRST.index)
            for rows in self.members.values()
        )

    def advance(self, now: float) -> None:
        """Count how long agents have been in their states; while nobody knows, nothing is counted."""
        for agent in self.members:
            self._settle(agent, now)

    def _settle(self, agent: str, now: float) -> None:
        """Count one agent's time: of what is an event for nobody only the end of wrap-up can lie in it."""
        began = self.since.get(agent, now)
        self.since[agent] = max(began, now)
        if not self.is_known or now <= began:
            return
        for queue, member in self.members.get(agent, {}).items():
            state = self.state(member, began)
            until = min(self._written(member), now) if state is AgentState.WRAP_UP else now
            self._count(queue, state, until - began)
            if until < now:
                self._count(queue, AgentState.READY, now - until)

    def _count(self, queue: str, state: AgentState, seconds: float) -> None:
        self.seconds[queue, state] = self.seconds.get((queue, state), 0) + seconds
