"""`ivr watch` as it is typed."""

from importlib import import_module
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from router.cli.watch import ami_secret
from router.errors import SettingsError
from router.settings import Address, StoreUrl
from router.watch import WatchSettings

command = import_module("router.cli.watch")


class TestSecret:
    @pytest.mark.parametrize("content", ["s3cret\n", "s3cret", "s3cret\r\n"])
    def test_is_a_file_of_one_line(self, tmp_path, content, monkeypatch):
        """Before the variable, as the more particular of the two."""
        monkeypatch.setenv("IVR_AMI_SECRET", "another")
        (tmp_path / "secret").write_text(content)
        assert ami_secret(tmp_path / "secret") == "s3cret"

    def test_is_the_variable_otherwise(self, monkeypatch):
        """As `make up` and containers have it."""
        monkeypatch.setenv("IVR_AMI_SECRET", "s3cret")
        assert ami_secret(None) == "s3cret"

    @pytest.mark.parametrize("content", [b"", b"\n", b"one\ntwo\n", b"\xff\xfe"])
    def test_in_a_useless_file_is_an_error(self, tmp_path, content):
        """The text says which file."""
        (tmp_path / "secret").write_bytes(content)
        with pytest.raises(SettingsError, match=str(tmp_path / "secret")):
            ami_secret(tmp_path / "secret")

    def test_must_be_there(self, tmp_path, monkeypatch):
        """The text says both ways to give it."""
        monkeypatch.delenv("IVR_AMI_SECRET", raising=False)
        with pytest.raises(SettingsError, match="--ami-secret-file FILE, or IVR_AMI_SECRET"):
            ami_secret(None)
        with pytest.raises(SettingsError, match="cannot be read"):
            ami_secret(tmp_path / "nothing")


class TestOptions:
    @pytest.fixture
    def typed(self, monkeypatch):
        """Type the command; what the observer is told."""
        told: list[WatchSettings] = []
        monkeypatch.setattr(command, "run", told.append)
        for variable in ("IVR_AMI", "IVR_AMI_USER", "IVR_AMI_SECRET_FILE", "IVR_WATCH_METRICS"):
            monkeypatch.delenv(variable, raising=False)
        monkeypatch.setenv("IVR_AMI_SECRET", "s3cret")
        monkeypatch.setenv("IVR_STORE", "embedded:run/store")
        app = typer.Typer()
        app.command()(command.watch)

        def type_in(*words: str) -> WatchSettings:
            result = CliRunner().invoke(app, words)
            assert result.exit_code == 0, result.output
            return told[-1]

        return type_in

    def test_have_defaults_for_one_machine(self, typed):
        """Everything on loopback."""
        assert typed() == WatchSettings(
            ami=Address("127.0.0.1", 5038),
            user="ivr",
            secret="s3cret",
            store=StoreUrl("embedded:run/store"),
            policies=Path("policies"),
            metrics=Address("127.0.0.1", 9465),
            key_file=None,
            region="CN",
            queue_log=Path("/var/log/asterisk/queue_log"),
            state=Path("run/watch"),
            spool=None,
            journal_days=90,
        )

    def test_can_all_be_typed(self, typed, tmp_path):
        """Each option reaches the setting of its name."""
        (tmp_path / "secret").write_text("from a file")
        assert typed(
            *(
                "--ami",
                "127.0.0.2:5039",
                "--ami-user",
                "watch",
                "--ami-secret-file",
                str(tmp_path / "secret"),
            ),
            *("--store", "redis://127.0.0.1:6380", "--policies", "p", "--metrics", "127.0.0.1:0"),
            *("--key-file", "k", "--region", "HK", "--journal-days", "7"),
        ) == WatchSettings(
            ami=Address("127.0.0.2", 5039),
            user="watch",
            secret="from a file",
            store=StoreUrl("redis://127.0.0.1:6380"),
            policies=Path("p"),
            metrics=Address("127.0.0.1", 0),
            key_file=Path("k"),
            region="HK",
            queue_log=Path("/var/log/asterisk/queue_log"),
            state=Path("run/watch"),
            spool=None,
            journal_days=7,
        )

    def test_can_come_from_the_environment(self, typed, monkeypatch):
        """For units and containers."""
        monkeypatch.setenv("IVR_AMI", "127.0.0.3:5040")
        monkeypatch.setenv("IVR_AMI_USER", "env")
        monkeypatch.setenv("IVR_WATCH_METRICS", "127.0.0.1:9999")
        settings = typed()
        assert (settings.ami, settings.user, settings.metrics) == (
            Address("127.0.0.3", 5040),
            "env",
            Address("127.0.0.1", 9999),
        )
