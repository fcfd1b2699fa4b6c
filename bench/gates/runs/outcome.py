"""The outcome of a comparison: a judgement, the figures side by side, and the cells that one side lacks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from bench.errors import UsageError
from bench.model.change import Change, Judgement
from bench.stats.format import NOTHING
from bench.stats.table import Table


@dataclass(frozen=True, slots=True)
class Outcome:
    """A judgement, the two sides in one table, and a sentence for each side that lacks what the other has.

    `by_name` has the requests of cells with several names, and may have no row.
    """

    judgement: Judgement
    table: Table
    missing: tuple[str, ...] = ()
    by_name: Table | None = None

    def status(self, inconclusive: Literal["pass", "fail"]) -> int:
        """The exit status: that of the judgement, and 1 where a side lacks something.

        A benchmark that is renamed or dropped is the simplest way to hide that it became slower, so `inconclusive`
        does not let it pass.
        """
        return 1 if self.missing else self.judgement.status(inconclusive)


def lack(name: str, metric: str, side: str, why: Iterable[str] = ()) -> Change:
    """The change of a thing that one side lacks: nothing shows that it is slower, and nothing that it is not."""
    return Change(name, metric, "inconclusive", why=(f"missing in {side}: nothing to compare with", *why))


def demand_common(common: int, base: str, head: str) -> None:
    """Raise UsageError where two sides have nothing in common: to find no regression there would be no finding."""
    if not common:
        raise UsageError(f"nothing to compare: {base} and {head} have no benchmark in common")


def found_from(changes: Iterable[Change]) -> str:
    """The smallest change that would be found in all of these: `12.3 %`."""
    known = [change.mde for change in changes if change.mde is not None]
    return f"{100 * max(known):.3g} %" if known else NOTHING
