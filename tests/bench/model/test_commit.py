"""The short name of a commit."""

from __future__ import annotations

from bench.model.commit import Commit


def test_a_commit_goes_by_ten_digits_and_a_plus_for_changes_on_top() -> None:
    digits = "0123456789abcdef" * 2 + "01234567"
    assert Commit(digits, "app: be faster", "2026-11-24T16:20:00+00:00").short == "0123456789"
    assert Commit(digits, "app: be faster", "2026-11-24T16:20:00+00:00", dirty=True).short == "0123456789+"
