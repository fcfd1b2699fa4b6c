"""Listing items through the async API and its sync twin: search, order and pages."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from tests.target_app.conftest import ROOTS, StartApp, item_names

GOODS = (("Oak chair", 3.0), ("100% wool", 1.0), ("under_score", 3.0), (r"back\slash", 2.0), ("O'Brien", 1.0))


@pytest.fixture(scope="module")
def shop(start_shared_app: StartApp) -> TestClient:
    """Five items, ids 1 to 5, with two pairs of equal prices."""
    client = start_shared_app(seed_rows=0)
    for name, price in GOODS:
        client.post(ROOTS[0], json={"name": name, "price": price})
    return client


class TestListing:
    @pytest.mark.parametrize(
        ("q", "found"),
        [
            pytest.param("chair", ["Oak chair"], id="part of a name"),
            pytest.param("oAK", ["Oak chair"], id="any case"),
            pytest.param("a", ["Oak chair", r"back\slash"], id="several"),
            pytest.param("%", ["100% wool"], id="wildcard of LIKE"),
            pytest.param("_", ["under_score"], id="other wildcard of LIKE"),
            pytest.param("/", [], id="SQLAlchemy's own escape"),
            pytest.param("\\", [r"back\slash"], id="backslash"),
            pytest.param("o'b", ["O'Brien"], id="quote"),
            pytest.param("' OR 1=1 --", [], id="SQL"),
            pytest.param("%' OR '1'='1", [], id="SQL behind a wildcard"),
            pytest.param(" ", ["Oak chair", "100% wool"], id="space"),
            pytest.param("x" * 100, [], id="longest"),
        ],
    )
    def test_search(self, shop: TestClient, root: str, q: str, found: list[str]) -> None:
        assert item_names(shop, root, q=q) == found
        assert len(item_names(shop, root)) == 5

    @pytest.mark.parametrize(
        ("sort", "ids"),
        [
            pytest.param("id", [1, 2, 3, 4, 5], id="by id"),
            pytest.param("-id", [5, 4, 3, 2, 1], id="by id, backwards"),
            pytest.param("name", [2, 5, 1, 4, 3], id="by name, in code point order"),
            pytest.param("-name", [3, 4, 1, 5, 2], id="by name, backwards"),
            pytest.param("price", [2, 5, 4, 1, 3], id="equal prices by id"),
            pytest.param("-price", [3, 1, 4, 5, 2], id="equal prices by id, backwards"),
        ],
    )
    def test_sort(self, shop: TestClient, root: str, sort: str, ids: list[int]) -> None:
        assert [item["id"] for item in shop.get(root, params={"sort": sort}).json()] == ids

    def test_search_sort_and_page_together(self, shop: TestClient, root: str) -> None:
        assert item_names(shop, root, q="o", sort="-price", limit=2, offset=1) == ["Oak chair", "O'Brien"]

    @pytest.mark.parametrize("sort", ["id", "-name", "price"])
    def test_pages_hold_every_item_once(self, client: TestClient, root: str, sort: str) -> None:
        pages = [
            client.get(root, params={"limit": 7, "offset": offset, "sort": sort}).json()
            for offset in (0, 7, 14, 21)
        ]
        assert [len(page) for page in pages] == [7, 7, 6, 0]
        assert sorted(item["id"] for page in pages for item in page) == list(range(1, 21))

    def test_twenty_items_are_a_page(self, client: TestClient, root: str) -> None:
        client.post(root, json={"name": "lamp", "price": 2.5})
        assert [item["id"] for item in client.get(root).json()] == list(range(1, 21))

    @pytest.mark.parametrize(
        "query",
        [
            pytest.param("limit=0", id="no items"),
            pytest.param("limit=101", id="too many items"),
            pytest.param("limit=1e2", id="no whole number"),
            pytest.param("offset=-1", id="before the first"),
            pytest.param(f"offset={2**31}", id="beyond int32"),
            pytest.param("sort=description", id="column that is not offered"),
            pytest.param("sort=id;DROP TABLE items", id="SQL"),
            pytest.param("sort=--id", id="two minuses"),
            pytest.param("q=", id="empty search"),
            pytest.param("q=a%00", id="NUL"),
            pytest.param(f"q={'x' * 101}", id="long search"),
            pytest.param("page=2", id="unknown parameter"),
        ],
    )
    def test_bad_query_is_refused(self, unchanged: TestClient, root: str, query: str) -> None:
        assert unchanged.get(f"{root}?{query}").status_code == 422
