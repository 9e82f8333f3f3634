"""`ivr reload`: have a running router load its policies now."""

from collections.abc import Mapping
from typing import Any

import typer

from router.cli.live import Agi, Control, each, name_of, remotes, told
from router.live.remote import NoRouter, Remote
from router.settings import Address


def reload(control: Control = None, agi: Agi = Address("127.0.0.1", 4573)) -> None:
    """Have the running router look at its policy files now, and print what came of it, of each worker.

    A version that is live already is said to be so since when: the router may have seen the change by itself.
    Exit codes: 0 the files are live; 1 they are refused, with their mistakes in a line each; 2 no router
    answers, or it could not look at them. Of several workers the worst counts.
    """
    routers, code = remotes(control, agi), 0
    for router, answer in zip(routers, each(routers, _asked), strict=True):
        name = name_of(router, routers)
        if isinstance(answer, NoRouter):
            typer.echo(f"{name or 'ivr: '}{answer}", err=True)
            code = 2
        else:
            outcomes, since = answer
            code = max(code, told(outcomes, since=since, name=name))
    raise typer.Exit(code)


def _asked(router: Remote) -> tuple[Mapping[str, Any], float | None]:
    """What came of it, and when the live version went live."""
    outcomes, state = router.reload(), router.policy()
    # another version may have gone live since the answer
    return outcomes, state["loaded_at"] if state["version"] == outcomes["policies"]["version"] else None
