"""What becomes of a call."""

from dataclasses import dataclass
from typing import assert_never


@dataclass(frozen=True, slots=True, kw_only=True)
class Overflow:
    """The next place to wait when a queue has not answered in time."""

    after: int
    """Seconds in the stage before."""
    queue: str
    priority: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ToQueue:
    """Straight to a person: wait in this queue."""

    queue: str
    priority: int = 0
    overflow: tuple[Overflow, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ToMenu:
    """To a menu of the dialplan."""

    menu: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Announce:
    """Play a prompt, then end the call."""

    prompt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refuse:
    """End the call, with a prompt that says why."""

    prompt: str


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
        """The action in one word, as in metrics: ``queue:elder-care``, ``menu:main``."""
        match self.action:
            case ToQueue(queue=queue):
                return f"queue:{queue}"
            case ToMenu(menu=menu):
                return f"menu:{menu}"
            case Announce(prompt=prompt):
                return f"announce:{prompt}"
            case Refuse(prompt=prompt):
                return f"refuse:{prompt}"
            case _ as never:
                assert_never(never)
