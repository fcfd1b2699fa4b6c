"""What tests of bytes share: bytes that are cut, and a transport that ends in a list."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import pairwise


def cut(wire: bytes, places: Sequence[int]) -> list[bytes]:
    """The bytes in pieces, cut at these places modulo the length."""
    at = [0, *sorted({place % len(wire) for place in places} - {0}), len(wire)]
    return [wire[left:right] for left, right in pairwise(at)]


class Wire(asyncio.Transport):
    """Keeps what is written to it, and notes when it is dropped."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self.dropped = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written.append(bytes(data))

    def abort(self) -> None:
        self.dropped = True
