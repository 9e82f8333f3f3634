"""What is said of growth, on samples made by hand."""

import pytest

from tests.soak.figures import MIB, Course, Sample, course, grown, left_open, lines


def run(*, growth: float = 0.0, jump: float = 0.0, descriptors: int = 0) -> list[Sample]:
    """Half an hour: MiB in ten minutes, a peak in one sample of ten, more descriptors at the end."""
    return [
        Sample(
            at=10.0 * place,
            resident=round(MIB * (80 + growth * place / 60 + (jump if place % 10 == 3 else 0))),
            descriptors=20 + place * descriptors // 179,
        )
        for place in range(180)
    ]


def test_growth_is_told_in_ten_minutes() -> None:
    found = course(run(growth=2.5))
    assert found.growth == pytest.approx(2.5, abs=0.01)
    assert (round(found.first, 1), round(found.last, 1)) == (80.4, 87.1)


def test_peaks_are_no_growth() -> None:
    """A scrape or a collection in one sample of ten."""
    assert course(run(jump=30)).growth == pytest.approx(0, abs=0.01)


@pytest.mark.parametrize(
    ("samples", "what"),
    [
        (run(growth=0.9), []),
        (run(growth=1.1), ["the router grew by 1.10 MiB in ten minutes"]),
        (run(descriptors=3), []),
        (run(descriptors=9), ["the router had 20 descriptors at first, and 28 at last"]),
    ],
)
def test_what_grows_is_named(samples: list[Sample], what: list[str]) -> None:
    steady = course(run())
    assert grown({"router": course(samples), "observer": steady, "store": steady}) == what


def test_the_store_may_grow_with_the_journal_and_the_switch_with_its_calls() -> None:
    steady, growing = course(run()), course(run(growth=50, descriptors=90))
    courses = {"router": steady, "observer": steady, "switch": growing, "store": course(run(growth=50))}
    assert grown(courses) == []


def test_what_stays_open_without_a_call_is_named() -> None:
    before, after = (Sample(at=0, resident=0, descriptors=number) for number in (40, 50))
    assert left_open({"switch": before}, {"switch": before}) == []
    (told,) = left_open({"switch": before}, {"switch": after})
    assert "50 descriptors" in told


def test_one_sample_says_nothing() -> None:
    with pytest.raises(ValueError, match="1 samples"):
        course(run()[:1])


def test_the_table_has_a_row_for_each() -> None:
    steady = Course(first=80.04, last=81.0, growth=0.25, descriptors=(20, 21.5))
    assert lines({"router": steady})[2:] == ["| router | 80.0 MiB | 81.0 MiB | +0.25 MiB | 20, 21.5 |"]
