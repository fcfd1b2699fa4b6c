"""A run's folder: `run.json` with its facts, `records.jsonl` with one line a cell, written as soon as it is known.

Format history: 1, the first. A reader ignores fields that it does not know, so that fields may be added within a
version; one that changes its meaning, or goes, makes a new version, which older readers refuse.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter

from bench.errors import UsageError
from bench.model.facts import read_facts
from bench.model.json_values import as_mapping, as_texts
from bench.model.record import SCHEMA, Failure, Record, Run
from bench.model.secrets import COMMANDS, mask_json, mask_text, secret_values, secret_words
from bench.results import micro
from bench.system import jsonl

_RECORDS = TypeAdapter(Record)
_FAILURES = TypeAdapter(Failure)

_FACTS_FILE = "run.json"
_RECORDS_FILE = "records.jsonl"
_FAILURES_FILE = "failures.jsonl"
_MICRO_FILE = "micro.json"

T = TypeVar("T")


class RunFolder:
    """The folder that a run writes; every call leaves the files complete on disk. Secrets are masked in them.

    With `latest`, the link `latest` beside it points to it as soon as there is something to see.
    """

    def __init__(self, path: Path, facts: Mapping[str, object], *, latest: bool = False) -> None:
        self.path = path
        self.empty = True
        self._facts = dict(facts)
        self._secrets = tuple(_secrets(as_mapping(facts.get("plan"))))
        self._latest = latest
        try:
            path.mkdir(parents=True)
        except FileExistsError:
            raise UsageError(f"{path}: there is a run already; give another --out") from None
        except OSError as error:
            raise UsageError(f"{path}: cannot be created: {error.strerror}") from None
        self._write_facts()
        jsonl.append(path / _RECORDS_FILE)

    @property
    def facts(self) -> Mapping[str, object]:
        """The contents of `run.json` so far."""
        return dict(self._facts)

    def add(self, record: Record) -> None:
        caveats = tuple(replace(one, text=mask_text(one.text, self._secrets)) for one in record.caveats)
        self._add(_RECORDS_FILE, _RECORDS.dump_json(replace(record, caveats=caveats)))

    def add_failure(self, failure: Failure) -> Failure:
        """Keep a failure; gives it as it is kept."""
        kept = replace(failure, error=mask_text(failure.error, self._secrets))
        self._add(_FAILURES_FILE, _FAILURES.dump_json(kept))
        return kept

    def add_facts(self, **facts: object) -> None:
        self._facts.update(facts)
        self._write_facts()

    def _add(self, name: str, line: bytes) -> None:
        jsonl.append(self.path / name, line + b"\n")
        if self.empty and self._latest:
            _point_latest(self.path)
        self.empty = False

    def _write_facts(self) -> None:
        part = self.path / (_FACTS_FILE + ".part")
        part.write_text(json.dumps(mask_json(self._facts), indent=2) + "\n")
        part.replace(self.path / _FACTS_FILE)


def _secrets(plan: Mapping[str, object]) -> Iterator[str]:
    """The secrets in the environments and the command lines of a plan's setups."""
    for setup in map(as_mapping, as_mapping(plan.get("setups")).values()):
        yield from secret_values(as_mapping(setup.get("env")))
        yield from secret_words(word for key in COMMANDS for word in as_texts(setup.get(key)))


def _point_latest(run: Path) -> None:
    """A symbolic link, where the system has them."""
    latest = run.parent / "latest"
    part = run.parent / f".latest-{os.getpid()}"
    with contextlib.suppress(OSError):
        part.symlink_to(run.name, target_is_directory=True)
        try:
            part.replace(latest)
        finally:
            part.unlink(missing_ok=True)


def read_run(path: Path) -> Run:
    """Read a run, finished or interrupted; a last line that was cut off is left out.

    Raises UsageError when there is no run, or when it was written by a later version.
    """
    path = path.resolve()
    try:
        facts = json.loads((path / _FACTS_FILE).read_text())
    except (FileNotFoundError, NotADirectoryError):
        raise UsageError(
            f"{path}: no run here; a run is a folder with a {_FACTS_FILE}, such as reports/latest"
        ) from None
    except ValueError as error:
        raise UsageError(f"{path / _FACTS_FILE}: {error}") from None
    if not isinstance(facts, dict):
        raise UsageError(f"{path / _FACTS_FILE}: not a JSON object")
    records = tuple(_read(path / _RECORDS_FILE, _RECORDS))
    return Run(path.name, read_facts(facts), records, tuple(_read(path / _FAILURES_FILE, _FAILURES)))


def read_micro(path: Path) -> micro.Micro | None:
    """The benchmarks that were made beside a run, in its folder; None without any. Raises UsageError for a bad file."""
    try:
        return micro.read((path / _MICRO_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError, UsageError) as error:
        raise UsageError(f"{path / _MICRO_FILE}: {error}") from None


def _read(path: Path, adapter: TypeAdapter[T]) -> Iterator[T]:
    """The whole lines of a file; none where there is no file."""
    if not path.exists():
        return iter(())
    lines, _ = jsonl.split(path.read_bytes())  # the writer may have died in the middle of the last
    return jsonl.parse(lines, str(path), lambda line: _validate(line, adapter))


def _validate(line: bytes, adapter: TypeAdapter[T]) -> T:
    jsonl.check_schema(line, SCHEMA)
    return adapter.validate_json(line)
