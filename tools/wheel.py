"""Checks what a built wheel holds: `python -m tools.wheel PATH.whl` prints a sentence per fault and exits with 1.

One package goes in, and below it the three packages of the repository and the locustfile, whole, with data files and
type markers. Everything else stays out: tests, tools, and what Git ignores.
"""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import Iterator, Set
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).parents[1]
PACKAGE = "fastapi_bench"
PACKAGE_PARENT = "tools/package"
"""The folder of the repository that PACKAGE lies in."""
LINKED = ("bench", "scenarios", "target_app", "locustfile.py")
"""What the folder PACKAGE of the repository holds as links to the top level, and the wheel as copies."""
METADATA = ("METADATA", "RECORD", "WHEEL", "entry_points.txt", "top_level.txt", "licenses/LICENSE")
"""The files of the folder `NAME-VERSION.dist-info`."""


def faults(wheel: Path, root: Path = ROOT) -> Iterator[str]:
    """A sentence for each file that is missing from a wheel, or should not be in it.

    `root` is the repository that the wheel was built from. Raises OSError, zipfile.BadZipFile for what is not a
    wheel, and subprocess.CalledProcessError where `root` is no repository.
    """
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if not name.endswith("/")}
    metadata = {name for name in names if PurePosixPath(name).parts[0].endswith(".dist-info")}
    code, wanted = names - metadata, _wanted(root)
    held = {PurePosixPath(*PurePosixPath(name).parts[1:]).as_posix() for name in metadata}
    for top in sorted({PurePosixPath(name).parts[0] for name in code} - {PACKAGE}):
        yield f"{top} is at the top level, where only {PACKAGE} may be"
    for name in sorted(wanted - code):
        yield f"{name} is missing; kinds of data files are listed in pyproject.toml, [tool.setuptools.package-data]"
    for name in sorted(code - wanted):
        yield f"{name} does not belong in the wheel"
    for name in sorted(set(METADATA) - held):
        yield f"{name} is missing from the metadata"


def _wanted(root: Path) -> Set[str]:
    """The files of the packages in the work tree, but for those that Git ignores, as the wheel names them."""
    command = ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--"]
    listed = subprocess.run(
        [*command, PACKAGE_PARENT, *LINKED], check=True, capture_output=True, text=True
    ).stdout
    files = {name for name in listed.split("\0") if (root / name).is_file()}
    own = {name for name in files if name.startswith(f"{PACKAGE_PARENT}/")}
    return {f"{PACKAGE}/{name}" for name in files - own} | {
        name.removeprefix(f"{PACKAGE_PARENT}/") for name in own if not (root / name).is_symlink()
    }


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
        print(f"{wheel.name}: holds {PACKAGE}, with {', '.join(LINKED)} below it, and nothing else")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
