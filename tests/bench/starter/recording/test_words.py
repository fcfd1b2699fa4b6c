"""Names as words, and what an id looks like."""

from __future__ import annotations

import pytest

from bench.starter.recording.words import entity, is_id, is_id_name, is_opaque, snake, unused, words_of


@pytest.mark.parametrize(
    ("name", "words", "python"),
    [
        ("orderId", {"order"}, "order_id"),
        ("order_ids", {"order"}, "order_ids"),
        ("Categories", {"category"}, "categories"),
        ("X-CSRF-Token", {"x", "csrf"}, "x_csrf_token"),
        ("boxes", {"box"}, "boxes"),
        ("address", {"address"}, "address"),
        ("2fa", {"2", "fa"}, "n2_fa"),
        ("", set(), ""),
    ],
)
def test_a_name_is_made_of_words(name: str, words: set[str], python: str) -> None:
    assert (words_of(name), snake(name)) == (words, python)


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        *((part, True) for part in ("7", "123e4567-e89b-42d3-a456-426614174000", "507f1f77bcf86cd799439011")),
        *((part, True) for part in ("01ARZ3NDEKTSV4RRFFQ69G5FAV", "dQw4w9WgXcQdQw4w9WgXcQ")),
        *(
            (part, False)
            for part in (
                "",
                "items",
                "v1",
                "api2",
                "deadbeef",
                "my-first-post",
                "items.json",
                "InternationalizationStrings",
            )
        ),
    ],
)
def test_an_id_is_a_number_or_what_machines_draw(part: str, expected: bool) -> None:
    assert is_id(part) is expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("12345", True),
        ("1234", False),
        ("abcdefgh", False),
        ("abc12345", True),
        ("2026-01-15", False),
        ("1.2.3", False),
        ("12:00", False),
    ],
)
def test_an_opaque_value_hardly_occurs_twice(value: str, expected: bool) -> None:
    assert is_opaque(value) is expected


def test_the_entity_of_a_path_is_its_last_word() -> None:
    assert entity("/api/v1/orders/7") == {"order"}
    assert entity("/orders/7/lines/123e4567-e89b-42d3-a456-426614174000") == {"line"}
    assert entity("/7") == set()


def test_names_of_ids_and_unused_names() -> None:
    assert [is_id_name(name) for name in ("id", "userId", "user", "", "slug")] == [
        True,
        True,
        False,
        False,
        True,
    ]
    assert (unused("a", set()), unused("a", {"a", "a_2"})) == ("a", "a_3")
