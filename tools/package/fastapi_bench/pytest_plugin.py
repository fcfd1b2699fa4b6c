"""pytest's way to us: the fixture `asgi_benchmark`, and its figures at the end of a run.

pytest imports this wherever the wheel is installed, in runs that have no benchmark as well, so it imports nothing of
ours until a test asks for the fixture.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from bench.engines.asgi_benchmark import AsgiBenchmark

_HOME = Path(__file__).with_name("bench").resolve().parent
_OURS = ("bench", "scenarios")
_BENCHMARK = ("benchmark", "pytest_benchmark.plugin", "codspeed")
"""The names of plugins that have a fixture `benchmark`."""

# For `from scenarios.model import Request`. Last, so that packages of the tests' own that have these names stay theirs.
sys.path.append(str(_HOME))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Figure:
    name: str
    loop: str
    concurrency: int
    own_us: float
    calibration_us: float


_FIGURES = pytest.StashKey[list[_Figure]]()
_FACTS = ("loop", "concurrency", "own_us", "calibration_us")


@pytest.fixture
def asgi_benchmark(benchmark: Any, request: pytest.FixtureRequest) -> Iterator[AsgiBenchmark]:
    """Benchmarks an ASGI app, a scenario or a coroutine under pytest-benchmark: `asgi_benchmark(app, "/items")`."""
    with _our_packages():
        from bench.engines.asgi_benchmark import AsgiBenchmark
    with AsgiBenchmark(benchmark) as ours:
        yield ours
    facts = benchmark.extra_info
    if "own_us" in facts:
        figure = _Figure(name=benchmark.name, **{name: facts[name] for name in _FACTS})
        request.config.stash.setdefault(_FIGURES, []).append(figure)


def pytest_configure(config: pytest.Config) -> None:
    """Where nobody brings the fixture `benchmark`, bring one that says who would."""
    if not any(config.pluginmanager.has_plugin(name) for name in _BENCHMARK):
        config.pluginmanager.register(_NoBenchmark())


class _NoBenchmark:
    @pytest.fixture
    def benchmark(self) -> None:
        """Stands where pytest-benchmark is missing."""
        pytest.fail("asgi_benchmark needs pytest-benchmark: pip install pytest-benchmark", pytrace=False)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say what each call takes without the cost of running a coroutine, which pytest-benchmark's table includes."""
    figures = config.stash.get(_FIGURES, [])
    if not figures:
        return
    width = max(len(figure.name) for figure in figures)
    terminalreporter.section("asgi_benchmark: median of a call, without the cost of running a coroutine")
    for figure in figures:
        terminalreporter.write_line(
            f"{figure.name:<{width}} {figure.own_us:12,.1f} µs  ({figure.loop}, {figure.concurrency} at once, "
            f"{figure.calibration_us:.1f} µs taken out)"
        )


@contextmanager
def _our_packages() -> Iterator[None]:
    """Import our packages, also where the tests have packages of the same names, which stay what they are."""
    theirs = {name: module for name, module in sys.modules.items() if _is_foreign(name)}
    for name in theirs:
        del sys.modules[name]
    sys.path.insert(0, str(_HOME))
    try:
        yield
    finally:
        sys.path.remove(str(_HOME))
        if theirs:
            for name in [name for name in sys.modules if name.partition(".")[0] in _OURS]:
                del sys.modules[name]
            sys.modules.update(theirs)


def _is_foreign(name: str) -> bool:
    """Whether a module that is loaded has the name of one of our packages, or lies in one, and is not ours."""
    top = name.partition(".")[0]
    if top not in _OURS:
        return False
    places = getattr(sys.modules.get(top), "__path__", ())
    return str(_HOME / top) not in {str(Path(place).resolve()) for place in places}
