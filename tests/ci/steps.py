"""The `run:` steps of a job, one by one, as a runner of GitHub's runs them: bash, files of outputs, conditions."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FOREIGN = ("GITHUB_", "GITLAB_", "CI_", "VIRTUAL_ENV", "PYTEST_")
BENCH = """#!/bin/bash
# What pipx leaves in its folder. The paired gate has to be quick here, or finds what the exact one found.
if [ "${1:-}" = ab ] && [ -n "${AB_AS_EXACT:-}" ]; then
  exec cp reports/ci/exact/verdict.json reports/ci/ab/
fi
[ "${1:-}" != ab ] || set -- "$@" --seconds 10 --pairs 6
exec PROGRAM "$@"
"""
NOTING = '#!/bin/bash\necho "$(basename "$0") $*" >>"$INSTALLED"\n'
TIMEOUT_S = 280


def stand_ins(folder: Path, program: Path) -> Path:
    """A folder for PATH: what a runner has, and what the job installs from the network; `program` is its `bench`."""
    folder.mkdir()
    for name in ("sudo", "apt-get", "pip", "pipx"):
        (folder / name).write_text(NOTING)
    (folder / "bench").write_text(BENCH.replace("PROGRAM", shlex.quote(str(program))))
    for path in folder.iterdir():
        path.chmod(0o755)
    return folder


def environment(stand_ins: Path, variables: Mapping[str, str]) -> dict[str, str]:
    """The environment of a job: ours without what is of another job, and the stand-ins before everything else."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith(FOREIGN)}
    installed = {"INSTALLED": str(stand_ins.parent / "installed")}
    return {**clean, **variables, **installed, "PATH": f"{stand_ins}:{os.environ['PATH']}"}


@dataclass
class Runner:
    """Runs steps in a folder; `names` are what expressions can ask for, `ended` is the status of each step that ran."""

    folder: Path
    env: Mapping[str, str]
    names: dict[str, str]
    ended: dict[str, int] = field(default_factory=dict)
    log: str = ""
    failed: bool = False

    def run(self, steps: Iterable[Mapping[str, Any]]) -> bool:
        """Whether the job succeeds."""
        for step in steps:
            if "run" in step and self._is_due(step.get("if")):
                self._run(step)
        return not self.failed

    def _is_due(self, condition: str | None) -> bool:
        """A step without `cancelled()` waits for success; further terms are names that must not be empty."""
        terms = [] if condition is None else condition.removeprefix("${{").removesuffix("}}").split("&&")
        words = [term.strip() for term in terms]
        if "!cancelled()" not in words and self.failed:
            return False
        return all(self.names.get(word) for word in words if word != "!cancelled()")

    def _fill(self, value: object) -> str:
        return re.sub(r"\$\{\{ (\S+) \}\}", lambda found: self.names[found[1]], str(value))

    def _run(self, step: Mapping[str, Any]) -> None:
        outputs = self.folder.parent / "outputs"
        outputs.write_text("")
        env = {key: self._fill(value) for key, value in step.get("env", {}).items()}
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=self.folder / self._fill(step.get("working-directory", ".")),
            env={**self.env, **env, "GITHUB_OUTPUT": str(outputs)},
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
        for line in outputs.read_text().splitlines():
            name, _, value = line.partition("=")
            self.names[f"steps.{step['id']}.outputs.{name}"] = value
        self.log += f"--- {step.get('name')}: {done.returncode}\n{done.stdout}{done.stderr}"
        self.ended[step["name"]] = done.returncode
        self.failed |= done.returncode != 0 and not step.get("continue-on-error", False)
