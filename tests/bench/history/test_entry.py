"""Which entries of a history count, and in which order."""

from __future__ import annotations

from bench.history.entry import current
from tests.bench.history.entries import THERE, entry


def test_entries_stand_in_the_order_of_their_commits() -> None:
    assert current([entry(2), entry(0), entry(1)]) == (entry(0), entry(1), entry(2))


def test_a_commit_that_is_added_again_replaces_what_was_there() -> None:
    assert current([entry(0, 1.0), entry(1), entry(0, 2.0)]) == (entry(0, 2.0), entry(1))


def test_other_machines_anchors_and_changes_on_top_replace_nothing() -> None:
    apart = [entry(0), entry(0, machine=THERE), entry(0, anchor=None), entry(0, dirty=True)]
    assert len(current(apart)) == 4


def test_changes_that_no_commit_holds_stand_where_they_were_measured() -> None:
    """`entry` says that it measured on the 24th, day 23."""
    assert current([entry(0, dirty=True), entry(22), entry(24)]) == (
        entry(22),
        entry(0, dirty=True),
        entry(24),
    )
