"""The whole table of worlds, for the cache of each worker."""

from sqlalchemy import select

from target_app.engines import writing_engine
from target_app.models import World
from target_app.settings import Settings


def read_all(settings: Settings) -> dict[int, int]:
    """The number of each world, by id, read over a connection of its own."""
    engine = writing_engine(settings)
    try:
        with engine.connect() as connection:
            return dict(connection.execute(select(World.id, World.random_number)).all())
    finally:
        engine.dispose()
