from __future__ import annotations

from bench.exact.reasons import functions, libraries


def test_functions_come_by_the_size_of_their_change_and_say_what_is_new_or_gone() -> None:
    base = {"a": 10.0, "b": 50.0, "c": 5.0, "same": 1000.0}
    head = {"a": 40.0, "b": 50.0, "d": 7.5, "same": 1000.0}
    assert functions(base, head) == (
        "a: +30 bytecodes a request",
        "d: +8 bytecodes a request, new",
        "c: -5 bytecodes a request, gone",
    )


def test_what_is_small_beside_the_largest_is_left_out() -> None:
    assert functions({}, {"large": 1000.0, "small": 49.0}) == ("large: +1,000 bytecodes a request, new",)


def test_at_most_four_are_told() -> None:
    assert len(functions({}, dict.fromkeys("abcdef", 10.0))) == 4


def test_libraries_are_known_by_their_files_wherever_they_lie() -> None:
    assert libraries({"/a/libc.so.6": 10.0}, {"/b/libc.so.6": 25.0}) == (
        "libc.so.6: +15 instructions a request",
    )


def test_nothing_changed_gives_no_reason() -> None:
    assert functions({"a": 1.0}, {"a": 1.0}) == ()
