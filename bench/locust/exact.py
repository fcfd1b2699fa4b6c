"""Exact times in all that Locust shows and writes: page, HTML, JSON and CSV, of one process or merged from workers.

By itself Locust keeps two digits of a time, cuts its files to whole milliseconds, and rounds the shortest and the
longest. This takes the place of the functions and classes that do so, in the module that its others look them up in.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

from locust import html, stats
from locust.event import Events

from bench.locust.buckets import Ranked, bucket_ms, percentile_ms, short_ms

_SHOWN = [0.5, 0.9, 0.95, 0.99, 0.999]
_CHARTED = [0.5, 0.95, 0.99]
_IN_HTML = [0.5, 0.9, 0.95, 0.99, 0.999, 1.0]


class _Entry(stats.StatsEntry):
    """An entry whose times are exact in the page, the HTML and the terminal, too."""

    _ranked: tuple[object, int, Ranked] = (None, 0, Ranked({}))

    def get_response_time_percentile(self, percent: float) -> Any:
        """A percentile; what it takes is sorted once until the next request, as the page asks for several."""
        counts, requests, ranked = self._ranked
        if counts is not self.response_times or requests != self.num_requests:
            ranked = Ranked(cast(dict[float, int], self.response_times))
            self._ranked = (self.response_times, self.num_requests, ranked)
        found = ranked.percentile_ms(percent)
        return min(max(found, self.min_response_time or 0), self.max_response_time or found)

    @property
    def median_response_time(self) -> Any:
        return self.get_response_time_percentile(0.5)

    def percentile(self) -> str:
        shares = stats.PERCENTILES_TO_REPORT
        first, *more = (_six(self.get_response_time_percentile(share)) for share in shares)
        kind, name = (
            f"{self.method or '':<{stats.STATS_TYPE_WIDTH}}",
            f"{self.name:<{stats.STATS_NAME_WIDTH}}",
        )
        return " ".join(
            [kind, name, f"{first:>8}", *(f"{one:>6}" for one in more), f"{self.num_requests:>6}"]
        )

    def to_string(self, current: bool = True) -> str:
        before, _, after = super().to_string(current).rsplit("|", 2)
        times = (
            self.avg_response_time,
            self.min_response_time or 0,
            self.max_response_time,
            self.median_response_time,
        )
        words = [f"{_six(time_ms):>7}" for time_ms in times]
        return f"{before}|{words[0]} {words[1]} {words[2]}{words[3]} |{after}"

    def to_dict(self, *arguments: Any, **options: Any) -> dict[str, int | float | str]:
        return super().to_dict(*arguments, **options) | {
            "min_response_time": short_ms(self.min_response_time or 0),
            "max_response_time": short_ms(self.max_response_time),
        }


class _Percentiles:
    """Percentiles of CSV files with their fractions of a millisecond."""

    percentiles_to_report: list[float]
    percentiles_na: list[str]

    def _percentile_fields(self, stats_entry: stats.StatsEntry, use_current: bool = False) -> list[Any]:
        if not stats_entry.num_requests:
            return self.percentiles_na
        if use_current and stats_entry.use_response_times_cache:
            return [
                stats_entry.get_current_response_time_percentile(x) or 0 for x in self.percentiles_to_report
            ]
        return [stats_entry.get_response_time_percentile(x) for x in self.percentiles_to_report]


class _Csv(_Percentiles, stats.StatsCSV):
    pass


class _CsvFiles(_Percentiles, stats.StatsCSVFileWriter):
    """Files that have all requests at the end: by itself Locust leaves out those after its last second."""

    def close_files(self) -> None:
        for file, writer, write in (
            (self.requests_csv_filehandle, self.requests_csv_writer, self.requests_csv),
            (self.failures_csv_filehandle, self.failures_csv_writer, self.failures_csv),
            (self.exceptions_csv_filehandle, self.exceptions_csv_writer, self.exceptions_csv),
        ):
            file.seek(0)
            write(writer)
            file.truncate()
        super().close_files()


def _six(time_ms: float) -> str:
    """A time in six characters, as far as it is below 100 s."""
    decimals = 4 if time_ms < 1 else 3 if time_ms < 10 else 2 if time_ms < 100 else 1 if time_ms < 1000 else 0
    return f"{time_ms:.{decimals}f}"


def _print_json(request_stats: stats.RequestStats) -> None:
    print(json.dumps(_serialize(request_stats), indent=4))


def _save_json(request_stats: stats.RequestStats, filename: str) -> None:
    Path(f"{filename}.json").write_text(json.dumps(_serialize(request_stats), indent=4))


def _serialize(request_stats: stats.RequestStats) -> list[stats.StatsEntryDict]:
    """The entries, which stay as they are: Locust would set them to 0, and leave nothing for its next file."""
    entries = request_stats.entries.values()
    return [entry.serialize() for entry in entries if entry.num_requests or entry.num_failures]


def install(events: Events) -> None:
    """Put exact times in place of Locust's, in this process."""
    places: Any = stats
    places.bucket_response_time = bucket_ms
    places.calculate_response_time_percentile = _percentile
    places.StatsEntry = _Entry
    places.print_stats_json = _print_json
    places.save_stats_json = _save_json
    places.StatsCSV = _Csv
    places.StatsCSVFileWriter = _CsvFiles
    stats.PERCENTILES_TO_STATISTICS[:] = _SHOWN
    stats.PERCENTILES_TO_CHART[:] = _CHARTED
    html.PERCENTILES_FOR_HTML_REPORT[:] = _IN_HTML


def _percentile(response_times: dict[float, int], num_requests: int, percent: float) -> float:
    """A percentile, in the way in which Locust asks for it."""
    return percentile_ms(response_times, percent)
