"""Tables, one file a resource."""

from target_app.models.base import Base
from target_app.models.counter import Counter
from target_app.models.item import Item
from target_app.models.report import Report
from target_app.models.tfb import Fortune, World
from target_app.models.user import ApiKey, Secret, User

__all__ = ["ApiKey", "Base", "Counter", "Fortune", "Item", "Report", "Secret", "User", "World"]
