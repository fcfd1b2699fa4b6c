from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace

import pytest

from bench.errors import UsageError
from bench.gates.runs.conditions import FIELDS, Difference, check, of_loads, of_machines, of_runs
from bench.model.facts import read_facts
from bench.model.plan import ClosedLoad, OpenLoad, Setup
from bench.model.record import Run
from tests.bench.builders import facts

UVICORN = Setup("uvicorn", "uvicorn", env={"APP_BENCH": "1"})
ENVIRONMENT = {"settings": {"APP_CACHE": "1", "APP_SECRET_KEY": "***"}, "dotenv": False}
CPUS = {"server": [0], "generator": [1]}


def run(*setups: Setup, host: Mapping[str, object] | None = None, **more: object) -> Run:
    some = facts(*(setups or (UVICORN,)), **(host or {}))
    return told(some | {"environment": ENVIRONMENT, "cpus": CPUS, "seed": 1} | more)


def told(facts: Mapping[str, object]) -> Run:
    return Run("r", read_facts(facts), ())


HOST = facts()["host"]
assert isinstance(HOST, Mapping)


def said(base: Run, new: Run) -> list[tuple[str | None, str]]:
    return [(one.field, one.text) for one in of_runs(base.facts, new.facts, ["uvicorn"])]


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        pytest.param(run(), [], id="nothing"),
        pytest.param(
            run(host={"cpu_model": "Xeon"}),
            [("cpu_model", "cpu_model: AMD EPYC 7B13 before, Xeon now")],
            id="processor",
        ),
        pytest.param(run(host={"cores": 4}), [("cores", "cores: 2 before, 4 now")], id="cores"),
        pytest.param(
            run(host={"governor": "powersave"}),
            [("governor", "governor: performance before, powersave now")],
            id="governor",
        ),
        pytest.param(
            run(host={"virtualisation": "none seen"}),
            [("virtualisation", "virtualisation: kvm before, none seen now")],
            id="virtualisation",
        ),
        pytest.param(
            run(host={"python": "3.12.1"}),
            [("python", "python: 3.11.2 before, 3.12.1 now")],
            id="interpreter",
        ),
        pytest.param(
            told({**run().facts.source, "host": {k: v for k, v in HOST.items() if k != "cores"}}),
            [(None, "cores: 2 before, unknown now")],
            id="what is unknown of a machine",
        ),
        pytest.param(
            run(host={"governor": "unknown"}),
            [(None, "governor: performance before, unknown now")],
            id="what a machine could not tell",
        ),
        pytest.param(
            run(host={"kernel": "6.2.0"}), [(None, "kernel: 6.1.0-28-amd64 before, 6.2.0 now")], id="kernel"
        ),
        pytest.param(
            run(host={"versions": {"fastapi": "0.166.0", "cashews": "7.6"}}),
            [(None, "fastapi: 0.165.0 before, 0.166.0 now")],
            id="a package; that an older run knows less of them is no difference",
        ),
        pytest.param(
            run(host={"git": {"commit": "0123456789abcdef", "dirty": True}}),
            [(None, "commit: 2b0dfca before, 0123456789ab with changes now")],
            id="commit",
        ),
        pytest.param(
            run(host={"load_average": [3.0, 2.0, 1.0], "memory_bytes": 5}),
            [],
            id="what is different every time",
        ),
        pytest.param(
            run(cpus={"server": [0, 1, 2], "generator": [3]}),
            [("cpus", "CPUs of the server: 1 before, 3 now")],
            id="how many CPUs",
        ),
        pytest.param(run(cpus={"server": [2], "generator": [3]}), [], id="which CPUs"),
        pytest.param(
            run(environment={"settings": {"APP_SECRET_KEY": "***"}, "dotenv": True}),
            [
                ("environment", "APP_CACHE: 1 before, not set now"),
                ("environment", "a .env file: false before, true now"),
            ],
            id="settings",
        ),
        pytest.param(
            run(replace(UVICORN, workers=2, about="else", env={"APP_BENCH": "0", "APP_CACHE": "1"})),
            [
                ("setup", "setup 'uvicorn': workers: 1 before, 2 now"),
                ("setup", "setup 'uvicorn': APP_BENCH: 1 before, 0 now"),
                ("setup", "setup 'uvicorn': APP_CACHE: not set before, 1 now"),
            ],
            id="definition of the setup, but not its description",
        ),
        pytest.param(run(UVICORN, Setup("other", "granian")), [], id="a setup more"),
        pytest.param(told({}), [], id="nothing is known of the new run"),
        pytest.param(told({"host": None, "cpus": None, "plan": []}), [], id="facts that were cut off"),
    ],
)
def test_differences_of_runs(new: Run, expected: list[tuple[str | None, str]]) -> None:
    assert said(run(), new) == expected


