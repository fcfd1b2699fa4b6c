"""The modules of this process: each comes from its own version's tree, and none from another version's."""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from bench.errors import BenchError

HOUSE = Path(__file__).parents[3]
"""The folder that the harness is imported from."""

_HARNESS = ("bench", "scenarios")
_INSTALLED = ("site-packages", "dist-packages")


def own_path(
    imports: Sequence[Path], path: Sequence[str], *, root: Path, foreign: Sequence[Path]
) -> list[str]:
    """A path of imports for a version's app: the folders `imports` of that version, then `path`, the harness last.

    The version's files begin at `root`, those of other versions at the roots `foreign`. A folder of another version,
    which PYTHONPATH or an editable install has put into `path`, becomes the same folder of the app's own version.
    """
    house = [entry for entry in path if entry == str(HOUSE)]
    others = [entry for entry in path if entry != str(HOUSE)]
    return [*map(str, imports), *(_own_entry(entry, root, foreign) for entry in [*others, *house])]


def check_origin(app: str, root: Path, foreign: Sequence[Path]) -> tuple[str, ...]:
    """The files of other versions that were imported because the app's own version has no file of that name.

    `app` is `module:attribute`. Raises BenchError where the app, or a module that its own version has as well, comes
    from elsewhere. Without other versions there is nothing to check.
    """
    if not foreign:
        return ()
    file = location(sys.modules[app.partition(":")[0]])
    if file is None or not _is_own(file, root):
        raise _not_own(app, file)
    borrowed = []
    for name, module in sorted(sys.modules.items()):
        file = location(module)
        if file is None or _is_harness_file(file) or (place := _place_abroad(file, root, foreign)) is None:
            continue
        if (root / place).exists():
            raise _not_own(f"module {name}", file)
        borrowed.append(str(place))
    return tuple(dict.fromkeys(borrowed))


def location(module: ModuleType) -> Path | None:
    """The file of a module, or the first folder of a package without one; None where it has neither."""
    file = getattr(module, "__file__", None) or next(iter(getattr(module, "__path__", ())), None)
    return Path(file) if isinstance(file, str) else None


def is_installed(file: Path) -> bool:
    """Whether a file belongs to Python or to a package that was installed into it."""
    roots = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    return any(part in _INSTALLED for part in file.parts) or any(file.is_relative_to(root) for root in roots)


def is_harness(name: str) -> bool:
    """Whether a module has the name of one of the harness's packages."""
    return name.partition(".")[0] in _HARNESS


def _is_harness_file(file: Path) -> bool:
    """Whether a file belongs to the harness that runs here, which may lie in the user's repository.

    By file, as `__main__` has several names.
    """
    return any(file.is_relative_to(HOUSE / name) for name in _HARNESS)


def _is_own(file: Path, root: Path) -> bool:
    """Whether a file lies below a root as it was imported or once links are resolved.

    An ignored file of the head is a link to that of the working tree.
    """
    return any(one.is_relative_to(root) for one in (file, file.resolve()))


def _place_abroad(file: Path, root: Path, foreign: Sequence[Path]) -> Path | None:
    """The path of a file from the root of another version; None where it belongs to no other version."""
    if _is_own(file, root) or is_installed(file):
        return None
    real = file.resolve()
    return next((real.relative_to(other) for other in foreign if real.is_relative_to(other)), None)


def _own_entry(entry: str, root: Path, foreign: Sequence[Path]) -> str:
    place = _place_abroad(Path(entry), root, foreign)
    return entry if place is None else str(root / place)


def _not_own(what: str, file: Path | None) -> BenchError:
    return BenchError(
        f"{what} was imported from {file}, not from its own tree; run this in the folder that the app is imported "
        'from, or name that folder in the setup, such as env = { PYTHONPATH = "src" }'
    )
