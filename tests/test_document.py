"""What was measured gets into a document, and nothing else of it changes."""

from pathlib import Path

import pytest

from tests.document import END, machine, write

BEGIN = "<!-- one -->"


@pytest.fixture
def page(tmp_path: Path) -> Path:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nbetween\n<!-- other -->\nkept\n{END}\nafter\n")
    return page


def test_lines_stand_between_the_marks(page: Path) -> None:
    """Again and again: what was there is replaced, other sections stay."""
    for lines in (["first"], ["| a | b |", "last"]):
        write(page, BEGIN, lines)
    text = f"Machine: {machine()}.\n\n| a | b |\nlast"
    wanted = f"before\n{BEGIN}\n\n{text}\n\n{END}\nbetween\n<!-- other -->\nkept\n{END}\nafter\n"
    assert page.read_text() == wanted


def test_a_page_without_the_marks_is_refused(page: Path) -> None:
    before = page.read_text()
    with pytest.raises(ValueError, match="has no"):
        write(page, "<!-- another -->", ["x"])
    assert page.read_text() == before


@pytest.mark.parametrize("mark", ["make faults", "make soak", "SIP calls"])
def test_the_page_of_failures_has_the_marks(mark: str) -> None:
    """Of all who write into it."""
    page = (Path(__file__).parent.parent / "docs/reliability.md").read_text(encoding="utf-8")
    begin = [line for line in page.splitlines() if line.startswith("<!--") and mark in line]
    assert begin
    assert all(END in page.partition(each)[2] for each in begin)
