"""`ivr reload`: have a running router load its policies now."""

import typer

from router.cli.live import Agi, Control, remote, told
from router.settings import Address


def reload(control: Control = None, agi: Agi = Address("127.0.0.1", 4573)) -> None:
    """Have the running router look at its policy files now, and print what came of it.

    Exit codes: 0 the files are live; 1 they are refused, with every mistake in a line; 2 no router answers,
    or it could not look at them.
    """
    raise typer.Exit(told(remote(control, agi).reload()))
