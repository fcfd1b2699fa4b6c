"""Room for a load's connections, against limits that were made up."""

from __future__ import annotations

import pytest

from bench.machine.connections import Wanted, examine_connections, lacking
from bench.system.limits import Limits

USUAL = Limits(soft_open_files=1024, open_files=20_000, ports=28_232, conntrack=262_144)
LACKING = {
    "nothing is wanted": (USUAL, Wanted(), []),
    "all fit": (USUAL, Wanted(users=10_000), []),
    "files of its own are open, too": (USUAL, Wanted(users=19_950), ["open files"]),
    "without a hard limit": (Limits(soft_open_files=1024, open_files=None), Wanted(users=60_000), []),
    "more than the ports of one address": (
        Limits(soft_open_files=1024, open_files=None, ports=28_232),
        Wanted(users=28_233),
        ["ports"],
    ),
    "a second of an open load": (USUAL, Wanted(rate_per_s=30_000.0), ["open files", "ports"]),
    "users and an open load together": (USUAL, Wanted(users=10_000, rate_per_s=10_000.0), ["open files"]),
    "conntrack, of which closed connections hold entries": (
        Limits(soft_open_files=1024, open_files=None, ports=60_000, conntrack=50_000),
        Wanted(users=30_000),
        ["conntrack"],
    ),
}


@pytest.mark.parametrize(("limits", "wanted", "expected"), LACKING.values(), ids=LACKING)
def test_what_a_load_lacks_is_named_with_a_way_out(
    limits: Limits, wanted: Wanted, expected: list[str]
) -> None:
    found = list(lacking(limits, wanted))
    assert [one.subject for one in found] == expected
    assert all(one.advice for one in found)


def test_without_a_load_a_small_limit_of_open_files_is_a_worry() -> None:
    found = {one.subject: one.well for one in examine_connections(USUAL, Wanted())}
    assert found == {"open files": True, "ports": True, "conntrack": True}
    small = Limits(soft_open_files=1024, open_files=1024)
    assert {one.subject: one.well for one in examine_connections(small, Wanted())} == {
        "open files": False,
        "ports": True,
    }


def test_ports_are_raised_where_a_range_has_room_and_addresses_added_where_none_has() -> None:
    few = Limits(soft_open_files=1024, open_files=None, ports=100)
    for users, has_range in ((60_000, True), (70_000, False)):
        (found,) = lacking(few, Wanted(users=users))
        assert ("ip_local_port_range" in found.advice) == has_range
