"""Users who come and go: the most there were, and the stages between the moments at which the load was changed."""

from __future__ import annotations

from bench.locust.head_count import HeadCount
from bench.model.plan import Stage

S = 1_000_000_000


def counted() -> HeadCount:
    """Ten users come within 4 s; at 10 s five of one class go, and at 20 s all do."""
    found = HeadCount()
    for second, browsing, buying in ((0, 0, 0), (2, 3, 2), (4, 6, 4), (10, 6, 4), (11, 1, 4), (19, 1, 4)):
        found.add(100 * S + second * S, {"BrowseUser": browsing, "BuyUser": buying, "OtherUser": 0})
    found.settled_ns = [104 * S, 111 * S]
    return found


def test_the_most_users_at_once_are_known_in_all_and_by_class() -> None:
    assert counted().peak == 10
    assert counted().peaks() == {"BrowseUser": 6, "BuyUser": 4}


def test_a_stage_begins_whenever_the_users_are_complete() -> None:
    assert counted().stages((100 * S, 120 * S)) == (
        Stage(0.0, 4.0, 0.0, 10.0),
        Stage(4.0, 7.0, 10.0, 5.0),
        Stage(11.0, 9.0, 5.0, 5.0),
    )


def test_a_test_that_knows_its_stages_has_those() -> None:
    assert counted().stages((100 * S, 120 * S), [110 * S]) == (
        Stage(0.0, 10.0, 0.0, 10.0),
        Stage(10.0, 10.0, 10.0, 5.0),
    )


def test_what_is_shorter_than_a_second_is_no_stage() -> None:
    found = HeadCount()
    found.add(0, {"A": 0})
    found.add(S // 2, {"A": 5})
    found.settled_ns = [S // 2, 9 * S + S // 2]
    assert found.stages((0, 10 * S)) == (Stage(0.0, 10.0, 0.0, 5.0),)
