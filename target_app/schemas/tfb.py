"""The responses of TechEmpower's test types."""

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class WorldPublic(BaseModel):
    """A world, and its number from 1 to 10,000."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)

    id: int
    random_number: int
