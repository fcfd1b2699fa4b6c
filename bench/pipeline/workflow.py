"""The workflow of a repository, written once from a few answers; whoever has it edits it from then on."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from bench.errors import UsageError

if TYPE_CHECKING:
    from jinja2 import Environment

Forge = Literal["github", "gitlab"]

_VENV = "python -m venv .venv\n"
_INSTALLS = {
    "uv.lock": "pipx install uv\nuv sync --frozen",
    "poetry.lock": "pipx install poetry\nPOETRY_VIRTUALENVS_IN_PROJECT=true poetry install",
    "requirements.txt": f"{_VENV}.venv/bin/pip install --quiet -r requirements.txt",
    "pyproject.toml": f"{_VENV}.venv/bin/pip install --quiet -e .",
    "setup.py": f"{_VENV}.venv/bin/pip install --quiet -e .",
}
"""How a service is installed into its own `.venv`, by the first of these files that it has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflow:
    """What a workflow is written from.

    `folder` is the service's, relative to the top of the repository, and empty for the top itself. `setup` is empty for
    the commands' own default; `files` are words that both gates get. `harness` is what pipx installs, `install` a
    script that installs the service.
    """

    forge: Forge
    folder: str
    branch: str
    python: str
    harness: str
    install: str
    setup: str = ""
    files: tuple[str, ...] = ()

    @property
    def exact(self) -> str:
        """The words of this service for `bench exact`, each behind a space."""
        return _words("--setup" if self.setup else "", self.setup, *self.files)

    @property
    def ab(self) -> str:
        """The words of this service for `bench ab`, each behind a space."""
        return _words(self.setup, *self.files)

    @property
    def key(self) -> str:
        """The name of the workflow and of its comment: services of one repository have one each."""
        return "-".join(["bench", *re.findall(r"[A-Za-z0-9_.]+", self.folder)])

    def path(self, root: Path) -> Path:
        """Where the workflow goes in a repository: a file that its forge reads, or one that such a file includes."""
        if self.forge == "github":
            return root / ".github" / "workflows" / f"{self.key}.yml"
        whole = root / ".gitlab-ci.yml"
        return root / f"{self.key}.gitlab-ci.yml" if whole.exists() or self.folder else whole

    def render(self) -> str:
        """The file's text. Raises UsageError where `install` is no script of bash."""
        _check_script(self.install)
        return _environment().get_template(f"{self.forge}.yml.jinja").render(this=self)


def guess_install(folder: Path) -> str:
    """The script that installs the service in a folder into its `.venv`. Raises UsageError where nothing tells."""
    for name, script in _INSTALLS.items():
        if (folder / name).is_file():
            return script
    raise UsageError(
        f"nothing in {folder} says how the service is installed ({', '.join(_INSTALLS)}); say it with --install"
    )


def guess_python(folder: Path, otherwise: str) -> str:
    """The version of Python in a folder's `.python-version`."""
    try:
        first = (folder / ".python-version").read_text(encoding="utf-8").split()[:1]
    except (OSError, UnicodeDecodeError):
        first = []
    found = re.match(r"(?:cpython-)?(\d+\.\d+)", first[0]) if first else None
    return found[1] if found else otherwise


def _words(*words: str) -> str:
    return "".join(f" {shlex.quote(word)}" for word in words if word)


def _check_script(script: str) -> None:
    """Have bash read a script without running it. Raises UsageError where it is empty or wrong."""
    if not script.strip() or "\0" in script:
        raise UsageError('--install is empty; give a command, such as --install "uv sync --frozen"')
    try:
        done = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return
    if done.returncode:
        raise UsageError(f"--install {script}: bash cannot read it: {done.stderr.strip()}")


@cache
def _environment() -> Environment:
    """Templates with signs of their own, as `{{` belongs to the workflows."""
    from jinja2 import Environment as Templates
    from jinja2 import PackageLoader, StrictUndefined

    environment = Templates(
        loader=PackageLoader("bench.pipeline"),
        autoescape=False,
        undefined=StrictUndefined,
        block_start_string="<%",
        block_end_string="%>",
        variable_start_string="<<",
        variable_end_string=">>",
        comment_start_string="<#",
        comment_end_string="#>",
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(text=_text, word=shlex.quote)
    return environment


def _text(value: str) -> str:
    """A text as YAML reads it anywhere: JSON's strings are YAML's, too."""
    return json.dumps(value)
