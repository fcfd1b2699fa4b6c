"""Streams by name: which requests have a row, and its figures."""

from __future__ import annotations

from dataclasses import replace

from bench.model.record import Latency, RequestSummary
from bench.results.streams import stream_table, streams
from bench.stats.format import NOTHING
from tests.bench.builders import recorded
from tests.bench.results.test_endpoints import named, part


def streamed(requests: int, first: float, gap: float, gaps: int) -> RequestSummary:
    return replace(
        part(requests, 99.0),
        first_byte_ms=Latency(p50=first, p99=2 * first),
        gap_ms=Latency(p50=gap, p99=3 * gap, max=4 * gap),
        gaps=gaps,
    )


def test_figures_are_medians_of_the_rounds_and_pieces_are_of_all() -> None:
    rounds = [
        named(0, chat=streamed(10, 5.0, 1.0, 100), plain=part(9, 1.0)),
        named(1, chat=streamed(10, 7.0, 2.0, 100), plain=part(9, 1.0)),
        named(2, chat=streamed(20, 6.0, 3.0, 100), plain=part(9, 1.0)),
    ]
    (row,) = stream_table(recorded(*rounds)).rows
    assert row.entries == ("chat", "6.00", "12.0", "2.00", "6.00", "8.00", "8.50")


def test_a_cell_of_one_name_has_its_row() -> None:
    table = stream_table(recorded(named(0, chat=streamed(4, 5.0, 1.0, 8))))
    assert [row.entries[0] for row in table.rows] == ["chat"]
    assert len(table.rows[0].entries) == len(table.columns)


def test_answers_whose_length_is_known_are_no_streams() -> None:
    """Those of the server that sends head and body apart come in two pieces, too."""
    whole = replace(part(9, 1.0), first_byte_ms=Latency(p50=0.5, p99=0.9))
    results = recorded(named(0, whole=whole, before=part(9, 1.0)))
    assert streams(results.cells[0]) == ()
    assert stream_table(results).rows == ()
    assert stream_table(results).notes == ()


def test_a_round_without_the_name_leaves_its_figures_to_the_others() -> None:
    rounds = [named(0, chat=streamed(4, 5.0, 1.0, 8)), named(1, other=part(9, 1.0))]
    (row,) = stream_table(recorded(*rounds)).rows
    assert row.entries[1] == "5.00"
    assert NOTHING not in row.entries
