"""`python -m tools.reference FOLDER`: FOLDER is `frameworks/Python/fastapi` of TechEmpower's FrameworkBenchmarks.

Both apps are served by uvicorn with the same flags and packages, each from a PostgreSQL of its own, and ranked as
`bench run` ranks any setups. The entry has no `cached-queries`.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from tools.reference import scenarios

ROOT = Path(__file__).parents[2]
OURS, THEIRS = "target-app", "techempower"
_USERS = 32
"""And connections of each app to its database."""


def setups(folder: Path) -> str:
    """The two setups, as TOML."""
    return f"""
[{OURS}]
extends = "uvicorn-tfb"
about = "the target app"

[{OURS}.env]
APP_PROBE_DIR = ""
APP_POOL_SIZE = "{_USERS}"

[{THEIRS}]
extends = "uvicorn-tfb"
about = "TechEmpower's entry for FastAPI"
app = "tools.reference.adapter:app"
cwd = {str(folder)!r}
prepare = [{sys.executable!r}, "-m", "target_app.seed"]
health = "/tfb/plaintext"

[{THEIRS}.env]
APP_BENCH = "1"
APP_DATABASE_URL = "{{postgres}}"
APP_POOL_SIZE = "{_USERS}"
PYTHONPATH = {f"{ROOT}:{folder}"!r}
"""


def command(setups_file: Path, more: list[str]) -> list[str]:
    """The command that compares them; `more` are further options of `bench run`."""
    names = [part for name in scenarios.SCENARIOS for part in ("--scenario", name)]
    return [
        *(sys.executable, "-m", "bench", "run", "--setup", OURS, "--setup", THEIRS),
        *("--setups", str(setups_file), "--scenarios", str(Path(scenarios.__file__))),
        *(*names, "--users", str(_USERS), *more),
    ]


def main(arguments: list[str]) -> int:
    """The exit status of `bench run`, or 2."""
    if not arguments or not (Path(arguments[0]) / "app.py").is_file():
        print("usage: python -m tools.reference FOLDER-WITH-APP.PY [OPTIONS OF BENCH RUN]", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="fastapi-bench-") as tmp:
        file = Path(tmp, "setups.toml")
        file.write_text(setups(Path(arguments[0]).resolve()), encoding="utf-8")
        return subprocess.run(command(file, arguments[1:]), cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
