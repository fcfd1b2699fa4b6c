"""The tables of a search."""

from __future__ import annotations

from bench.capacity.results import capacity_of
from bench.capacity.tables import trial_table
from bench.model.facts import read_facts
from bench.model.record import Run
from bench.results.results import understand
from tests.bench.capacity.searches import FACTS, search, trial


def test_the_table_has_a_row_a_trial() -> None:
    found = capacity_of(understand(search()))
    assert found is not None
    rows = [row.entries for row in trial_table(found).rows]
    assert rows[0] == ("100", "4", "100", "6.00", "12.0", "0", "10", "", "held")
    assert rows[-1][-1] == "failed: p99 2,000 ms (p99<50ms), rate-not-reached"
    assert len(rows) == 11


def test_the_table_says_how_often_a_confirmed_rate_held() -> None:
    """The short trial of 560 is not among the three that confirmed it."""
    found = capacity_of(understand(search()))
    assert found is not None
    said = [(row.entries[0], row.entries[1], row.entries[-2]) for row in trial_table(found).rows]
    assert said[3:9] == [
        ("560", "4", ""),
        *(("560", "12", "held in 2 of 3"),) * 3,
        *(("600", "12", "held in 0 of 2"),) * 2,
    ]


def test_errors_are_shown_as_a_share() -> None:
    spoilt = trial(400, 4, 13.0, errors=16)  # of 1,600 requests
    found = capacity_of(understand(Run("made-up", read_facts(FACTS), (spoilt,))))
    assert found is not None
    assert trial_table(found).rows[0].entries[5:] == ("1.00", "40", "", "failed: errors 1.00 % (errors<0.1%)")
