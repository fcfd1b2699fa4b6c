"""Queries on the counter of `/bench/db/counter`."""

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from target_app.models import Counter

COUNTER_ID = 1

_VALUE = select(Counter.value).where(Counter.id == COUNTER_ID)
# The database adds: reading here and writing back would lose what others add in between.
_INCREMENT = (
    update(Counter)
    .where(Counter.id == COUNTER_ID)
    .values(value=Counter.value + 1)
    .returning(Counter.value)
    .execution_options(synchronize_session=False)
)


async def read(session: AsyncSession) -> int:
    """The value of the counter."""
    return (await session.scalars(_VALUE)).one()


def read_sync(session: Session) -> int:
    """The value of the counter."""
    return session.scalars(_VALUE).one()


async def increment(session: AsyncSession) -> int:
    """The value of the counter, one more than before."""
    return (await session.scalars(_INCREMENT)).one()


def increment_sync(session: Session) -> int:
    """The value of the counter, one more than before."""
    return session.scalars(_INCREMENT).one()
