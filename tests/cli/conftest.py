"""What tests of `ivr explain` need: a store, and the command run with it."""

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from router.cli.explain import explain
from router.settings import StoreUrl
from router.store.embedded import connected

SHIPPED = Path(__file__).parents[2] / "policies"


@pytest.fixture
def embedded_store(tmp_path):
    """An embedded store that runs during the test: its URL and a client."""
    url = StoreUrl(f"embedded:{tmp_path}/store")
    with connected(url) as client:
        yield url, client


@pytest.fixture
def ivr_explain(tmp_path):
    """Run `ivr explain …` with the shipped policies and, if the test has one, its store."""
    app = typer.Typer()
    app.command()(explain)

    def run(*arguments, code=0, **environment):
        environment = {
            "IVR_STORE": f"embedded:{tmp_path}/store",
            "IVR_POLICIES": str(SHIPPED),
            "IVR_VERSIONS": str(tmp_path / "versions"),
            **environment,
        }
        result = CliRunner().invoke(app, list(map(str, arguments)), env=environment)
        if isinstance(code, int):
            assert result.exit_code == code, (result.output, result.exception)
        else:
            assert isinstance(result.exception, code), result.output
        return result

    return run