def test_a_setup_that_is_not_compared_may_differ() -> None:
    assert of_runs(run().facts, run(replace(UVICORN, workers=2)).facts, []) == ()


def test_a_field_that_a_setup_of_older_runs_did_not_have_is_no_difference() -> None:
    old = asdict(UVICORN)
    del old["services"]
    base = told({"plan": {"setups": {"uvicorn": old}}})
    assert said(base, run()) == []


def test_facts_read_from_json_are_those_they_were_written_from() -> None:
    """JSON has lists where the model has tuples."""
    setup = replace(UVICORN, args=("--backlog", "5"))
    read = asdict(setup) | {"args": ["--backlog", "5"]}
    assert said(run(setup), told({"plan": {"setups": {"uvicorn": read}}})) == []


@pytest.mark.parametrize(
    ("base", "new", "expected"),
    [
        pytest.param(ClosedLoad(32, 3.0), ClosedLoad(32, 3.0), [], id="none"),
        pytest.param(ClosedLoad(32, 3.0), ClosedLoad(64, 3.0), ["users: 32 before, 64 now"], id="users"),
        pytest.param(
            OpenLoad(400, 3.0, arrivals="uniform"),
            OpenLoad(200, 9.0),
            [
                "arrivals_per_s: 400 before, 200 now",
                "duration_s: 3.0 before, 9.0 now",
                "arrivals: uniform before, poisson now",
            ],
            id="rate, duration and arrivals",
        ),
        pytest.param(
            ClosedLoad(32, 3.0), OpenLoad(400, 3.0), ["load: 32 users before, 400 arrivals/s now"], id="kind"
        ),
    ],
)
def test_differences_of_loads(
    base: ClosedLoad | OpenLoad, new: ClosedLoad | OpenLoad, expected: list[str]
) -> None:
    found = of_loads(base, new)
    assert [one.text for one in found] == expected
    assert {one.field for one in found} <= {"load"}


def test_differences_of_machines_as_pytest_benchmark_describes_them() -> None:
    machine = {
        "node": "runner-1",
        "machine": "x86_64",
        "system": "Linux",
        "release": "6.1",
        "python_version": "3.11.7",
        "python_implementation": "CPython",
        "python_compiler": "GCC 12",
        "cpu": {"brand_raw": "AMD EPYC", "count": 2, "hz_actual": [2596134000, 0]},
    }
    other = machine | {
        "node": "runner-2",
        "release": "6.2",
        "python_version": "3.12.0",
        "python_compiler": "GCC 13",
        "cpu": {"brand_raw": "AMD EPYC", "count": 4, "hz_actual": [2596134001, 0]},
    }
    assert of_machines(machine, machine) == ()
    assert of_machines(machine, {}) == ()
    without_python = {key: fact for key, fact in machine.items() if not key.startswith("python")}
    assert [(one.field, one.text) for one in of_machines(machine, without_python)] == [
        (None, "python: CPython 3.11.7 before, unknown now")
    ]
    assert [(one.field, one.text) for one in of_machines(machine, other)] == [
        ("cores", "cores: 2 before, 4 now"),
        ("python", "python: CPython 3.11.7 before, CPython 3.12.0 now"),
        (None, "kernel: 6.1 before, 6.2 now"),
        (None, "compiler: GCC 12 before, GCC 13 now"),
    ]


# --- refused, borne, told ------------------------------------------------------------------------

CORES = Difference("cores", "cores", "2", "4")
USERS = Difference("load", "users", "32", "64")
KERNEL = Difference(None, "kernel", "6.1", "6.2")


def test_what_is_only_told_is_never_refused() -> None:
    assert check([KERNEL, KERNEL], ()) == ("The two differ in kernel: 6.1 before, 6.2 now.",)


def test_a_refusal_names_each_field_with_both_values_and_the_way_out() -> None:
    with pytest.raises(UsageError) as caught:
        check([CORES, KERNEL, USERS, USERS], ())
    assert str(caught.value) == (
        "not comparable: cores: 2 before, 4 now; users: 32 before, 64 now "
        "(--despite cores --despite load compares all the same)"
    )


