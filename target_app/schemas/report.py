"""Reports on the wire."""

from typing import Literal

from pydantic import BaseModel, ConfigDict


class ReportPublic(BaseModel):
    """How many items there are and what they cost on average, once that is known."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    status: Literal["pending", "done", "failed"]
    items: int | None
    mean_price: float | None
