"""The command `ivr`: all commands, and what becomes of errors."""

import signal
import subprocess
import sys

import structlog
import typer
from prometheus_client import disable_created_metrics

from loadtest.errors import LoadtestError
from router import __version__
from router.cli import customers, journal
from router.cli.call import call
from router.cli.demo import demo
from router.cli.diff import diff
from router.cli.doctor import doctor
from router.cli.explain import explain
from router.cli.kpi import kpi
from router.cli.lint import lint
from router.cli.prove import prove
from router.cli.purge import purge
from router.cli.reload import reload
from router.cli.rollback import rollback
from router.cli.schema import schema
from router.cli.serve import serve
from router.cli.test import suites
from router.cli.up import up
from router.cli.watch import watch
from router.errors import IvrError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,  # they print local variables, where secrets and numbers are
    help="Intelligent IVR and call routing for a telecom hotline.",
)
for command in (
    *(serve, watch, doctor, lint, schema, prove, diff, explain, call, kpi, reload, rollback, purge, up, demo),
):
    app.command()(command)
app.command("test")(suites)  # pytest would take a function of that name for one of its own
app.add_typer(customers.app, name="customers")
app.add_typer(journal.app, name="journal")


@app.command()
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
    try:
        app()
    except (IvrError, LoadtestError, OSError, subprocess.CalledProcessError) as wrong:
        typer.echo(f"ivr: {_words(wrong)}", err=True)
        sys.exit(2)


def _words(wrong: Exception) -> str:
    """What went wrong; of a file, which one and why."""
    if isinstance(wrong, OSError) and wrong.filename and wrong.strerror:
        return f"{wrong.filename}: {wrong.strerror.lower()}"
    return str(wrong)
