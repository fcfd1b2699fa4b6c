"""A part file by hand, after the format's description in callgrind's manual."""

from __future__ import annotations

import pytest

from bench.exact.callgrind import by_object, inside, own, total

PART = """# callgrind format
version: 1
positions: line
events: Ir
summary: 1000

ob=/usr/lib/libpython3.11.so.1.0
fl=typeobject.c
fn=_PyType_Lookup
10 100
cfn=find_name_in_mro
calls=3 20
12 90
cfn=find_name_in_mro'2
calls=1 20
13 10
cob=/usr/lib/libc.so.6
cfn=memcpy
calls=5 0
14 50

fn=find_name_in_mro
20 100
cfn=dict_lookup
calls=7 30
21 400

fi=other.h
30 250
fe=typeobject.c
31 500

ob=/usr/lib/libc.so.6
fl=???
fn=memcpy
0 50
totals: 1000
"""


def test_the_total_is_what_callgrind_sums_up() -> None:
    assert total(PART) == 1000


def test_a_file_that_is_cut_off_is_refused() -> None:
    with pytest.raises(ValueError, match="no finished part file"):
        total(PART.partition("summary")[0])


def test_what_a_function_took_counts_its_calls_at_every_depth_and_no_other() -> None:
    found = inside(PART, ["find_name_in_mro", "memcpy", "find_name"])
    assert found == {"find_name_in_mro": (3 + 1, 90 + 10), "memcpy": (5, 50)}


@pytest.mark.parametrize(
    ("function", "spent"),
    [("_PyType_Lookup", 100), ("find_name_in_mro", 100 + 250 + 500), ("memcpy", 50), ("find_name", 0)],
)
def test_what_a_function_took_by_itself_leaves_its_calls_out(function: str, spent: int) -> None:
    assert own(PART, function) == spent


def test_what_was_spent_in_calls_counts_where_it_was_spent() -> None:
    assert by_object(PART) == {
        "/usr/lib/libpython3.11.so.1.0": 100 + 100 + 250 + 500,
        "/usr/lib/libc.so.6": 50,
    }
    assert sum(by_object(PART).values()) == total(PART)
