from __future__ import annotations

from tests.tools.calibration.runs import row, trial
from tools.calibration.tally import GateGroup, Rate, false_alarms, groups, merge

SPOILED = ("noop-async",)


def only(*trials: object) -> GateGroup:
    (found,) = groups(trials)  # type: ignore[arg-type]
    return found


def test_a_verdict_is_the_gravest_metric_of_a_scenario_that_counts() -> None:
    found = only(
        trial(
            row("noop-async", "no change"),
            row("noop-async", "inconclusive", metric="p99", beside=True),
            row("json-model", "no change"),
            row("json-model", "regressed", 1.3, metric="p50", beside=True),
            row("all scenarios", "no change", metric="memory"),
            status=1,
        )
    )
    assert dict(found.untouched_verdicts) == {"no change": 2, "regressed": 1}
    assert (false_alarms(found.untouched_verdicts), found.alarm_rate) == (Rate(1, 3), Rate(1, 1))
    assert [(one.name, one.metric) for one in found.alarms] == [("json-model", "p50")]


def test_a_fault_is_found_where_it_is_and_red_elsewhere_is_a_false_alarm() -> None:
    runs = [
        trial(
            row("noop-async", "regressed", 1.04),
            row("json-model", "no change"),
            fault="cpu-5",
            spoiled=SPOILED,
        ),
        trial(
            row("noop-async", "inconclusive", 1.06),
            row("json-model", "regressed", 1.02),
            fault="cpu-5",
            spoiled=SPOILED,
            number=1,
        ),
    ]
    found = only(*runs)
    assert found.detection_rate == Rate(1, 2)
    assert found.misses == {"noop-async": 1}
    assert found.metrics_of_detections == {"cpu": 1}
    assert found.ratios("cpu") == [1.04, 1.06]
    assert found.mde("cpu") == 0.02
    assert false_alarms(found.untouched_verdicts) == Rate(1, 2)


def test_a_run_in_which_everything_is_spoiled_cannot_raise_a_false_alarm_and_is_no_try() -> None:
    one = trial(
        row("noop-async", "regressed", 1.2), fault="leak", spoiled=SPOILED, scenarios=SPOILED, status=1
    )
    assert only(one).alarm_rate == Rate(0, 0)


def test_a_scenario_of_which_nothing_was_said_is_no_find() -> None:
    found = only(trial(row("json-model", "no change"), fault="cpu-5", spoiled=SPOILED))
    assert (found.detection_rate, found.misses) == (Rate(0, 1), {"noop-async": 1})


def test_requests_of_a_scenario_are_one_verdict_and_its_own() -> None:
    found = only(
        trial(
            row("noop-async: GET /a", "no change", metric="instructions"),
            row("noop-async: GET /b", "regressed", 1.1, metric="instructions"),
            fault="cpu-5",
            gate="exact",
            spoiled=SPOILED,
            scenarios=SPOILED,
            seconds=None,
        )
    )
    assert (found.detection_rate, found.alarms) == (Rate(1, 1), ())


def test_runs_of_other_lengths_count_apart_and_failures_do_not() -> None:
    found = groups(
        [trial(), trial(seconds=120.0), trial(number=1, status=2, error="no luck"), trial(number=2)]
    )
    assert [(one.seconds, len(one.trials)) for one in found] == [(40.0, 2), (120.0, 1)]
    assert merge(found).total() == 6


def test_time_is_of_whole_runs() -> None:
    found = only(trial(took_s=100.0), trial(took_s=90.0, number=1), trial(took_s=130.0, number=2))
    assert (found.median_s, found.longest_s) == (100.0, 130.0)
