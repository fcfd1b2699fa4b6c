"""Items on the wire."""

from typing import Annotated, Literal

from pydantic import MISSING, BaseModel, ConfigDict, Field

from target_app.schemas.text import NO_NUL

INT32_MAX = 2**31 - 1

ItemName = Annotated[str, Field(min_length=1, max_length=100), NO_NUL]
ItemPrice = Annotated[float, Field(strict=True, ge=0, le=1_000_000, allow_inf_nan=False)]
ItemDescription = Annotated[str, Field(max_length=1000), NO_NUL]
ItemOrder = Literal["id", "-id", "name", "-name", "price", "-price"]


class ItemCreate(BaseModel):
    """A whole item, as a client gives it to create or replace one."""

    model_config = ConfigDict(extra="forbid")

    name: ItemName
    price: ItemPrice
    description: ItemDescription | None = None


class ItemUpdate(BaseModel):
    """The fields of an item to change; a field that is left out stays as it is."""

    model_config = ConfigDict(extra="forbid")

    name: ItemName | MISSING = MISSING
    price: ItemPrice | MISSING = MISSING
    description: ItemDescription | MISSING | None = MISSING


class ItemPublic(BaseModel):
    """An item; one without an owner is everybody's."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    name: str
    price: float
    description: str | None
    owner_id: int | None


class ItemPage(BaseModel):
    """Which items to list, and in which order; a leading minus means descending."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(default=20, ge=1, le=100)
    offset: int = Field(default=0, ge=0, le=INT32_MAX)
    q: Annotated[str, NO_NUL] | None = Field(
        None, min_length=1, max_length=100, description="Part of the name"
    )
    sort: ItemOrder = "id"
