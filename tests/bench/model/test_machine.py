from __future__ import annotations

from dataclasses import replace

from bench.model.facts import HostFacts
from bench.model.machine import MENTIONED, OF_NOISE, OF_RUNS, identity, known_facts

HOST = HostFacts(
    cpu_model="AMD EPYC",
    cores=2,
    governor="unknown",
    virtualisation="kvm",
    python="CPython 3.11.2",
    kernel="6.1",
)


def test_a_machine_of_a_history_stays_the_same_over_kernels_and_patch_releases() -> None:
    later = replace(HOST, kernel="6.2", python="CPython 3.11.9", versions={"fastapi": "1"})
    assert identity(later) == identity(HOST)
    assert identity(replace(HOST, python="CPython 3.12.0")) != identity(HOST)
    assert identity(replace(HOST, cores=4)) != identity(HOST)
    assert identity(HostFacts()) == {"python": "unknown Python"}


def test_what_a_host_could_not_tell_is_not_known_of_it() -> None:
    assert known_facts(HOST, OF_RUNS) == {
        "cpu_model": "AMD EPYC",
        "cores": 2,
        "virtualisation": "kvm",
        "python": "CPython 3.11.2",
    }
    assert known_facts(HOST, MENTIONED) == {"kernel": "6.1"}


def test_noise_holds_for_one_kernel_and_one_interpreter() -> None:
    assert set(OF_NOISE) == {"cpu_model", "cores", "governor", "virtualisation", "kernel", "python"}
