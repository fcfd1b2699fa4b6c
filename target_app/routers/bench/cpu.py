"""Computations: on the event loop, in a thread, in another process, and in small steps."""

from asyncio import sleep
from typing import Annotated

from fastapi import Query

from target_app.dependencies import CalculatorsDep
from target_app.routing import Router
from target_app.schemas.bench import Computed, Hashed
from target_app.schemas.error import UNAVAILABLE
from target_app.work import checksum, digest

_BITE = 1000

Steps = Annotated[int, Query(ge=0, le=1_000_000, description="Steps of pure Python, about 0.1 us each")]
Rounds = Annotated[int, Query(ge=1, le=100_000, description="Rounds of the hash, about 0.5 us each")]

router = Router(prefix="/bench/cpu", tags=["bench"])


@router.get("/async")
async def cpu_async(n: Steps = 10_000) -> Computed:
    """Compute on the event loop, which serves nobody meanwhile."""
    return Computed(n=n, checksum=checksum(n))


@router.get("/sync")
def cpu_sync(n: Steps = 10_000) -> Computed:
    """Compute in a thread, which takes turns with the event loop for the interpreter lock."""
    return Computed(n=n, checksum=checksum(n))


@router.get("/process", responses=UNAVAILABLE)
async def cpu_process(calculators: CalculatorsDep, n: Steps = 10_000) -> Computed:
    """Compute in another process; at most as many do as there are processors."""
    return Computed(n=n, checksum=await calculators.checksum(n))


@router.get("/yield")
async def cpu_yield(n: Steps = 10_000) -> Computed:
    """Compute on the event loop in bites, and let others in between."""
    bites, rest = divmod(n, _BITE)
    state = checksum(rest)
    for _ in range(bites):
        await sleep(0)
        state = checksum(_BITE, state)
    return Computed(n=n, checksum=state)


@router.get("/hash/async")
async def cpu_hash_async(n: Rounds = 2000) -> Hashed:
    """Hash on the event loop, which serves nobody meanwhile."""
    return Hashed(n=n, digest=digest(n))


@router.get("/hash/sync")
def cpu_hash_sync(n: Rounds = 2000) -> Hashed:
    """Hash in a thread, which lets go of the interpreter lock meanwhile: threads share the processors."""
    return Hashed(n=n, digest=digest(n))