@pytest.mark.parametrize("despite", [["load", "cores"], ["all"]], ids=["both named", "all"])
def test_what_is_borne_is_told(despite: list[str]) -> None:
    assert check([CORES, USERS], despite) == (
        "The two differ in cores: 2 before, 4 now.",
        "The two differ in users: 32 before, 64 now.",
    )


def test_to_bear_one_is_not_to_bear_the_other() -> None:
    with pytest.raises(UsageError, match=r"^not comparable: users: 32 before, 64 now \(--despite load "):
        check([CORES, USERS], ["cores"])


def test_a_long_refusal_is_cut_short() -> None:
    many = [Difference("setup", f"thing {place}", "a", "b") for place in range(9)]
    with pytest.raises(UsageError, match=r"thing 3: a before, b now; and 5 more \(--despite setup compares"):
        check(many, ())


def test_an_unknown_field_is_named() -> None:
    with pytest.raises(UsageError, match=r"^unknown field 'core'; did you mean 'cores'\?$"):
        check([], ["core"])


def test_every_field_that_can_be_refused_can_be_borne() -> None:
    differing = run(
        replace(UVICORN, workers=2),
        host={"cpu_model": "x", "cores": 1, "governor": "x", "virtualisation": "x", "python": "x"},
        cpus={"server": [], "generator": []},
        environment={"settings": {}, "dotenv": True},
    )
    fields = {one.field for one in of_runs(run().facts, differing.facts, ["uvicorn"])} - {None}
    assert fields == {
        "cpu_model",
        "cores",
        "governor",
        "virtualisation",
        "python",
        "cpus",
        "environment",
        "setup",
    }
    assert fields <= set(FIELDS)


# --- services ------------------------------------------------------------------------------------

SHOP: dict[str, object] = {
    "name": "shop",
    "setups": ["uvicorn"],
    "git": {"commit": "1" * 40, "dirty": False},
    "python": "CPython 3.12.1",
    "packages": {"fastapi": "0.115.0", "anyio": "4"},
}


def of(**more: object) -> Run:
    """A run of the service, with other facts."""
    return run(services_under_test=[SHOP | more])


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        pytest.param(of(), [], id="nothing"),
        pytest.param(
            of(python="CPython 3.13.0"),
            [("python", "python of shop: CPython 3.12.1 before, CPython 3.13.0 now")],
            id="interpreter",
        ),
        pytest.param(
            of(git={"commit": "2" * 40, "dirty": True}),
            [(None, "commit of shop: 111111111111 before, 222222222222 with changes now")],
            id="commit",
        ),
        pytest.param(
            of(packages={"fastapi": "0.116.0", "anyio": "4", "orjson": "3"}),
            [(None, "packages of shop: fastapi==0.115.0, no orjson before, fastapi==0.116.0, orjson==3 now")],
            id="packages",
        ),
        pytest.param(of(packages={}), [], id="packages that could not be listed"),
        pytest.param(of(setups=["other"]), [], id="of another setup"),
        pytest.param(
            run(services_under_test=[SHOP], host={"git": {"commit": "3" * 40}, "versions": {"uvicorn": "9"}}),
            [
                (None, "uvicorn of the harness: 0.54.0 before, 9 now"),
                (None, "commit of the harness: 2b0dfca before, 333333333333 now"),
            ],
            id="harness",
        ),
    ],
)
def test_services_are_compared_by_their_own_facts(new: Run, expected: list[tuple[str | None, str]]) -> None:
    assert said(of(), new) == expected


def test_another_service_is_mentioned_and_an_older_run_knows_of_none() -> None:
    assert said(of(), of(name="cart")) == [(None, "service: shop before, cart now")]
    assert said(run(), of()) == []
    assert said(run(host={"git": {"commit": "3" * 40}}), of()) == [
        (None, "commit of the harness: 333333333333 before, 2b0dfca now")
    ]


def test_of_many_packages_some_are_named() -> None:
    many = {f"package{number}": "1" for number in range(20)}
    ((_, text),) = said(of(packages=many), of(packages=dict.fromkeys(many, "2")))
    assert text.count("==1") == text.count("==2") == 8
    assert text.count("and 12 more") == 2
