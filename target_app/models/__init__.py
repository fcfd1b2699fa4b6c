"""Tables, one file a resource."""

from target_app.models.base import Base
from target_app.models.item import Item

__all__ = ["Base", "Item"]
