"""What becomes of a call."""

from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, slots=True, kw_only=True)
class Penalty:
    """Which agents of a queue may take the call, by their penalty there (0: own people, more: helpers)."""

    low: int
    high: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Overflow:
    """The next place to wait when a queue has not answered in time."""

    after: int
    """Seconds in the stage before."""
    queue: str
    priority: int
    penalty: Penalty | None = None
    """None: as the dialplan has it, own people first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Who has answered this caller first is tried first; times in seconds."""

    within: int
    """How long ago that may be."""
    wait: int
    """How long the caller waits for him, if he is ready."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToQueue:
    """Straight to a person: wait in this queue."""

    queue: str
    priority: int = 0
    penalty: Penalty | None = None
    """None: as the dialplan has it, own people first."""
    announcement: str | None = None
    """A prompt that the caller hears before waiting."""
    overflow: tuple[Overflow, ...] = ()
    owner: Owner | None = None
    """None: any agent of the queue."""

    @property
    def destination(self) -> str:
        """In one word, as in metrics: ``queue:elder-care``."""
        return f"queue:{self.queue}"


class Mark(NamedTuple):
    """What the switch is told of a caller beside the decision."""

    province: str = ""
    """For KPIs; empty where policies have no such attribute."""
    repeat: bool = False
    """A person has answered this caller inside the hotline's repeat window."""
    owner: str = ""
    """The agent whom the caller is to meet again; empty where nobody is."""


UNMARKED = Mark()
"""Nothing is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToMenu:
    """To a menu of the dialplan."""

    menu: str

    @property
    def destination(self) -> str:
        """In one word, as in metrics: ``menu:main``."""
        return f"menu:{self.menu}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Announce:
    """Play a prompt, then end the call."""

    prompt: str

    @property
    def destination(self) -> str:
        """In one word, as in metrics: ``announce:storm``."""
        return f"announce:{self.prompt}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refuse:
    """End the call, with a prompt that says why."""

    prompt: str

    @property
    def destination(self) -> str:
        """In one word, as in metrics: ``refuse:closed``."""
        return f"refuse:{self.prompt}"


Action = ToQueue | ToMenu | Announce | Refuse


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Decision:
    """An action and where it comes from.

    Every decision a policy can make is built once, when the policy is compiled; the decision path
    only chooses one. Two are the same when they are one object (``eq=False``).
    """

    action: Action
    hotline: str
    rule: str
    """The route that took the call."""
    segment: str
    """The first segment, in the hotline's order, that the caller belongs to; "none" if none."""
    policy: str
    """The version of the policy that decided."""

    @property
    def destination(self) -> str:
        """Where the call goes, in one word."""
        return self.action.destination
