"""Whatever the tier and the way, the answer about a row is the same, and so is a counter's."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from target_app import seed

WAYS = [f"{tier}/{way}" for tier in ("orm", "core", "raw") for way in ("async", "sync")] + ["misuse"]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("item_id", [1, 5, 20])
def test_each_tier_reads_the_seeded_row(either: TestClient, way: str, item_id: int) -> None:
    answer = either.get(f"/bench/db/{way}", params={"id": item_id})
    assert (answer.status_code, answer.json()) == (200, seed.row(item_id))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("item_id", "status"),
    [
        pytest.param(21, 404, id="no such row"),
        pytest.param(2**31 - 1, 404, id="the largest id"),
        pytest.param(2**31, 422, id="beyond int32"),
        pytest.param(0, 422, id="below the first"),
    ],
)
def test_each_tier_answers_the_same_where_there_is_no_row(
    either: TestClient, way: str, item_id: int, status: int
) -> None:
    assert either.get(f"/bench/db/{way}", params={"id": item_id}).status_code == status


def test_both_ways_list_the_same_rows(either: TestClient) -> None:
    pages = [either.get(f"/bench/db/list/{way}", params={"limit": 3}).json() for way in ("async", "sync")]
    assert pages == [[seed.row(item_id) for item_id in (1, 2, 3)]] * 2


def test_both_ways_add_to_the_same_counter(either: TestClient) -> None:
    start = either.get("/bench/db/counter").json()["value"]
    added = [either.post(f"/bench/db/counter/{way}").json() for way in ("async", "sync", "async")]
    read = [either.get(f"/bench/db/counter{way}").json() for way in ("", "/async", "/sync")]
    assert added == [{"value": start + more} for more in (1, 2, 3)]
    assert read == [{"value": start + 3}] * 3
