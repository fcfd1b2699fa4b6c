"""Who gets which CPUs, on machines made up as files: cores, hyperthreads, quotas, and one CPU alone."""

from __future__ import annotations

import os
from pathlib import Path

import psutil
import pytest

from bench.errors import UsageError
from bench.system import cpus
from bench.system.cpus import Share


class Machine:
    """Folders in place of /sys and /proc, and an affinity in place of the kernel's."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self._folder = folder
        self._patch = patch
        patch.setattr(cpus, "_SYSTEM", folder / "cpu")
        patch.setattr(cpus, "_CGROUPS", folder / "cgroup")
        patch.setattr(cpus, "_OWN_CGROUPS", folder / "own")

    def cores(self, *cores: str) -> None:
        """Each core as its list of CPUs in the kernel's words, such as `0,4` or `0-1`."""
        numbers = [number for core in cores for number in cpus._numbers(core)]
        for core in cores:
            for number in cpus._numbers(core):
                place = self._folder / "cpu" / f"cpu{number}" / "topology"
                place.mkdir(parents=True)
                (place / "thread_siblings_list").write_text(f"{core}\n")
        self.allow(set(numbers))

    def allow(self, numbers: set[int]) -> None:
        self._patch.setattr(os, "sched_getaffinity", lambda pid: numbers, raising=False)

    def group(self, line: str, **files: str) -> None:
        """Our control group as /proc/self/cgroup names it, and files in its folder (`cpu_max` is cpu.max)."""
        (self._folder / "own").write_text(line + "\n")
        _, controllers, path = line.split(":", 2)
        place = self._folder / "cgroup" / controllers / path.lstrip("/")
        place.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (place / name.replace("_", ".", 1)).write_text(text)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(tmp_path, monkeypatch)


SHARES = {
    "the only CPU is for both": (("0",), 1, Share(shared="cpu")),
    "two hyperthreads of one core": (("0-1",), 1, Share((0,), (1,), (1,), "core")),
    "of two cores, each gets one": (("0", "1"), 1, Share((0,), (1,), (1,))),
    "a core of its own for the harness": (("0", "1", "2"), 1, Share((0,), (2,), (1,))),
    "cores are not split: the server has both threads of its own": (
        ("0,2", "1,3"),
        1,
        Share((0, 2), (1,), (1,)),
    ),
    "siblings lie far apart": (("0,4", "1,5", "2,6", "3,7"), 1, Share((0, 1, 4, 5), (3,), (2,))),
    "as many as the load needs": (
        tuple(map(str, range(8))),
        3,
        Share((0, 1, 2, 3), (5, 6, 7), (4,)),
    ),
    "but at most half": (("0", "1", "2", "3"), 8, Share((0, 1), (3,), (2,))),
    "not the last one of 64 alone": (
        tuple(map(str, range(64))),
        8,
        Share(tuple(range(55)), tuple(range(56, 64)), (55,)),
    ),
}


@pytest.mark.parametrize(("cores", "generators", "expected"), SHARES.values(), ids=SHARES)
def test_cpus_are_shared_out_by_whole_cores(
    cores: tuple[str, ...], generators: int, expected: Share, machine: Machine
) -> None:
    machine.cores(*cores)
    found = cpus.share(generators)
    assert (sorted(found.server), found.generator, found.harness, found.shared) == (
        sorted(expected.server),
        expected.generator,
        expected.harness,
        expected.shared,
    )


def test_who_makes_the_load_itself_needs_no_core_for_the_harness(machine: Machine) -> None:
    machine.cores("0", "1", "2")
    assert cpus.share(apart=False) == Share((0, 1), (2,), (2,))


def test_a_set_of_cpus_that_we_are_confined_to_is_all_there_is(machine: Machine) -> None:
    machine.cores("0", "1", "2", "3")
    machine.allow({1, 3})
    assert cpus.share() == Share((1,), (3,), (3,))


def test_where_no_cpus_can_be_chosen_none_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    assert cpus.share() == Share()


AROUND = {
    "the server has the other": (("0", "1"), (0,), Share((1,), (0,), (0,))),
    "from three cores on the harness has one": (("0", "1", "2", "3"), (1,), Share((0, 2), (1,), (3,))),
    "most of the machine": (tuple(map(str, range(8))), (2, 3, 4, 5, 6), Share((0, 1), (2, 3, 4, 5, 6), (7,))),
    "a core of which one thread is taken is nobody else's": (
        ("0,4", "1,5", "2,6", "3,7"),
        (6,),
        Share((0, 4, 1, 5), (6,), (3,)),
    ),
}


@pytest.mark.parametrize(("cores", "named", "expected"), AROUND.values(), ids=AROUND)
def test_named_cpus_are_the_generators_and_whole_other_cores_the_servers(
    cores: tuple[str, ...], named: tuple[int, ...], expected: Share, machine: Machine
) -> None:
    machine.cores(*cores)
    assert cpus.share_around(named) == expected


