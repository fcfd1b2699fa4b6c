"""Health on the wire."""

from typing import Literal

from pydantic import BaseModel


class Health(BaseModel):
    """The service is fine."""

    status: Literal["ok"] = "ok"
