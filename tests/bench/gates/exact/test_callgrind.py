"""A part file by hand, after the format's description in callgrind's manual."""

from __future__ import annotations

import pytest

from bench.gates.exact.callgrind import by_object, exclusive, inclusive
from bench.inside._fastapi_bench_exact.parts import total

PART = """# callgrind format
version: 1
positions: line
events: Ir
summary: 1234

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
cfn=find_name_in_mro.cold
calls=1 20
13 8
cfn=find_name_in_mro.lto_priv.0
calls=2 20
13 7
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

fl=typeobject.c
fn=find_name_in_mro'2
20 20

fn=find_name_in_mro.cold
20 30

ob=/usr/lib/libc.so.6
fl=???
fn=memcpy
0 50
totals: 1050
"""


def test_the_total_is_what_callgrind_sums_up_at_the_end() -> None:
    assert total(PART) == 1050


def test_a_file_that_is_cut_off_is_refused() -> None:
    with pytest.raises(ValueError, match="no finished part file"):
        total(PART.partition("totals")[0])


def test_what_calls_took_is_that_of_the_outermost_ones() -> None:
    found = inclusive(PART, ["find_name_in_mro", "memcpy", "find_name"])
    assert found == {"find_name_in_mro": (3 + 2, 90 + 7), "memcpy": (5, 50), "find_name": (0, 0)}


@pytest.mark.parametrize(
    ("functions", "spent"),
    [
        (["_PyType_Lookup"], 100),
        (["find_name_in_mro"], 100 + 250 + 500 + 20 + 30),
        (["memcpy", "_PyType_Lookup"], 50 + 100),
        (["find_name"], 0),
    ],
)
def test_what_functions_took_by_themselves_leaves_their_calls_out(functions: list[str], spent: int) -> None:
    assert exclusive(PART, functions) == spent


def test_what_was_spent_in_calls_counts_where_it_was_spent() -> None:
    assert by_object(PART) == {
        "/usr/lib/libpython3.11.so.1.0": 100 + 100 + 250 + 500 + 20 + 30,
        "/usr/lib/libc.so.6": 50,
    }
    assert sum(by_object(PART).values()) == total(PART)
