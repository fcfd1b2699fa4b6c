from __future__ import annotations

import subprocess
import sys
from pathlib import Path

IMPORTS = """
from fastapi_bench.native_user import NativeUser
from scenarios.model import Request, Scenario
print(NativeUser.__module__, NativeUser.abstract, Scenario.__module__)
"""


def test_users_and_scenarios_are_found_from_any_folder_and_ones_own_modules_come_first(
    tmp_path: Path,
) -> None:
    """As `locustfile`, the name of one of ours, which stands where the harness is."""
    (tmp_path / "locustfile.py").write_text("NAME = 'my own'")
    command = [sys.executable, "-c", IMPORTS + "import locustfile; print(locustfile.NAME)"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.split("\n")[:2] == ["bench.locust.native_user True scenarios.model", "my own"], (
        done.stderr
    )
