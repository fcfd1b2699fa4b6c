from __future__ import annotations

from collections.abc import Callable

import pytest

from bench.model import json_values as values


@pytest.mark.parametrize(
    ("read", "value", "expected"),
    [
        (values.as_mapping, {"a": 1}, {"a": 1}),
        (values.as_mapping, [1], {}),
        (values.as_list, [1, "a"], (1, "a")),
        (values.as_list, (1,), (1,)),
        (values.as_list, "ab", ()),
        (values.as_text, "a", "a"),
        (values.as_text, 1, None),
        (values.as_texts, ["a", 1], ("a", "1")),
        (values.as_texts, "ab", ()),
        (values.as_words, {"a": 1}, {"a": "1"}),
        (values.as_words, None, {}),
        (values.as_count, 2, 2),
        (values.as_count, 2.0, None),
        (values.as_count, True, None),
        (values.as_counts, [1, "a", True, 2], (1, 2)),
        (values.as_counts, [], ()),
        (values.as_counts, 1, None),
        (values.as_number, 2.5, 2.5),
        (values.as_number, 2, 2),
        (values.as_number, False, None),
        (values.as_number, "2", None),
        (values.as_numbers, [1, "a", 2.5, None, True], (1, 2.5)),
        (values.as_numbers, 1, ()),
    ],
)
def test_a_value_of_another_type_is_missing(
    read: Callable[[object], object], value: object, expected: object
) -> None:
    assert read(value) == expected


@pytest.mark.parametrize(("value", "expected"), [({"a": 1}, ["a"]), ({}, None), (None, None), ([1], None)])
def test_a_part_that_is_missing_or_empty_is_none(value: object, expected: object) -> None:
    assert values.read_part(list, value) == expected
