"""Bodies that a server compressed, as they were before: gzip and deflate, and br and zstd where their package is."""

from __future__ import annotations

import zlib
from collections.abc import Callable

_GZIP, _ZLIB, _RAW = 31, 15, -15
"""The formats, as zlib numbers them."""


class DecodingError(Exception):
    """A body cannot be decoded; the message is a fault such as `undecodable: broken gzip`."""


def decode(body: bytes, codings: str) -> bytes:
    """The body before its Content-Encoding, which names codings in the order they were applied.

    An empty body stays empty, as that of an answer to HEAD. Raises DecodingError.
    """
    for name in reversed(codings.lower().split(",")):
        coding = name.strip()
        if body and coding not in ("", "identity"):
            body = _decode_one(body, coding)
    return body


def _decode_one(body: bytes, coding: str) -> bytes:
    decoder = _DECODERS.get(coding.removeprefix("x-"))
    if decoder is None:
        raise DecodingError("undecodable: unknown Content-Encoding")
    try:
        return decoder(body)
    except DecodingError:
        raise
    except Exception:  # each package has errors of its own
        raise DecodingError(f"undecodable: broken {coding}") from None


def _inflate(body: bytes, window: int) -> bytes:
    """All members of a stream, which must be whole."""
    parts: list[bytes] = []
    while body:
        stream = zlib.decompressobj(window)
        parts.append(stream.decompress(body))
        if not stream.eof:
            raise zlib.error("cut short")
        body = stream.unused_data.lstrip(b"\0")
    return b"".join(parts)


def _gunzip(body: bytes) -> bytes:
    return _inflate(body, _GZIP)


def _deflated(body: bytes) -> bytes:
    """The body of `deflate`, which some servers send without the header that RFC 9110 asks for."""
    try:
        return _inflate(body, _ZLIB)
    except zlib.error:
        return _inflate(body, _RAW)


def _unbrotli(body: bytes) -> bytes:
    try:
        import brotli
    except ImportError:
        raise DecodingError("undecodable: br needs the package brotli") from None
    decoded: bytes = brotli.decompress(body)
    return decoded


def _unzstd(body: bytes) -> bytes:
    try:
        import zstandard
    except ImportError:
        raise DecodingError("undecodable: zstd needs the package zstandard") from None
    stream = zstandard.ZstdDecompressor().decompressobj()
    decoded: bytes = stream.decompress(body)
    if not stream.eof:
        raise ValueError("cut short")
    return decoded


_DECODERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": _gunzip,
    "deflate": _deflated,
    "br": _unbrotli,
    "zstd": _unzstd,
}
