"""Tables, one file a resource."""

from target_app.models.base import Base
from target_app.models.counter import Counter
from target_app.models.item import Item
from target_app.models.tfb import Fortune, World

__all__ = ["Base", "Counter", "Fortune", "Item", "World"]
