"""The targets of `make fuzz` hold for what the real peers write, and for a little of anything."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.targets import TARGETS


@pytest.mark.parametrize(
    ("name", "seed"), [(name, seed) for name, target in TARGETS.items() for seed in target.seeds]
)
def test_what_the_real_peer_writes(name: str, seed: bytes) -> None:
    TARGETS[name].feed(seed)


@pytest.mark.parametrize("name", TARGETS)
def test_a_seed_that_was_changed_a_little(name: str) -> None:
    target = TARGETS[name]

    @given(st.sampled_from(target.seeds), st.integers(0, 2_000), st.binary(max_size=8))
    def changed(seed: bytes, place: int, piece: bytes) -> None:
        place %= len(seed)
        target.feed(seed[:place] + piece + seed[place + 1 :])

    changed()
