"""Formats, against a validator of others."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.starter.formats import SAMPLES, is_of_format
from tests.bench.starter.schemas import FORMATS, is_valid


@pytest.mark.parametrize("name", SAMPLES)
def test_each_sample_is_of_its_format(name: str) -> None:
    assert is_of_format(SAMPLES[name], name)
    assert is_valid(SAMPLES[name], {"type": "string", "format": name})


@given(st.sampled_from(FORMATS), st.text("0123456789abPTZ:-./~+@", max_size=12))
@settings(max_examples=200, deadline=None)
def test_what_is_taken_for_a_format_is_of_it(name: str, text: str) -> None:
    if is_of_format(text, name):
        assert is_valid(text, {"format": name})


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("date", "2026-02-30"),
        ("date-time", "2026-01-01 12:00"),
        ("uuid", "123"),
        ("email", "user"),
        ("uri", "example.com"),
        ("ipv4", "192.0.2.300"),
        ("duration", "P"),
        ("duration", "PT"),
    ],
)
def test_what_is_not_of_a_format(name: str, text: str) -> None:
    assert not is_of_format(text, name)


def test_of_other_formats_nothing_is_known() -> None:
    assert is_of_format("anything", "colour")
