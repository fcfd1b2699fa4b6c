"""Makes `reports/sample` from a run of the default plan: `make bench`, then `python -m tools.sample reports/latest`.

The sample holds a part of the run, so that it stays small, and the report of that part.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

from bench.cli._contents import contents
from bench.errors import BenchError, UsageError
from bench.measure.store import read_run
from bench.report import write
from bench.results.results import understand

SAMPLE = Path(__file__).parents[1] / "reports" / "sample"
ENGINE = "native"
SETUPS = ("uvicorn", "uvicorn-uvloop-h11", "uvicorn-asyncio-httptools", "gunicorn-1", "granian-1")


def make_sample(run: Path, sample: Path = SAMPLE) -> int:
    """Replace the sample by a part of a finished run, with its report; the number of records that it holds.

    Raises BenchError for a folder that holds no finished run, and where the part has no record.
    """
    if not read_run(run).facts.finished:
        raise UsageError(f"{run}: the run is not finished")
    lines = (run / "records.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    part = [line for line in lines if _belongs(json.loads(line)["cell"])]
    if not part:
        raise UsageError(f"{run}: no record of {ENGINE} with one of {', '.join(SETUPS)}")
    facts = (run / "run.json").read_text(encoding="utf-8")
    shutil.rmtree(sample, ignore_errors=True)
    sample.mkdir(parents=True)
    (sample / "run.json").write_text(facts, encoding="utf-8")
    (sample / "records.jsonl").write_text("".join(part), encoding="utf-8")
    made = read_run(sample)
    write(made, contents(understand(made)), sample)
    return len(part)


def _belongs(cell: dict[str, object]) -> bool:
    return cell["engine"] == ENGINE and cell["setup"] in SETUPS


def main(arguments: list[str]) -> int:
    """The exit status: 0 when the sample was written, else 2."""
    if len(arguments) != 1:
        print("usage: python -m tools.sample RUN", file=sys.stderr)
        return 2
    try:
        count = make_sample(Path(arguments[0]))
    except (BenchError, OSError) as error:
        print(f"sample: {error}", file=sys.stderr)
        return 2
    print(f"{SAMPLE}: {count} records")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
