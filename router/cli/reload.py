"""`ivr reload`: have a running router load its policies now."""

import typer

from router.cli.live import Agi, Control, remote, told
from router.settings import Address


def reload(control: Control = None, agi: Agi = Address("127.0.0.1", 4573)) -> None:
    """Have the running router look at its policy files now, and print what came of it.

    A version that is live already is said to be so since when: the router may have seen the change by itself.
    Exit codes: 0 the files are live; 1 they are refused, with their mistakes in a line each; 2 no router
    answers, or it could not look at them.
    """
    router = remote(control, agi)
    outcomes, state = router.reload(), router.policy()
    # another version may have gone live since the answer
    since = state["loaded_at"] if state["version"] == outcomes["policies"]["version"] else None
    raise typer.Exit(told(outcomes, since=since))