def test_a_quota_pays_for_named_cpus_first(machine: Machine) -> None:
    machine.cores(*map(str, range(8)))
    machine.group("0::/app", cpu_max="400000 100000")
    assert cpus.share_around((6, 7)) == Share((0,), (6, 7), (1,))
    machine.group("0::/app", cpu_max="100000 100000")
    assert cpus.share_around((6, 7)) == Share((0,), (6, 7), (6, 7))


@pytest.mark.parametrize("named", [(0, 1), (5,)], ids=["none is left", "not there"])
def test_cpus_that_cannot_be_given_are_refused(named: tuple[int, ...], machine: Machine) -> None:
    machine.cores("0", "1")
    with pytest.raises(UsageError, match="--generator-cpus"):
        cpus.share_around(named)


@pytest.mark.parametrize(
    ("limit", "expected"), [("max", 4), ("250000", 3), ("900000", 4)], ids=["none", "2.5", "9"]
)
def test_cores_are_counted_as_far_as_a_quota_pays(limit: str, expected: int, machine: Machine) -> None:
    machine.cores("0,4", "1,5", "2,6", "3,7")
    machine.group("0::/app", cpu_max=f"{limit} 100000")
    assert cpus.count_cores() == expected


@pytest.mark.parametrize(("text", "expected"), [("0-3,8", (0, 1, 2, 3, 8)), ("5", (5,)), ("3,1,3", (1, 3))])
def test_a_list_of_cpus_is_read(text: str, expected: tuple[int, ...]) -> None:
    assert cpus.parse_cpus(text) == expected


QUOTAS = {
    "version 2": ("0::/app", {"cpu_max": "150000 100000"}, 1.5),
    "version 2, no limit": ("0::/app", {"cpu_max": "max 100000"}, None),
    "version 1": ("4:cpu,cpuacct:/app", {"cpu_cfs_quota_us": "200000", "cpu_cfs_period_us": "100000"}, 2.0),
    "version 1, no limit": ("4:cpu:/app", {"cpu_cfs_quota_us": "-1", "cpu_cfs_period_us": "100000"}, None),
    "not of the CPU": ("4:memory:/app", {"cpu_max": "100000 100000"}, None),
}


@pytest.mark.parametrize(("line", "files", "expected"), QUOTAS.values(), ids=QUOTAS)
def test_a_quota_is_read(line: str, files: dict[str, str], expected: float | None, machine: Machine) -> None:
    machine.group(line, **files)
    assert cpus.quota() == expected


def test_the_smallest_quota_of_all_groups_around_us_holds(machine: Machine) -> None:
    machine.group("0::/pod", cpu_max="100000 100000")
    machine.group("0::/pod/app", cpu_max="400000 100000")
    assert cpus.quota() == 1.0


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        ("100000", Share(shared="cpu")),
        ("150000", Share((0,), (1,), (1,))),
        ("250000", Share((0,), (2,), (1,))),
    ],
    ids=["one CPU's worth", "one and a half", "two and a half"],
)
def test_no_more_cpus_are_used_than_the_quota_pays_for(limit: str, expected: Share, machine: Machine) -> None:
    machine.cores("0", "1", "2", "3")
    machine.group("0::/app", cpu_max=f"{limit} 100000")
    assert cpus.share() == expected


@pytest.mark.parametrize(
    ("server", "generator", "expected"),
    [((0,), (1,), ""), ((0,), (4,), "core"), ((0, 1), (1,), "cpu"), ((), (1,), "")],
    ids=["two cores", "two threads of a core", "one CPU", "a side that is not pinned"],
)
def test_what_two_sides_share_is_named(
    server: tuple[int, ...], generator: tuple[int, ...], expected: str, machine: Machine
) -> None:
    machine.cores("0,4", "1,5")
    assert cpus.shared(server, generator) == expected


@pytest.mark.parametrize("server", [(), (0,)], ids=["not pinned", "pinned by its setup"])
def test_where_there_is_one_cpu_both_sides_have_it(server: tuple[int, ...], machine: Machine) -> None:
    machine.cores("0")
    assert cpus.shared(server, ()) == "cpu"


@pytest.mark.parametrize(
    ("line", "stat"),
    [("0::/app", "throttled_usec 1500000\n"), ("4:cpu:/app", "nr_throttled 3\nthrottled_time 1500000000\n")],
    ids=["version 2", "version 1"],
)
def test_the_time_that_a_quota_stopped_us_is_read(line: str, stat: str, machine: Machine) -> None:
    machine.group(line, cpu_stat=stat)
    assert cpus.times().throttled_s == 1.5


def test_times_are_those_of_every_cpu_and_only_grow() -> None:
    first, second = cpus.times(), cpus.times()
    assert len(first.used_s) == len(first.idle_s) == len(first.steal_s) == psutil.cpu_count()
    for old, new in (
        (first.used_s, second.used_s),
        (first.idle_s, second.idle_s),
        (first.steal_s, second.steal_s),
    ):
        assert all(a <= b for a, b in zip(old, new, strict=True))
    assert first.at_ns < second.at_ns
