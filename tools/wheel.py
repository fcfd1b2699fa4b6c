"""Checks what a built wheel holds: `python -m tools.wheel PATH.whl` prints a sentence per fault and exits with 1.

The three packages and the locustfile go in whole, data files and type markers included; everything else stays out.
"""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Iterator, Set
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).parents[1]
PACKAGES = ("bench", "scenarios", "target_app")
MODULES = ("locustfile.py",)
TYPE_MARKER = "py.typed"
METADATA = ("METADATA", "RECORD", "WHEEL", "entry_points.txt", "top_level.txt", "licenses/LICENSE")
"""The files of the folder `NAME-VERSION.dist-info`."""


def faults(wheel: Path, root: Path = ROOT) -> Iterator[str]:
    """A sentence for each file that is missing from a wheel, or should not be in it.

    `root` is the repository that the wheel was built from. Raises OSError and zipfile.BadZipFile for what is not a
    wheel.
    """
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if not name.endswith("/")}
    metadata = {name for name in names if PurePosixPath(name).parts[0].endswith(".dist-info")}
    code, wanted = names - metadata, _wanted(root)
    held = {PurePosixPath(*PurePosixPath(name).parts[1:]).as_posix() for name in metadata}
    for name in sorted(wanted - code):
        yield f"{name} is missing; data files are listed in pyproject.toml, [tool.setuptools.package-data]"
    for name in sorted(code - wanted):
        yield f"{name} does not belong in the wheel"
    for name in sorted(set(METADATA) - held):
        yield f"{name} is missing from the metadata"


def _wanted(root: Path) -> Set[str]:
    """The files of the packages in the work tree, compiled ones excepted, and a type marker for each package."""
    inside = (file for package in PACKAGES for file in (root / package).rglob("*") if file.is_file())
    files = {file.relative_to(root).as_posix() for file in inside if "__pycache__" not in file.parts}
    return files | {f"{package}/{TYPE_MARKER}" for package in PACKAGES} | set(MODULES)


def main(arguments: list[str]) -> int:
    """The exit status: 0 when the wheel holds what it should, 1 when it does not, 2 for wrong usage."""
    if len(arguments) != 1:
        print("usage: python -m tools.wheel PATH.whl", file=sys.stderr)
        return 2
    wheel = Path(arguments[0])
    try:
        found = list(faults(wheel))
    except (OSError, zipfile.BadZipFile) as error:
        print(f"{wheel}: cannot be read as a wheel: {error}", file=sys.stderr)
        return 2
    for fault in found:
        print(f"{wheel.name}: {fault}")
    if not found:
        print(f"{wheel.name}: holds {', '.join((*PACKAGES, *MODULES))} and nothing else")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
