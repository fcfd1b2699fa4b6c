"""Compression of fields (HPACK, RFC 7541) that remembers: most requests and answers of a load repeat theirs."""

from __future__ import annotations

from collections.abc import Iterable

import hpack
from h2.config import H2Configuration
from hpack.table import HeaderTable

from bench.system.http2_request import Fields

_BLOCKS_KEPT = 1024
_KEPT_BYTES = 16 * 1024


class RememberingEncoder(hpack.Encoder):
    """Remembers the blocks that leave its table as it is: the same fields give the same block until it changes."""

    def __init__(self) -> None:
        super().__init__()
        self._blocks: dict[Fields, bytes] = {}

    def encode(self, headers: Iterable[tuple[bytes, bytes]], huffman: bool = True) -> bytes:  # type: ignore[override]
        table, key = self.header_table, tuple(headers)
        if table.resized:  # of which the block has to tell, and the table may have lost entries
            self._blocks.clear()
            return super().encode(key, huffman)
        known = self._blocks.get(key)
        if known is not None:
            return known
        before = _state(table)
        block = super().encode(key, huffman)
        if _has_changed(table, before) or len(self._blocks) >= _BLOCKS_KEPT:
            self._blocks.clear()
        else:
            self._blocks[key] = block
        return block


class RememberingDecoder(hpack.Decoder):
    """Remembers what blocks meant that leave its table as it is, and has h2 look at each of them once."""

    def __init__(self, config: H2Configuration, most_bytes: int) -> None:
        super().__init__(most_bytes)
        self._config = config
        self._fields: dict[bytes, list[hpack.HeaderTuple]] = {}

    def decode(self, data: bytes, raw: bool = False) -> Iterable[hpack.HeaderTuple]:
        known = self._fields.get(data)
        self._config.validate_inbound_headers = known is None
        if known is not None:
            return known
        before = _state(self.header_table)
        fields = list(super().decode(data, raw))
        if _has_changed(self.header_table, before) or len(self._fields) >= _BLOCKS_KEPT:
            self._fields.clear()
        elif len(data) <= _KEPT_BYTES:
            self._fields[bytes(data)] = fields
        return fields


def _state(table: HeaderTable) -> tuple[object, int, int]:
    """What differs once an entry was added or dropped, or the table got another size: its newest entry above all."""
    entries = table.dynamic_entries
    return entries[0] if entries else None, len(entries), table.maxsize


def _has_changed(table: HeaderTable, before: tuple[object, int, int]) -> bool:
    newest, *sizes = _state(table)
    return newest is not before[0] or (*sizes,) != before[1:]
