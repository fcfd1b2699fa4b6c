"""Names that look alike are one name, or none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from target_app.schemas.text import plain_name


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        pytest.param("Ada", "ada", id="case"),
        pytest.param("ADA", "ada", id="all in capitals"),
        pytest.param("\uff41\uff44\uff41", "ada", id="wide letters"),
        pytest.param("Jose\u0301", "jos\u00e9", id="an accent of its own"),
        pytest.param("stra\u00dfe", "strasse", id="sharp s"),
        pytest.param("\u0410\u043d\u043d\u0430", "\u0430\u043d\u043d\u0430", id="one alphabet, not Latin"),
        pytest.param("\u5c71\u7530taro7", "\u5c71\u7530taro7", id="letters that nobody mixes up"),
    ],
)
def test_a_name_is_kept_in_one_form(given_name: str, kept: str) -> None:
    assert plain_name(given_name) == kept


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("\u0430da", id="a Cyrillic a"),
        pytest.param("ad\u03b1", id="a Greek alpha"),
        pytest.param("ada\u200b", id="a space without width"),
        pytest.param("a\u202eda", id="written backwards"),
        pytest.param("a\u00a0da", id="a space that does not break"),
        pytest.param("\ufdfa" * 10, id="ten signs that are 180 letters"),
    ],
)
def test_a_name_that_looks_like_another_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="a name has"):
        plain_name(name)


@given(st.text(min_size=1, max_size=64))
def test_the_form_of_a_name_is_its_own_form(name: str) -> None:
    try:
        kept = plain_name(name)
    except ValueError:
        return
    assert plain_name(kept) == kept
    assert len(kept) <= 64
