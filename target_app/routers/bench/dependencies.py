"""Kinds of dependencies: each plain function is a hop to a thread and back."""

from typing import Annotated

from fastapi import Depends

from target_app.routing import Router
from target_app.schemas.bench import Injected

router = Router(prefix="/bench/dependencies", tags=["bench"])


async def one() -> int:
    """A constant, from the event loop."""
    return 1


async def two() -> int:
    """A constant, from the event loop."""
    return 2


async def three() -> int:
    """A constant, from the event loop."""
    return 3


def one_sync() -> int:
    """A constant, from a thread."""
    return 1


def two_sync() -> int:
    """A constant, from a thread."""
    return 2


def three_sync() -> int:
    """A constant, from a thread."""
    return 3


async def first() -> int:
    """The end of the chain."""
    return 1


async def second(so_far: Annotated[int, Depends(first)]) -> int:
    """The middle of the chain."""
    return so_far + 2


async def third(so_far: Annotated[int, Depends(second)]) -> int:
    """The beginning of the chain."""
    return so_far + 3


@router.get("/async")
async def dependencies_async(
    a: Annotated[int, Depends(one)], b: Annotated[int, Depends(two)], c: Annotated[int, Depends(three)]
) -> Injected:
    """Three coroutine functions beside each other."""
    return Injected(total=a + b + c)


@router.get("/sync")
async def dependencies_sync(
    a: Annotated[int, Depends(one_sync)],
    b: Annotated[int, Depends(two_sync)],
    c: Annotated[int, Depends(three_sync)],
) -> Injected:
    """Three plain functions beside each other; the endpoint itself is the same as its twin."""
    return Injected(total=a + b + c)


@router.get("/chain")
async def dependencies_chain(total: Annotated[int, Depends(third)]) -> Injected:
    """Three coroutine functions that ask for each other."""
    return Injected(total=total)
