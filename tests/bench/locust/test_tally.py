"""Rows added in bulk, compared with Locust's own way to count one request after the other."""

from __future__ import annotations

from tests.bench.locust.gevented import evaluate

ROWS = """
import time
from random import Random
import numpy as np
from locust import stats as locust_stats
from locust.stats import RequestStats
from bench.locust.tally import RowTally, count_buckets
from bench.model.samples import tag

NAMES = [("GET", "GET /a"), ("POST", "front page"), ("GET", "GET /b")]
OUTCOMES = ["ok", "reset", "status-503"]
rng = Random(7)
now_ns = time.monotonic_ns()


def draw():
    # a response time of k / 8 ms is kept to the last bit
    took_ns = rng.randrange(1, 8192) * 125_000
    done_ns = now_ns - rng.randrange(5_000_000_000)
    outcome = rng.choice([0, 0, 0, 1, 2])
    connect_ns = rng.randrange(took_ns)
    began_ns = done_ns - took_ns
    return began_ns - 3_000_000, connect_ns, began_ns + connect_ns, done_ns, done_ns, tag(rng.randrange(3), outcome, 77)


table = [draw() for _ in range(3000)]
bulk, single = RequestStats(), RequestStats()
tally = RowTally(bulk)
tally.learn(NAMES[:2], OUTCOMES, [("GET /a", "status-503", "sorry")])
tally.learn(NAMES[2:], [], [])
for part in (table[:1], table[1:2000], table[2000:]):
    tally.add(np.array(part, np.int64))
for _, connect_ns, sent_ns, _, done_ns, tagged in table:
    method, label = NAMES[tagged & 0xFFFF]
    name = label.removeprefix(f"{method} ")
    single.log_request(method, name, (done_ns - sent_ns + connect_ns) / 1e6, 0)
    if outcome := tagged >> 16 & 0xFFFF:
        fault = OUTCOMES[outcome]
        single.log_error(method, name, f"{fault}: sorry" if (label, fault) == ("GET /a", "status-503") else fault)


def figures(entry):
    return [
        entry.num_requests, entry.num_failures, entry.total_response_time, entry.min_response_time,
        entry.max_response_time, sorted(entry.response_times.items()), entry.median_response_time,
        [entry.get_response_time_percentile(part) for part in (0.5, 0.9, 0.99, 0.999, 1.0)],
    ]


def all_figures(stats):
    entries = sorted(stats.entries.items())
    errors = sorted((one.method, one.name, one.error, one.occurrences) for one in stats.errors.values())
    return [figures(stats.total), [[list(key), figures(entry)] for key, entry in entries], errors]
"""


def test_rows_in_bulk_give_the_figures_that_locust_counts_one_by_one() -> None:
    bulk, single = evaluate(ROWS + "give([all_figures(bulk), all_figures(single)])")
    assert bulk == single
    total, entries, errors = bulk
    assert total[0] == 3000
    assert [name for name, _ in entries] == [["/a", "GET"], ["/b", "GET"], ["front page", "POST"]]
    assert ["GET", "/a", "status-503: sorry"] in [error[:3] for error in errors]


def test_a_request_counts_in_the_second_in_which_it_ended() -> None:
    code = """
offset_ns = time.time_ns() - time.monotonic_ns()
expected = {}
for row in table:
    second = (row[4] + offset_ns) // 1_000_000_000
    expected[second] = expected.get(second, 0) + 1
off = sum(abs(expected.get(second, 0) - count) for second, count in bulk.total.num_reqs_per_sec.items())
last_s = max(row[4] for row in table) / 1e9 + offset_ns / 1e9
give([sum(bulk.total.num_reqs_per_sec.values()), off, bulk.total.last_request_timestamp - last_s])
"""
    total, off, last_s = evaluate(ROWS + code)
    assert total == 3000
    assert off <= 3000 * 0.1  # the two clocks are read at another moment, and may be set meanwhile
    assert abs(last_s) < 0.5


def test_a_time_is_kept_to_a_ten_thousandth_whatever_the_buckets() -> None:
    code = """
times = np.array([rng.lognormvariate(0, 3) for _ in range(5000)])
locust_stats.bucket_response_time = lambda time_ms: time_ms
exact = count_buckets(times)
kept = np.repeat(np.array(sorted(exact)), [exact[key] for key in sorted(exact)])
locust_stats.bucket_response_time = lambda time_ms: 10 * round(time_ms / 10)
tens = count_buckets(np.array([4.0, 6.0, 14.5, 15.5, 0.0]))
give([float(np.max(np.abs(kept / np.sort(times) - 1))), len(kept), sorted(tens.items())])
"""
    worst, count, tens = evaluate(ROWS + code)
    assert worst < 1e-4
    assert count == 5000
    assert tens == [[0, 2], [10, 2], [20, 1]]


def test_what_a_worker_reports_can_be_sent_and_merged_by_a_master() -> None:
    code = """
import msgpack
from locust.stats import StatsEntry
report = msgpack.unpackb(
    msgpack.packb([bulk.total.serialize(), bulk.serialize_errors()]), strict_map_key=False
)
merged = StatsEntry(RequestStats(), "all", "", use_response_times_cache=True)
merged.extend(StatsEntry.unserialize(report[0], bulk))
merged.extend(StatsEntry.unserialize(report[0], bulk))
give([merged.num_requests, merged.num_failures, merged.get_response_time_percentile(0.99),
      bulk.total.num_failures, bulk.total.get_response_time_percentile(0.99)])
"""
    requests, failures, p99, once, p99_once = evaluate(ROWS + code)
    assert (requests, failures, p99) == (6000, 2 * once, p99_once)


def test_sessions_that_were_due_have_a_second_row_from_the_intended_start() -> None:
    code = """
due = RequestStats()
tally = RowTally(due, due_suffix=" (due)")
tally.learn(NAMES, OUTCOMES, [])
tally.add(np.array(table, np.int64))
plain, late = due.entries[("/a", "GET")], due.entries[("/a (due)", "GET")]
give([due.total.num_requests, sorted(name for name, _ in due.entries), plain.num_requests, late.num_requests,
      plain.num_failures, late.num_failures, late.min_response_time - plain.min_response_time,
      sum(error.occurrences for error in due.errors.values()), due.total.num_failures])
"""
    total, names, *counts, late_ms, errors, failures = evaluate(ROWS + code)
    assert total == 3000
    assert names == ["/a", "/a (due)", "/b", "/b (due)", "front page", "front page (due)"]
    assert (counts[0], counts[2]) == (counts[1], counts[3])
    assert late_ms == 3.0
    assert errors == failures
