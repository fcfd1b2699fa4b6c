"""Texts for regular expressions."""

from __future__ import annotations

import re

import pytest

from bench.starter.patterns import samples
from bench.starter.validity import SchemaError
from tests.bench.starter.schemas import PATTERNS


@pytest.mark.parametrize(
    "pattern", [*PATTERNS, r"^(?i:ab)\b", r"^[^\W\d_]+$", r"^\D\W$", r"^(?>a+)b$", r"^x*+y$", r"a{64,}"]
)
def test_a_sample_matches_its_pattern(pattern: str) -> None:
    assert any(re.search(pattern, text) for text in samples(pattern))


def test_samples_grow_until_they_cannot() -> None:
    assert list(samples("^ab{2,4}$")) == ["abb", "abbb", "abbbb"]
    assert len(list(samples("^a+$"))[-1]) == 65


def test_the_empty_text_comes_last() -> None:
    assert list(samples("^a?$")) == ["a", ""]


@pytest.mark.parametrize("pattern", ["(", "[b-a]", r"^(a)\1$"])
def test_what_is_not_understood_has_a_reason(pattern: str) -> None:
    with pytest.raises(SchemaError):
        list(samples(pattern))
