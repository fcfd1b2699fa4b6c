"""Bodies come out as they were before each library's own writer compressed them."""

from __future__ import annotations

import gzip
import sys
import zlib

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from scenarios.decoding import DecodingError, decode


def raw_deflate(body: bytes) -> bytes:
    stream = zlib.compressobj(wbits=-15)
    return stream.compress(body) + stream.flush()


WRITERS = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "GZip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstandard.ZstdCompressor().compress,
    "identity": bytes,
    "": bytes,
}


@pytest.mark.parametrize("coding", WRITERS)
@given(body=st.binary(min_size=1, max_size=200))
def test_a_body_is_read_back(coding: str, body: bytes) -> None:
    assert decode(WRITERS[coding](body), coding) == body


def test_deflate_may_lack_its_header() -> None:
    assert decode(raw_deflate(b"welcome" * 9), "deflate") == b"welcome" * 9


def test_a_stream_of_zstd_names_no_size() -> None:
    stream = zstandard.ZstdCompressor().compressobj()
    assert decode(stream.compress(b"welcome") + stream.flush(), "zstd") == b"welcome"


def test_gzip_may_have_several_members_and_padding() -> None:
    assert decode(gzip.compress(b"wel") + gzip.compress(b"come") + b"\0\0", "gzip") == b"welcome"


def test_the_last_coding_is_undone_first() -> None:
    assert decode(brotli.compress(gzip.compress(b"welcome")), "gzip, br") == b"welcome"


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "aws-chunked"])
def test_an_empty_body_stays_empty(coding: str) -> None:
    assert decode(b"", coding) == b""


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_a_body_that_is_cut_or_something_else_is_broken(coding: str) -> None:
    whole = WRITERS[coding](bytes(range(256)) * 4)
    for body in (whole[:-1], whole[: len(whole) // 2], b"welcome, all of you"):
        with pytest.raises(DecodingError) as caught:
            decode(body, coding)
        assert str(caught.value) == f"undecodable: broken {coding}"


def test_an_unknown_coding_is_said_to_be_one() -> None:
    with pytest.raises(DecodingError, match="unknown"):
        decode(b"5;sign=1", "aws-chunked")


@pytest.mark.parametrize(("coding", "package"), [("br", "brotli"), ("zstd", "zstandard")])
def test_a_missing_package_is_named(coding: str, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(DecodingError, match=package):
        decode(WRITERS[coding](b"welcome"), coding)
