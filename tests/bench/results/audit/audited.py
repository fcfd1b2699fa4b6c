"""A sound cell, and cells that are not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bench.model.plan import Cell, ClosedLoad, Load, OpenLoad
from bench.model.record import Generator, Latency, RequestSummary, Resources, Summary, TimelineBin, Worker
from bench.results.audit import audit

CLOSED = ClosedLoad(20, 2.0)
OPEN = OpenLoad(1000, 2.0)
RISING = replace(CLOSED, shape="ramp")
GOOD = Latency(mean=20.0, p50=19.0, p90=22.0, p95=24.0, p99=30.0, p999=40.0, max=50.0)
SUMMARY = Summary(
    requests=2000,
    errors=0,
    shed=0,
    throughput_rps=1000.0,
    response_ms=GOOD,
    service_ms=GOOD,
    lag_ms=Latency(mean=0.1, p50=0.1, p90=0.1, p95=0.1, p99=0.2, p999=0.3, max=0.4),
    by_request={"GET /": RequestSummary(requests=2000, errors=0, response_ms=GOOD)},
    timeline=(),
    mean_concurrency=20.0,
)
QUIET = Resources(cpu_us_per_request=100.0, rss_peak_bytes=1, workers=(), steal_share=0.0, cpus=(0,))


def stopped(throttled_s: float) -> Resources:
    return replace(QUIET, throttled_s=throttled_s)


def shared(others_share: float) -> Resources:
    return replace(QUIET, others_share=others_share)


def workers(*requests: int | None) -> Resources:
    return replace(
        QUIET,
        workers=tuple(
            Worker(pid=pid, requests=count, cpu_s=1.0, rss_peak_bytes=1)
            for pid, count in enumerate(requests, 1)
        ),
    )


def summary(**figures: object) -> Summary:
    return replace(SUMMARY, **figures)  # type: ignore[arg-type]


def found(
    summary: Summary = SUMMARY,
    *,
    load: Load = CLOSED,
    resources: Resources = QUIET,
    cpu_share: float = 0.3,
    pauses: int = 0,
    **held_up: object,
) -> Mapping[str, str]:
    """The caveats' texts by their codes; `held_up` is more of the generator."""
    cell = Cell("uvicorn", "noop-async", "native", load)
    generator = Generator(cpu_share=cpu_share, cpu_us_per_request=20.0, **held_up)  # type: ignore[arg-type]
    caveats = audit(cell, summary, resources, generator, pauses=pauses)
    return {caveat.code: caveat.text for caveat in caveats}


def probed(requests: int, errors: int = 0, shed: int = 0) -> Summary:
    return summary(victim=RequestSummary(requests=requests, errors=errors, response_ms=GOOD, shed=shed))


def growing(first: float, last: float, p99: float = 30.0) -> Summary:
    """A victim of which so many probes were under way in the first third and in the last."""
    victim = RequestSummary(
        requests=100,
        errors=0,
        response_ms=replace(GOOD, p99=p99),
        shed=0,
        under_way=(first, (first + last) / 2, last),
    )
    return summary(victim=victim)


def moving(first: float, last: float, requests: int = 2000, **noise: float) -> Summary:
    """24 slices, of which the first third serves so much and the last third so much, in one slice a bit more.

    Of requests per second, and of milliseconds likewise.
    """
    levels = [first] * 8 + [(first + last) / 2] * 8 + [last] * 8
    for place, more in ((3, "early"), (20, "late")):
        levels[place] += noise.get(more, 0.0)
    return replace(
        SUMMARY,
        requests=requests,
        by_request={"GET /": RequestSummary(requests=requests, errors=0, response_ms=GOOD)},
        timeline=tuple(
            TimelineBin(t_s=at / 24, throughput_rps=level, errors=0, p50_ms=level, p99_ms=level)
            for at, level in enumerate(levels)
        ),
    )


def lag(p99: float, service: float = 19.0) -> Summary:
    return summary(lag_ms=Latency(p99=p99), service_ms=replace(GOOD, p50=service))


def late_ones(requests: int, lag_ms: Latency) -> Summary:
    return replace(answered(requests), lag_ms=lag_ms)


def answered(requests: int, **figures: object) -> Summary:
    """So many requests, with throughput and mean response as Little's law wants them."""
    mean_ms = 20 * 2.0 / requests * 1e3
    return summary(
        requests=requests,
        throughput_rps=requests / 2,
        by_request={"GET /": RequestSummary(requests=requests, errors=0, response_ms=GOOD)},
        response_ms=replace(GOOD, mean=mean_ms),
        **figures,
    )
