from __future__ import annotations

import pytest

from bench.errors import UsageError
from bench.history.entry import SeriesFigure
from bench.history.figures import identify_run, machine, of_judgement, of_run, versions
from bench.model.facts import HostFacts, read_facts, read_host
from bench.model.plan import ClosedLoad
from bench.model.record import Caveat
from bench.model.service import GitFacts
from tests.bench.builders import CLOSED, lanes, record, recorded, repeats

ANCHOR = repeats("anchor", "ping", 2000.0, 4000.0, 2000.0)
APP = repeats("uvicorn", "noop-async", 1000.0, 1000.0, 1100.0)
NAME = "uvicorn / noop-async / native, 32 users"


def test_each_repeat_is_held_against_the_anchor_of_its_own_round() -> None:
    """1000/2000, 1000/4000 and 1100/2000: the anchor of the second round was twice as fast, which halves it."""
    found = of_run(recorded(*ANCHOR, *APP))
    assert found.series[NAME]["throughput"] == SeriesFigure(0.5, 0.25, 0.55, 3)
    assert found.anchor == "anchor / ping / native, 32 users"
    assert (list(found.series), found.left_out) == ([NAME], ())


def test_lanes_are_held_against_the_anchor_rotation_by_rotation() -> None:
    """Half of the anchor in each slice, but for a disturbed one, while the machine drifts by a factor of four."""
    made = lanes({"anchor": [200.0] * 7, "uvicorn": [100.0] * 6 + [9.0]}, drift=[1, 2, 4, 1, 2, 1, 1])
    found = of_run(recorded(*made)).series[NAME]
    assert (found["throughput"].value, found["throughput"].n) == (pytest.approx(0.5), 2)
    assert found["cpu"].value == pytest.approx(2.0)


def test_a_machine_that_is_half_as_fast_for_a_day_changes_no_figure() -> None:
    slow = {"p50": 4.0, "p99": 12.0, "cpu_us": 160.0}
    today = of_run(
        recorded(*repeats("anchor", "ping", 2000.0, 2000.0), *repeats("uvicorn", "noop-async", 1000.0, 900.0))
    )
    other = of_run(
        recorded(
            *repeats("anchor", "ping", 1000.0, 1000.0, **slow),
            *repeats("uvicorn", "noop-async", 500.0, 450.0, **slow),
        )
    )
    assert other.series == today.series


def test_the_five_metrics_by_the_names_that_gates_use() -> None:
    app = record("uvicorn", "noop-async", 1000.0, p50=3.0, p99=9.0, cpu_us=120.0, rss=99_000_000)
    base = record("anchor", "ping", 4000.0, p50=1.0, p99=2.0, cpu_us=60.0, rss=33_000_000)
    found = of_run(recorded(base, app)).series[NAME]
    assert {metric: figure.value for metric, figure in found.items()} == pytest.approx(
        {"throughput": 0.25, "p50": 3.0, "p99": 4.5, "cpu": 2.0, "memory": 3.0}
    )


def test_repeats_without_an_anchor_do_not_count_and_metrics_without_figures_are_absent() -> None:
    app = repeats("uvicorn", "noop-async", 1000.0, 500.0, 100.0, cpu_us=None)
    found = of_run(recorded(*ANCHOR[:2], *app)).series[NAME]
    assert found["throughput"] == SeriesFigure(0.3125, 0.125, 0.5, 2)
    assert "cpu" not in found


def test_what_is_invalid_is_left_out_with_a_word() -> None:
    doubt = Caveat("errors", "12 of 100 requests failed")
    bad = repeats("uvicorn", "io-async", 90.0, valid=False, caveats=(doubt,))
    found = of_run(recorded(*ANCHOR, *APP, *bad))
    assert list(found.series) == [NAME]
    assert found.left_out == ("uvicorn / io-async / native, 32 users is left out: it is invalid (errors)",)


def test_doubts_are_kept_those_of_the_anchor_too() -> None:
    busy, odd = Caveat("other-load", "others took 20 %"), Caveat("steal", "the hypervisor took")
    app = repeats("uvicorn", "noop-async", 1000.0, 1000.0, caveats=(odd, busy))
    clean = repeats("uvicorn", "io-async", 90.0)
    assert of_run(recorded(*ANCHOR, *app, *clean)).caveats == {NAME: ("other-load", "steal")}
    doubted = repeats("anchor", "ping", 2000.0, caveats=(busy,))
    assert set(of_run(recorded(*doubted, *app, *clean)).caveats.values()) == {
        ("other-load", "steal"),
        ("other-load",),
    }


def test_two_loads_that_read_the_same_stay_apart() -> None:
    longer = ClosedLoad(users=32, duration_s=9.0)
    found = of_run(recorded(*ANCHOR, *APP, *repeats("uvicorn", "noop-async", 900.0, load=longer)), "anchor")
    assert list(found.series) == [f"{NAME} for 3 s", f"{NAME} for 9 s"]


def test_a_cell_of_the_users_choice_is_the_anchor() -> None:
    found = of_run(recorded(*APP, *repeats("uvicorn", "io-async", 500.0, 500.0, 550.0)), "uvicorn/noop-async")
    assert found.series["uvicorn / io-async / native, 32 users"]["throughput"] == SeriesFigure(
        0.5, 0.5, 0.5, 3
    )


DOUBT = Caveat("generator-saturated", "the generator used 90 % of its core")


