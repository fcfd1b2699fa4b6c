"""How a run ends on the command line: with what failed and a status, or interrupted with what there is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bench.cli.terminal import note, shown

if TYPE_CHECKING:
    from bench.model import Run
    from bench.store import RunFolder


@contextmanager
def kept(folder: RunFolder) -> Iterator[None]:
    """Say where the cells so far are, and note it in the run, where a person or a signal ends the block."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit):
        folder.add_facts(interrupted=True)
        note(
            f"nothing was measured yet; {shown(folder.path)} holds no cell"
            if folder.empty
            else f"the cells so far are in {shown(folder.path)}; `bench report {shown(folder.path)}` charts them"
        )
        raise


def status(run: Run) -> int:
    """1 where anything failed, which is said, or nothing was measured."""
    for failure in run.failures:
        note(f"failed: {failure.error}")
    return 1 if run.failures or not run.records else 0
