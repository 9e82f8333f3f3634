"""A router that runs and follows a folder of policies."""

import re

from typer.testing import CliRunner

from loadtest.stack import Ivr
from router.agi.switch import ask
from router.cli.app import application
from router.errors import IvrError
from router.live.remote import Remote
from router.policy.load import load
from router.settings import Address
from router.store.keyfile import make_key
from tests.live.world import hotline


class Router:
    """A running `ivr serve` that follows a folder, and where everything of it is."""

    def __init__(self, ports, store, policies, *options):
        folder = policies.parent
        self.policies = policies
        self.agi = Address("127.0.0.1", ports.take())
        self.control = folder / "control.sock"
        self.versions = folder / "versions"
        if not (folder / "key").exists():
            make_key(folder / "key")
        self.own = ("--control", str(self.control), "--versions", str(self.versions))
        arguments = (
            *("serve", "--agi", str(self.agi), "--store", store, "--key-file", str(folder / "key")),
            *("--policies", str(policies), *self.own, *options),
        )
        self.process = Ivr(arguments, metrics=f"127.0.0.1:{ports.take()}", log=folder / "serve.log")

    def write(self, **wish):
        (self.policies / "10010.yaml").write_text(hotline(**wish))
        return load(self.policies).version

    def break_(self):
        (self.policies / "10010.yaml").write_text("hotline: 1\n")

    def decides(self, dialled="10010"):
        return ask(self.agi, "", dialled, "1.1").variables

    def version(self):
        [line] = [line for line in self.process.get("metrics").splitlines() if "ivr_policy_info{" in line]
        return re.search('version="([^"]*)"', line)[1]

    def reloads(self, outcome):
        return self.process.sample("ivr_policy_reloads_total", outcome=outcome)

    def settled(self):
        """It has looked at the files that it started with."""
        assert Remote(control=self.control).reload()["policies"]["result"] == "unchanged"
        return self

    def ivr(self, *arguments, options=None):
        """Exit code and output of a command of operations staff."""
        done = CliRunner().invoke(application(), [*arguments, *(options or ("--control", str(self.control)))])
        if isinstance(done.exception, IvrError | OSError):  # what main() makes of it
            return 2, f"{done.output}{done.exception}"
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, done.output

    def rollback(self, *arguments):
        return self.ivr("rollback", *arguments, "--policies", str(self.policies), options=self.own)
