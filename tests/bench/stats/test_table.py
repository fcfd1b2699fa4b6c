from __future__ import annotations

from bench.model.record import Caveat
from bench.stats.table import Column, Row, Table, marks


def test_sections_keep_their_first_order_and_gather_their_rows() -> None:
    rows = [Row((str(number),), section) for number, section in enumerate("bab")]
    assert Table("t", (Column("n"),), tuple(rows)).sections == (("b", (rows[0], rows[2])), ("a", (rows[1],)))


def test_a_row_names_each_code_once() -> None:
    assert Row((), caveats=(Caveat("lag", "1"), Caveat("steal", "2"), Caveat("lag", "3"))).codes == (
        "lag",
        "steal",
    )


def test_marks_are_letters_in_the_order_of_the_codes() -> None:
    assert marks(["steal", "lag", "steal"]) == {"lag": "a", "steal": "b"}


def test_marks_go_on_after_z() -> None:
    codes = [f"{number:04}" for number in range(26 + 26 * 26 + 1)]
    found = list(marks(codes).values())
    assert [found[place] for place in (0, 25, 26, 27, 51, 52, 701, 702)] == [
        "a",
        "z",
        "aa",
        "ab",
        "az",
        "ba",
        "zz",
        "aaa",
    ]
    assert len(set(found)) == len(codes)
