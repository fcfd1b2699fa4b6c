"""Virtual environments that hold what this one holds, and a small package in a version of their own."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from pathlib import Path


def make_environment(place: Path, version: str = "", source: str = "") -> Path:
    """A virtual environment with the package `slowlib` in this version; its interpreter.

    A file of its site-packages leads to those of this interpreter.
    """
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(place)], check=True, timeout=60)
    (packages,) = place.glob("lib/python3*/site-packages")
    (packages / "shared.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    if version:
        (packages / "slowlib.py").write_text(source)
        about = packages / f"slowlib-{version}.dist-info"
        about.mkdir()
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: slowlib\nVersion: {version}\n")
    return place / "bin" / "python"
