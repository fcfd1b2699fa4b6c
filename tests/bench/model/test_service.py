from __future__ import annotations

from dataclasses import replace

import pytest

from bench.model.service import GitFacts, ServiceFacts, common_service, normalize

SHOP = ServiceFacts(
    name="shop",
    setups=("a",),
    git=GitFacts("1" * 40),
    python="CPython 3.12.1",
    packages={"fastapi": "0.115.0", "anyio": "4"},
)


def test_without_a_service_there_is_none_and_one_is_itself() -> None:
    assert common_service([]) is None
    assert common_service([SHOP]) == replace(SHOP, packages={"anyio": "4", "fastapi": "0.115.0"})


def test_of_several_what_all_share_is_kept() -> None:
    other = replace(
        SHOP, setups=("b",), python="CPython 3.13.0", packages={"fastapi": "0.115.0", "anyio": "5"}
    )
    found = common_service([SHOP, other])
    assert found == replace(SHOP, setups=("a", "b"), python=None, packages={"fastapi": "0.115.0"})
    cart = replace(SHOP, name="cart", git=GitFacts("2" * 40))
    both = common_service([SHOP, cart])
    assert both is not None
    assert (both.name, both.git, both.python) == ("shop and cart", None, "CPython 3.12.1")


@pytest.mark.parametrize(
    "name", ["ordered-set", "Ordered_Set", "ordered.set", "ORDERED--SET", "ordered-_.set"]
)
def test_spellings_of_one_package_are_one_name(name: str) -> None:
    assert normalize(name) == "ordered-set"
