"""A virtual environment that has some of our packages."""

from __future__ import annotations

import sysconfig
import venv
from collections.abc import Sequence
from pathlib import Path


def make_environment(folder: Path, modules: Sequence[str]) -> Path:
    """Make an environment with these modules of ours and nothing else; gives its interpreter."""
    venv.create(folder, symlinks=True)
    (site,) = (folder / "lib").glob("python*/site-packages")
    for module in modules:
        (site / module).symlink_to(Path(sysconfig.get_path("purelib")) / module)
    return folder / "bin" / "python"
