"""What is remembered must be what the library itself would say: it is asked, too, on a table of its own."""

from __future__ import annotations

import hpack
from h2.config import H2Configuration
from hypothesis import given
from hypothesis import strategies as st

from bench.system.hpack_memory import RememberingDecoder, RememberingEncoder

Fields = tuple[tuple[bytes, bytes], ...]
FIELDS = st.lists(
    st.tuples(
        st.sampled_from((b"x-a", b"x-b", b"cookie", b":path")), st.sampled_from((b"", b"1", b"2" * 60))
    ),
    max_size=4,
).map(tuple)


@given(st.lists(FIELDS, max_size=30), st.lists(st.integers(0, 400), max_size=3))
def test_blocks_are_those_of_the_library(heads: list[Fields], sizes: list[int]) -> None:
    """Through a table that is small, so that entries are dropped, and that changes its size."""
    mine, plain, reader = RememberingEncoder(), hpack.Encoder(), hpack.Decoder()
    mine.header_table_size = plain.header_table_size = 200
    for number, head in enumerate(heads):
        if number % 10 == 9 and sizes:
            mine.header_table_size = plain.header_table_size = sizes.pop()
        block = mine.encode(head)
        assert block == plain.encode(head)
        assert [tuple(pair) for pair in reader.decode(block, raw=True)] == list(head)


@given(st.lists(FIELDS, max_size=30))
def test_fields_are_those_that_were_encoded(heads: list[Fields]) -> None:
    writer, mine = hpack.Encoder(), RememberingDecoder(H2Configuration(), 1 << 16)
    writer.header_table_size = 200
    for head in heads:
        found = mine.decode(writer.encode(head), raw=True)
        assert [tuple(pair) for pair in found] == list(head)


def test_h2_looks_at_what_is_new_alone() -> None:
    config = H2Configuration()
    writer, mine = hpack.Encoder(), RememberingDecoder(config, 1 << 16)
    looks = []
    for value in (b"1", b"1", b"1", b"2", b"1", b"1"):
        list(mine.decode(writer.encode([(b"x-a", value)]), raw=True))
        looks.append(config.validate_inbound_headers)
    assert looks == [True, True, False, True, True, False]
