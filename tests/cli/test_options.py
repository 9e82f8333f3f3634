"""Options that several commands share."""

import pytest

from router.cli.options import store_url
from router.errors import SettingsError


def test_a_store_can_stand_in_a_file(tmp_path):
    """A URL with a password: in a file that only its owner, or systemd's credentials, can read."""
    (tmp_path / "store").write_text("rediss://reader:s3cret@10.0.0.5/0\n")
    assert store_url(f"file:{tmp_path / 'store'}").text == "rediss://reader:s3cret@10.0.0.5/0"


@pytest.mark.parametrize("content", ["file:again", "http://10.0.0.5", ""])
def test_a_file_without_a_store_is_refused(content, tmp_path):
    (tmp_path / "store").write_text(content)
    with pytest.raises(SettingsError, match="store"):
        store_url(f"file:{tmp_path / 'store'}")


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(SettingsError, match=f"store file {tmp_path / 'none'} cannot be read"):
        store_url(f"file:{tmp_path / 'none'}")
