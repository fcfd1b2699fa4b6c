"""The modules of this process: each comes from its own version's tree, and none from another version's."""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from .errors import InsideError
from .job import CountingJob

_OURS = Path(__file__).parent
_INSTALLED = ("site-packages", "dist-packages")


def own_path(job: CountingJob, path: Sequence[str]) -> list[str]:
    """A path of imports for the job's app: the folders of its own version, then `path`, the folders `last` at the end.

    A folder of another version, which PYTHONPATH or an editable install has put into `path`, becomes the same folder of
    the app's own version.
    """
    last = [str(folder) for folder in job.last]
    others = [entry for entry in path if entry not in last]
    return [*map(str, job.imports), *(_own_entry(entry, job) for entry in [*others, *last])]


def check_origin(job: CountingJob) -> tuple[str, ...]:
    """The files of other versions that were imported because the app's own version has no file of that name.

    Raises InsideError where the app, or a module that its own version has as well, comes from elsewhere. Without other
    versions there is nothing to check.
    """
    if not job.foreign:
        return ()
    file = location(sys.modules[job.app.partition(":")[0]])
    if file is None or not _is_own(file, job.root):
        raise _not_own(job.app, file)
    borrowed = []
    for name, module in sorted(sys.modules.items()):
        file = location(module)
        if file is None or file.is_relative_to(_OURS) or (place := _place_abroad(file, job)) is None:
            continue
        if (job.root / place).exists():
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


def is_ours(name: str) -> bool:
    """Whether a module has the name of this package, or of a module of it."""
    return name.partition(".")[0] == __package__.partition(".")[0]


def _is_own(file: Path, root: Path) -> bool:
    """Whether a file lies below a root as it was imported or once links are resolved.

    An ignored file of the head is a link to that of the working tree.
    """
    return any(one.is_relative_to(root) for one in (file, file.resolve()))


def _place_abroad(file: Path, job: CountingJob) -> Path | None:
    """The path of a file from the root of another version; None where it belongs to no other version."""
    if _is_own(file, job.root) or is_installed(file):
        return None
    real = file.resolve()
    return next((real.relative_to(other) for other in job.foreign if real.is_relative_to(other)), None)


def _own_entry(entry: str, job: CountingJob) -> str:
    place = _place_abroad(Path(entry), job)
    return entry if place is None else str(job.root / place)


def _not_own(what: str, file: Path | None) -> InsideError:
    return InsideError(
        f"{what} was imported from {file}, not from its own tree; run this in the folder that the app is imported "
        'from, or name that folder in the setup, such as app_dir = "src"'
    )
