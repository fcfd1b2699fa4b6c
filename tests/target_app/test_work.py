"""The computation is a known one, and can be cut into pieces."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from target_app.work import checksum


@pytest.mark.parametrize(
    ("n", "state"),
    [
        pytest.param(0, 1, id="the seed itself"),
        pytest.param(1, 1_103_527_590, id="first number of glibc's TYPE_0 generator after srand(1)"),
        pytest.param(2, 377_401_575, id="second"),
        pytest.param(3, 662_824_084, id="third"),
        pytest.param(4, 1_147_902_781, id="fourth"),
        pytest.param(5, 2_035_015_474, id="fifth"),
    ],
)
def test_is_the_generator_of_glibc(n: int, state: int) -> None:
    assert checksum(n) == state


@settings(max_examples=30, derandomize=True, database=None)
@given(st.integers(0, 500), st.integers(0, 500))
def test_pieces_make_the_whole(first: int, second: int) -> None:
    assert checksum(second, checksum(first)) == checksum(first + second)
