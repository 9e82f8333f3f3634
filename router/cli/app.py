"""The command `ivr`: all commands, and what becomes of errors."""

import gc
import signal
import subprocess
import sys
from importlib import import_module

import structlog
import typer
from prometheus_client import disable_created_metrics

from loadtest.errors import LoadtestError
from router import __version__
from router.errors import IvrError

_COMMANDS = {
    "serve": "serve",
    "watch": "watch",
    "doctor": "doctor",
    "lint": "lint",
    "test": "suites",
    "schema": "schema",
    "prove": "prove",
    "diff": "diff",
    "explain": "explain",
    "call": "call",
    "kpi": "kpi",
    "journal": "app",
    "customers": "app",
    "reload": "reload",
    "rollback": "rollback",
    "purge": "purge",
    "load": "load",
    "up": "up",
    "demo": "demo",
}
"""What each command is in its module, which has its name: a function, or a Typer of commands. (pytest would
take a function named test for one of its own.)"""


def application(*names: str) -> typer.Typer:
    """The command line with these commands, without any with all of them.

    Each costs its imports: a router that is started again need not wait for a solver.
    """
    app = typer.Typer(
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,  # they print local variables, where secrets and numbers are
        help="Intelligent IVR and call routing for a telecom hotline.",
    )
    app.callback()(lambda: None)  # also one command alone is called by its name
    for name in names or _COMMANDS:
        command = getattr(import_module(f"router.cli.{name}"), _COMMANDS[name])
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=name)
        else:
            app.command(name)(command)
    app.command()(version)
    return app


def version() -> None:
    """Print the version."""
    typer.echo(__version__)


def main() -> None:
    """Run a command; what goes wrong on purpose is told in a line, with exit code 2."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.WriteLoggerFactory(sys.stdout),
    )
    # also at a signal a command leaves by its context managers: what it started is stopped
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda received, _: sys.exit(128 + received))
    disable_created_metrics()  # type: ignore[no-untyped-call]  # half of all series, and nobody asks for them
    wanted = [name for name in sys.argv[1:2] if name in _COMMANDS]
    try:
        _imported(*wanted)()
    except (IvrError, LoadtestError, OSError, subprocess.CalledProcessError) as wrong:
        typer.echo(f"ivr: {_words(wrong)}", err=True)
        sys.exit(2)


def _imported(*names: str) -> typer.Typer:
    """The command line with these commands, whose modules are never looked through for garbage.

    They make none while they are imported, and looking for it is a fifth of a router's start.
    """
    gc.disable()
    try:
        return application(*names)
    finally:
        gc.freeze()
        gc.enable()


def _words(wrong: Exception) -> str:
    """What went wrong; of a file, which one and why."""
    if isinstance(wrong, OSError) and wrong.filename and wrong.strerror:
        return f"{wrong.filename}: {wrong.strerror.lower()}"
    return str(wrong)
