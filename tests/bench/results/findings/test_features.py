"""What a feature costs: only beside a setup that is the same without it."""

from __future__ import annotations

from dataclasses import replace

from bench.model.plan import Setup
from bench.model.record import Record
from bench.plan.config import load_setups
from bench.results.findings.finding import NOT_SHOWN, Finding
from bench.results.siblings import feature_setups
from tests.bench.builders import findings, repeats, run

PLAIN = Setup("plain", "uvicorn", env={"A": "1"})
CACHED = replace(PLAIN, name="cached", env={"A": "1", "CACHE": "on"}, services=("redis",))
ZIPPED = replace(PLAIN, name="zipped", env={"A": "1", "GZIP": "on"})
OTHER = replace(PLAIN, name="other", env={"A": "2", "CACHE": "on"})
MORE = replace(PLAIN, name="more", workers=2, env={"A": "1", "CACHE": "on"})


def of(*records: tuple[Record, ...], setups: tuple[Setup, ...] = (PLAIN, CACHED, ZIPPED)) -> list[Finding]:
    """The findings about features in these records."""
    made = run(*[one for some in records for one in some], setups=setups)
    return [finding for finding in findings(made) if finding.topic == "features"]


def test_a_featured_setup_has_more_environment_and_nothing_else() -> None:
    assert feature_setups(run(setups=(PLAIN, CACHED, ZIPPED, OTHER, MORE)).facts.plan) == (
        ("plain", ("cached", "zipped")),
    )


def test_each_feature_is_a_ratio_to_the_plain_one() -> None:
    (finding,) = of(
        repeats("plain", "noop-async", 100, 102, cpu_us=100.0),
        repeats("plain", "gzip", 50, 51, cpu_us=100.0),
        repeats("cached", "noop-async", 99, 103, cpu_us=100.0),
        repeats("cached", "gzip", 100, 101, cpu_us=60.0),
        repeats("zipped", "noop-async", 101, 101, cpu_us=100.0),
        repeats("zipped", "gzip", 49, 52, cpu_us=100.0),
    )
    assert finding.title == "What each feature costs, beside plain"
    assert finding.text == (
        "cached serves 1.99 × in gzip the requests and spends 0.60 × in gzip the CPU on a request. "
        f"For zipped {NOT_SHOWN}. (native, 32 users)"
    )
    assert finding.figures[0].startswith("cached: gzip 1.99 × (1.76 to 2.25), CPU 0.60 × (0.60 to 0.60)")
    assert "noop-async ~" in finding.figures[0]
    assert finding.figures[1].startswith("zipped: gzip ~, CPU the same")


def test_without_the_plain_one_there_is_none() -> None:
    assert of(repeats("cached", "gzip", 1, 1), repeats("zipped", "gzip", 1, 1), setups=(CACHED, ZIPPED)) == []


def test_every_shipped_feature_stands_beside_uvicorn() -> None:
    setups = load_setups()
    ((_, others),) = [
        found
        for found in feature_setups(run(setups=tuple(setups.values())).facts.plan)
        if found[0] == "uvicorn"
    ]
    features = (
        "memory-cache",
        "redis-cache",
        "gzip",
        "compression",
        "memory-rate-limit",
        "rate-limit",
        "auth",
        "security-headers",
        "base-http",
        "cors",
        "request-log",
        "metrics",
        "telemetry",
        "all-on",
        "10-threads",
        "200-threads",
    )
    assert set(others) == {f"uvicorn-{name}" for name in features}
