"""Against the parser of prometheus_client, which is the official one and strict."""

from __future__ import annotations

from dataclasses import replace

from prometheus_client.core import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from bench.export.openmetrics import write
from bench.model.record import Latency, Record
from bench.results.results import Results, understand
from tests.bench.builders import realistic, record, recorded, repeats
from tests.bench.results.test_endpoints import named, part
from tests.bench.results.test_streams import streamed


def families(some: Results) -> dict[str, Metric]:
    return {family.name: family for family in text_string_to_metric_families(write(some))}


def measured(**more: object) -> Record:
    made = record("a", "io-async", 100.0, p50=2.0, p99=6.0, cpu_us=80.0, run="r", **more)  # type: ignore[arg-type]
    times = Latency(mean=3.0, p50=2.0, p90=None, p95=None, p99=6.0, p999=None, max=9.0)
    return replace(
        made,
        summary=replace(made.summary, response_ms=times),
        started_at="2026-11-24T16:20:00+00:00",
    )


def test_the_kinds_and_units_of_all_families() -> None:
    assert {
        name: (family.type, family.unit) for name, family in families(understand(realistic())).items()
    } == {
        "bench_response_seconds": ("summary", "seconds"),
        "bench_service_seconds": ("summary", "seconds"),
        "bench_throughput_requests_per_second": ("gauge", "requests_per_second"),
        "bench_requests": ("gauge", ""),
        "bench_errors": ("gauge", ""),
        "bench_shed_sessions": ("gauge", ""),
        "bench_server_cpu_per_request_seconds": ("gauge", "seconds"),
        "bench_server_memory_peak_bytes": ("gauge", "bytes"),
        "bench_generator_cpu_ratio": ("gauge", "ratio"),
    }


def test_a_record_is_a_sample_with_its_own_time() -> None:
    found = families(recorded(measured(repeat=2)))
    (sample,) = found["bench_throughput_requests_per_second"].samples
    assert sample.labels == {
        "run": "r",
        "setup": "a",
        "scenario": "io-async",
        "engine": "native",
        "load": "32 users",
        "repeat": "2",
    }
    assert sample.value == 100
    assert sample.timestamp is not None
    assert float(sample.timestamp) == 1_795_537_200  # date -d 2026-11-24T16:20Z +%s
    assert found["bench_server_cpu_per_request_seconds"].samples[0].value == 80 / 1e6
    assert found["bench_server_memory_peak_bytes"].samples[0].value == 90_000_000


def test_a_summary_has_the_quantiles_that_were_measured_a_count_and_a_sum() -> None:
    """100 requests/s for 3 s are 300, and with a mean of 3 ms they took 0.9 s together."""
    name = "bench_response_seconds"
    samples = families(recorded(measured()))[name].samples
    found = [(sample.name, sample.labels.get("quantile")) for sample in samples]
    assert found == [(name, "0.5"), (name, "0.99"), (f"{name}_count", None), (f"{name}_sum", None)]
    assert [round(sample.value, 9) for sample in samples] == [0.002, 0.006, 300, 0.9]


def test_the_service_time_is_not_the_response_time() -> None:
    """Requests that waited 4 ms to be sent: a response of 6 ms is a service of 2 ms."""
    made = measured()
    service = Latency(mean=1.5, p50=1.0, p99=2.0, max=5.0)
    found = families(recorded(replace(made, summary=replace(made.summary, service_ms=service))))
    samples = {
        (sample.name, sample.labels.get("quantile")): round(sample.value, 9)
        for name in ("bench_response_seconds", "bench_service_seconds")
        for sample in found[name].samples
    }
    assert samples["bench_response_seconds", "0.99"] == 0.006
    assert samples["bench_service_seconds", "0.5"] == 0.001
    assert samples["bench_service_seconds", "0.99"] == 0.002
    assert samples["bench_service_seconds_sum", None] == 0.45  # 300 requests of 1.5 ms


def test_names_with_quotes_and_backslashes_arrive_as_they_are() -> None:
    odd = 'my "own" \\ setup'
    assert families(recorded(record(odd)))["bench_requests"].samples[0].labels["setup"] == odd


def test_what_was_not_measured_is_no_sample() -> None:
    found = families(recorded(record(p99=None, cpu_us=None, rss=0)))
    assert [
        found[name].samples
        for name in (
            "bench_response_seconds",
            "bench_server_cpu_per_request_seconds",
            "bench_server_memory_peak_bytes",
        )
    ] == [[], [], []]


def test_every_record_of_a_valid_cell_is_there_and_none_of_another() -> None:
    some = (
        *repeats("a", "noop-async", 1, 2, 3),
        *repeats("b", "noop-async", 1),
        record("b", repeat=1, valid=False),
    )
    samples = families(recorded(*some))["bench_requests"].samples
    assert [(sample.labels["setup"], sample.labels["repeat"]) for sample in samples] == [
        ("a", "0"),
        ("a", "1"),
        ("a", "2"),
    ]


def test_the_requests_of_several_names_have_families_of_their_own() -> None:
    found = families(recorded(named(0, a=part(100, 10.0, 7.5), b=part(50, 90.0, None, {"timeout": 3}))))
    times = found["bench_request_response_seconds"]
    p99s = {
        sample.labels["request"]: sample.value
        for sample in times.samples
        if sample.labels.get("quantile") == "0.99"
    }
    assert p99s == {"a": 0.01, "b": 0.09}
    counts = {one.labels["request"]: one.value for one in found["bench_request_requests"].samples}
    assert counts == {"a": 100, "b": 50}
    (rps,) = found["bench_request_throughput_requests_per_second"].samples
    assert (rps.labels["request"], rps.value) == ("a", 7.5)
    (errors,) = found["bench_request_errors"].samples
    assert (errors.labels["request"], errors.labels["kind"], errors.value) == ("b", "timeout", 3)


def test_streams_have_families_of_their_own() -> None:
    """5 ms to the first byte of 4 answers, and 8 gaps, with a mean of 2 ms: 16 ms together."""
    one = streamed(4, 5.0, 1.5, 8)
    one = replace(one, gap_ms=replace(one.gap_ms or Latency(), mean=2.0))
    found = families(recorded(named(0, chat=one, plain=part(9, 1.0))))
    first = {
        sample.labels.get("quantile"): sample.value
        for sample in found["bench_request_first_byte_seconds"].samples
    }
    assert first == {"0.5": 0.005, "0.99": 0.01}
    between = {
        (sample.name.rpartition("_")[2], sample.labels["request"]): sample.value
        for sample in found["bench_request_gap_seconds"].samples
        if "quantile" not in sample.labels
    }
    assert between == {("count", "chat"): 8, ("sum", "chat"): 0.016}
