"""Names that the check of a scenario met, against those that limits are on."""

from __future__ import annotations

import pytest

from bench.errors import UsageError
from bench.measure.names import check_names

LABELS = ("GET /items", "GET /items/{id}")


@pytest.mark.parametrize(
    "limit",
    [
        "shop/GET /items/{id}: p99>1s",
        "shop/GET /items: errors>1%",
        "shop: p99>1s",
        "p99>1s",
        pytest.param("shop-2/GET /item: p99>1s", id="of another scenario, whose name begins alike"),
        pytest.param("shop/POST the cart: p99>1s", id="like no other: another session may send it"),
    ],
)
def test_a_limit_passes(limit: str) -> None:
    check_names("shop", LABELS, (limit,))


def test_a_name_that_is_nearly_one_is_refused() -> None:
    with pytest.raises(UsageError, match=r"did you mean 'GET /items/\{id\}'"):
        check_names("shop", LABELS, ("shop/GET /items/{ids}: p99>1s",))
