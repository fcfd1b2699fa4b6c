"""Processor time against bytes: the body of `/bench/gzip` by level, of which 4 is the app's own."""

from __future__ import annotations

import gzip

import pytest

from tests.benchmarks.measuring import Measure, Subject


@pytest.mark.parametrize("level", [1, 4, 6, 9])
def test_gzip(level: int, text: bytes, measure: Measure) -> None:
    subject = Subject(f"gzip-{level}", "compression")
    sizes = {"bytes_in": len(text), "bytes_out": len(gzip.compress(text, level))}
    compressed = measure.call(subject, lambda: gzip.compress(text, level), **sizes)
    assert gzip.decompress(compressed) == text
    assert len(compressed) < len(text) / 2