@pytest.mark.parametrize(
    ("records", "anchor", "said"),
    [
        pytest.param(
            APP, None, "holds no anchor, .* `bench run history` measures one, .*--anchor", id="no anchor"
        ),
        pytest.param(APP, "uvicorn/noop-asinc", "did you mean 'uvicorn/noop-async'", id="no such cell"),
        pytest.param(
            [*ANCHOR, *repeats("anchor", "ping", 9.0, load=ClosedLoad(1, CLOSED.duration_s))],
            None,
            "2 cells might be the anchor",
            id="two loads of the anchor",
        ),
        pytest.param(
            [*APP, *repeats("anchor", "ping", 9.0, valid=False, caveats=(DOUBT,))],
            None,
            r"the anchor .* is invalid \(generator-saturated\)",
            id="an anchor that is invalid",
        ),
        pytest.param(ANCHOR, None, "nothing to keep beside the anchor", id="the anchor alone"),
        pytest.param(
            [*ANCHOR[:1], record("uvicorn", "noop-async", repeat=7)],
            None,
            "none of its repeats has an anchor",
            id="no round in common",
        ),
    ],
)
def test_what_cannot_be_held_against_an_anchor_is_refused(
    records: tuple[object, ...], anchor: str | None, said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        of_run(recorded(*records), anchor)  # type: ignore[arg-type]


# --- exact figures -------------------------------------------------------------------------------


def row(name: str, **more: object) -> dict[str, object]:
    return {"name": name, "metric": "instructions", "head": 400_000.0, "mde": 0.002} | more


def test_instructions_need_no_anchor_and_their_range_is_what_would_not_be_found() -> None:
    found = of_judgement(
        {"verdict": None, "rows": [row("noop-async"), row("io-async", mde=None)]}, "exact.json"
    )
    assert found.anchor is None
    assert found.series["noop-async"]["instructions"] == SeriesFigure(400_000, 399_200, 400_800, 1)
    assert found.series["io-async"]["instructions"] == SeriesFigure(400_000, 400_000, 400_000, 1)


def test_what_only_the_base_has_has_no_figure() -> None:
    found = of_judgement({"rows": [row("noop-async"), row("gone", head=None)]}, "exact.json")
    assert list(found.series) == ["noop-async"]
    assert found.left_out == ("gone is left out: it has no figure",)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        pytest.param([], "neither", id="a list"),
        pytest.param({"benchmarks": []}, "neither", id="JSON of another program"),
        pytest.param({"rows": [3]}, "neither", id="rows that are none"),
        pytest.param({"rows": []}, "holds no figures", id="no rows"),
        pytest.param(
            {"rows": [row("a", metric="cpu")]}, "holds cpu, .*anchor", id="a gate that measures time"
        ),
    ],
)
def test_other_json_is_refused(said: object, why: str) -> None:
    with pytest.raises(UsageError, match=f"^some.json: .*{why}"):
        of_judgement(said, "some.json")


# --- machines ------------------------------------------------------------------------------------

HOST = {
    "cpu_model": "AMD EPYC 7B13",
    "cores": 2,
    "kernel": "6.1.0",
    "system": "Linux",
    "governor": "unknown",
    "virtualisation": "kvm",
    "python": "CPython 3.11.2",
    "memory_bytes": 8,
    "versions": {"uvicorn": "0.54.0"},
}


def test_a_machine_in_words() -> None:
    assert machine(read_host(HOST)).about == "AMD EPYC 7B13, 2 cores, kvm, CPython 3.11"


@pytest.mark.parametrize(
    ("changed", "same"),
    [
        ({"kernel": "6.2.0"}, True),
        ({"versions": {}}, True),
        ({"python": "CPython 3.11.9"}, True),
        ({"memory_bytes": 9}, True),
        ({"cpu_model": "Xeon"}, False),
        ({"cores": 4}, False),
        ({"governor": "powersave"}, False),
        ({"python": "CPython 3.12.2"}, False),
        ({"virtualisation": "none"}, False),
    ],
    ids=str,
)
def test_which_machines_are_the_same(changed: dict[str, object], same: bool) -> None:
    assert (
        machine(read_host({**HOST, **changed})).fingerprint == machine(read_host(HOST)).fingerprint
    ) == same


def test_of_an_unknown_host_little_is_said() -> None:
    assert machine(HostFacts()).about == "unknown Python"
    assert versions(HostFacts()) == {}


def test_versions_are_those_of_packages_and_python() -> None:
    assert versions(read_host(HOST)) == {"python": "CPython 3.11.2", "uvicorn": "0.54.0"}


def test_a_run_is_known_by_its_service_and_else_by_the_harness() -> None:
    service = {
        "name": "shop",
        "setups": ["uvicorn"],
        "git": {"commit": "1" * 40, "dirty": True},
        "python": "CPython 3.13.1",
        "packages": {"fastapi": "0.115.0"},
    }
    own = identify_run(read_facts({"host": HOST}))
    assert (own.service, own.versions, own.harness) == (None, versions(read_host(HOST)), {})
    assert own.machine == machine(read_host(HOST))
    found = identify_run(read_facts({"host": HOST, "services_under_test": [service]}))
    assert (found.service, found.git) == ("shop", GitFacts("1" * 40, True))
    assert found.versions == {"python": "CPython 3.13.1", "fastapi": "0.115.0"}
    assert found.harness == own.versions
    assert found.machine == machine(read_host(HOST | {"python": "CPython 3.13.1"}))
    assert found.machine != own.machine
