"""The raw data as JSON lines: `exact.jsonl`, `paired.jsonl` and `core-*.jsonl` with a run a line, and prices.

A line is written as soon as its run has ended. Figures keep five digits; what is empty is left out. Verdicts on the
core are rows without names, in the order of the fields of `CoreVerdict`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, astuple, fields, replace
from pathlib import Path
from typing import Any

from bench.model.change import Change
from bench.system import jsonl
from tools.calibration.core_checks import NAMES
from tools.calibration.core_run import BurnPrice, CoreRun, CoreVerdict
from tools.calibration.faults import GATES
from tools.calibration.gate_run import GateRun, Price

_DIGITS = 5
_BURN_PRICES = "core-prices.jsonl"
_VERDICT = [field.name for field in fields(CoreVerdict)]
_FIELDS = {field.name for field in fields(Change)}


class Ledger:
    """A folder of raw data; it is made when the first line is written."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def trials(self) -> list[GateRun]:
        """All runs so far. Raises UsageError for a line that cannot be read."""
        return [_trial(said) for gate in GATES for said in self._lines(f"{gate}.jsonl")]

    def prices(self) -> list[Price]:
        """All prices so far. Raises UsageError for a line that cannot be read."""
        return [Price(**said) for said in self._lines("prices.jsonl")]

    def add(self, trial: GateRun) -> None:
        self._append(f"{trial.gate}.jsonl", [asdict(trial)])

    def add_prices(self, prices: Sequence[Price]) -> None:
        self._append("prices.jsonl", [asdict(price) for price in prices])

    def core_runs(self) -> list[CoreRun]:
        """All runs of the core so far. Raises UsageError for a line that cannot be read."""
        return [_core_run(said) for name in NAMES for said in self._lines(f"{name}.jsonl")]

    def burn_prices(self) -> list[BurnPrice]:
        """What the bare app's loop cost. Raises UsageError for a line that cannot be read."""
        return [BurnPrice(**said) for said in self._lines(_BURN_PRICES)]

    def add_core(self, run: CoreRun) -> None:
        verdicts = [astuple(verdict) for verdict in run.verdicts]
        self._append(f"{run.check}.jsonl", [asdict(replace(run, verdicts=())) | {"verdicts": verdicts}])

    def add_burn_price(self, price: BurnPrice) -> None:
        self._append(_BURN_PRICES, [asdict(price)])

    def _append(self, name: str, things: Sequence[dict[str, Any]]) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        lines = (json.dumps(_brief(thing), ensure_ascii=False) + "\n" for thing in things)
        jsonl.append(self.folder / name, *(line.encode() for line in lines))

    def _lines(self, name: str) -> Iterator[dict[str, Any]]:
        """All lines; one that was cut off is refused as any other that cannot be read."""
        path = self.folder / name
        if not path.exists():
            return iter(())
        whole, torn = jsonl.split(path.read_bytes())
        return jsonl.parse([*whole, torn] if torn else whole, str(path), json.loads)


def change(said: dict[str, Any]) -> Change:
    """A row of a gate's JSON, of this version or of another: what is not known here is left out."""
    known = {key: value for key, value in said.items() if key in _FIELDS}
    return Change(**{"verdict": None, **known, "why": tuple(said.get("why", ()))})


def _trial(said: dict[str, Any]) -> GateRun:
    rows = tuple(map(change, said.get("rows", ())))
    return GateRun(**{"seconds": None, **said, "scenarios": tuple(said["scenarios"]), "rows": rows})


def _core_run(said: dict[str, Any]) -> CoreRun:
    verdicts = tuple(CoreVerdict(**dict(zip(_VERDICT, row, strict=True))) for row in said.get("verdicts", ()))
    words = {key: tuple(said.get(key, ())) for key in ("invalid", "codes")}
    return CoreRun(**{"rounds": None, "minutes": None, **said, **words, "verdicts": verdicts})


def _brief(thing: Any) -> Any:
    """Without what is empty, and with floats of five digits."""
    if isinstance(thing, dict):
        return {key: _brief(value) for key, value in thing.items() if not _is_empty(value)}
    if isinstance(thing, list | tuple):
        return [_brief(value) for value in thing]
    return float(f"{thing:.{_DIGITS}g}") if isinstance(thing, float) else thing


def _is_empty(value: Any) -> bool:
    return value is None or value is False or value in ("", ())
