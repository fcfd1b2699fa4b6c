"""Where modules come from: each version's from its own tree, and none from another's."""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from bench.errors import BenchError
from bench.gates.exact.job import Job

_HOUSE = Path(__file__).parents[3]
_HARNESS = ("bench", "scenarios")
_INSTALLED = ("site-packages", "dist-packages")


def own_path(job: Job, path: Sequence[str]) -> list[str]:
    """A path of imports for the job's app: its own folders, then the others, the harness last.

    A folder of another version, which PYTHONPATH or an editable install has put there, becomes the same folder of the
    job's own version.
    """
    house = [entry for entry in path if entry == str(_HOUSE)]
    others = [entry for entry in path if entry != str(_HOUSE)]
    return [*map(str, job.imports), *(_moved(job, entry) for entry in [*others, *house])]


def check_origin(job: Job) -> tuple[str, ...]:
    """The files of other versions that were imported though the job's own has none of the name.

    Raises BenchError where the app, or a module that the job's own version has as well, comes from elsewhere. Where
    nothing is compared nothing is checked.
    """
    if not job.foreign:
        return ()
    module = job.app.partition(":")[0]
    file = location(sys.modules[module])
    if file is None or not _is_own(job, file):
        raise _stranger(job.app, file)
    borrowed = []
    for name, one in sorted(sys.modules.items()):
        file = location(one)
        if file is None or _is_ours(file) or (place := _place_abroad(job, file)) is None:
            continue
        if (job.root / place).exists():
            raise _stranger(f"module {name}", file)
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
    """Whether a module is called like one of the harness."""
    return name.partition(".")[0] in _HARNESS


def _is_ours(file: Path) -> bool:
    """Whether it is the harness that runs here, whose repository may be the user's; `__main__` has several names."""
    return any(file.is_relative_to(_HOUSE / name) for name in _HARNESS)


def _is_own(job: Job, file: Path) -> bool:
    """As it was imported, or where links lead: an ignored file of the head is a link to that of the working tree."""
    return any(one.is_relative_to(job.root) for one in (file, file.resolve()))


def _place_abroad(job: Job, file: Path) -> Path | None:
    """The way from the root of another version to a file of it; None of what is no other version's."""
    if _is_own(job, file) or is_installed(file):
        return None
    real = file.resolve()
    return next((real.relative_to(root) for root in job.foreign if real.is_relative_to(root)), None)


def _moved(job: Job, entry: str) -> str:
    place = _place_abroad(job, Path(entry))
    return entry if place is None else str(job.root / place)


def _stranger(what: str, file: Path | None) -> BenchError:
    return BenchError(
        f"{what} was imported from {file}, not from its own tree; run this in the folder that the app is imported "
        'from, or name that folder in the setup, such as env = { PYTHONPATH = "src" }'
    )
