"""Tags are told apart as RFC 9110 says, but that weak ones count."""

from __future__ import annotations

import pytest

from target_app.entity_tags import is_named, tag_of

TAG = '"abc"'


@pytest.mark.parametrize("field", [TAG, f"W/{TAG}", f'"x", W/{TAG}', "*"])
def test_a_field_that_has_the_tag_names_it(field: str) -> None:
    assert is_named(TAG, field)


@pytest.mark.parametrize("field", ["", '"ab"', "abc", 'W/"x", "y"'])
def test_another_field_does_not(field: str) -> None:
    assert not is_named(TAG, field)


def test_bodies_that_differ_have_tags_that_differ() -> None:
    assert tag_of(b"a") == tag_of(b"a") != tag_of(b"b")
