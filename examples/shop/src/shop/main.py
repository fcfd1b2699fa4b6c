"""The app of the shop: `shop.main:create_app()`."""

from __future__ import annotations

from typing import Annotated

from fastapi import FastAPI, HTTPException, Path, Query
from pricing import discounted, total
from pydantic import BaseModel, Field

NAMES = ("chair", "table", "lamp", "shelf", "stool")
ITEMS = 100


class Item(BaseModel):
    """Something that can be bought."""

    item: int
    name: str
    price_cents: int


class Position(BaseModel):
    """Some pieces of one item."""

    item: Annotated[int, Field(ge=1, le=ITEMS)]
    pieces: Annotated[int, Field(ge=1, le=99)] = 1


class Basket(BaseModel):
    """What a customer wants to buy."""

    positions: Annotated[list[Position], Field(min_length=1, max_length=50)]


class Sum(BaseModel):
    """What a basket costs."""

    pieces: int
    total_cents: int


def _item(number: int) -> Item:
    return Item(item=number, name=NAMES[number % len(NAMES)], price_cents=discounted(995 + 10 * number, 10))


def create_app() -> FastAPI:
    """The shop, as an app."""
    app = FastAPI(title="Shop")

    @app.get("/health")
    async def health() -> dict[str, str]:
        return {"status": "well"}

    @app.get("/items")
    async def items(limit: Annotated[int, Query(ge=1, le=ITEMS)] = 20) -> list[Item]:
        return [_item(number) for number in range(1, limit + 1)]

    @app.get("/items/{number}")
    async def item(number: Annotated[int, Path(ge=1)]) -> Item:
        if number > ITEMS:
            raise HTTPException(404, "there are 100 items")
        return _item(number)

    @app.post("/baskets", status_code=201)
    async def basket(basket: Basket) -> Sum:
        positions = [(_item(one.item).price_cents, one.pieces) for one in basket.positions]
        return Sum(pieces=sum(pieces for _, pieces in positions), total_cents=total(positions))

    return app
