from __future__ import annotations

from bench.gates.exact.reasons import Functions, functions, libraries


def own(**counts: float) -> Functions:
    return Functions(counts, {})


def test_functions_come_by_the_size_of_their_change_and_say_what_is_new_or_gone() -> None:
    base = own(a=10, b=50, c=5, same=1000)
    head = own(a=40, b=50, d=7.5, same=1000)
    assert functions(base, head) == (
        "a: +30 bytecodes a request",
        "d: +8 bytecodes a request, new",
        "c: -5 bytecodes a request, gone",
    )


def test_what_is_small_beside_the_largest_of_its_kind_is_left_out() -> None:
    assert functions(own(), own(large=1000, small=49)) == ("large: +1,000 bytecodes a request, new",)
    found = functions(Functions({}, {}), Functions({"mine": 1}, {"theirs": 1000, "small": 49}))
    assert [line.partition(":")[0] for line in found] == ["mine", "theirs"]


def test_the_apps_own_functions_come_first_however_large_those_of_libraries_are() -> None:
    """A page 40 times as long: the loop is in the template, and most of the work in what it calls."""
    theirs = {f"theirs{number}": 5000.0 + number for number in range(9)}
    head = Functions({"root (templates/page.html)": 3510.0, "small": 200.0}, theirs)
    found = [line.partition(":")[0] for line in functions(Functions({}, {}), head)]
    assert found == ["root (templates/page.html)", "small", "theirs8", "theirs7"]


def test_of_the_libraries_one_is_told_even_where_the_apps_own_are_many() -> None:
    head = Functions(dict.fromkeys("abcdef", 10.0), {"theirs": 5000.0, "others": 4000.0})
    assert [line[0] for line in functions(Functions({}, {}), head)] == ["a", "b", "c", "d", "t"]


def test_at_most_four_are_told_where_only_one_kind_changed() -> None:
    many = dict.fromkeys("abcdef", 10.0)
    assert len(functions(Functions({}, {}), Functions(many, {}))) == 4
    assert len(functions(Functions({}, {}), Functions({}, many))) == 4


def test_libraries_are_known_by_their_files_wherever_they_lie() -> None:
    assert libraries({"/a/libc.so.6": 10.0}, {"/b/libc.so.6": 25.0}) == (
        "libc.so.6: +15 instructions a request",
    )


def test_of_libraries_at_most_four_are_told() -> None:
    assert len(libraries({}, dict.fromkeys("abcdef", 10.0))) == 4


def test_nothing_changed_gives_no_reason() -> None:
    assert functions(own(a=1), own(a=1)) == ()
