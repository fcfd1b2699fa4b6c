"""The worked table of docs/scale.md follows from the quantities above it, by the arithmetic that the page gives."""

from __future__ import annotations

import re
from math import ceil

import pytest

from tests.docs.pages import ROOT

PAGE = (ROOT / "docs/scale.md").read_text(encoding="utf-8")
COLUMNS = ["rate", "client", "CPUs", "machines", "connections", "per worker", "Gbit/s", "addresses"]


def number(text: str) -> float:
    return float(text.replace(",", ""))


def rows(*beginning: str) -> list[list[str]]:
    """The rows of the table whose head begins so, in cells."""
    head = r"\| " + r" \| ".join(map(re.escape, beginning)) + r".*\n\|[-:| ]+\n((?:\|.*\n)+)"
    found = re.search(head, PAGE)
    assert found, beginning
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in found[1].splitlines()]


GIVEN = {row[0]: number(row[1]) for row in rows("quantity", "here")}
WORKED = rows(*COLUMNS)
PORTS = 60_999 - 32_768 + 1
"""Of `net.ipv4.ip_local_port_range` as Linux has it."""


def test_the_quantities_are_those_of_the_arithmetic() -> None:
    assert set(GIVEN) == {
        *("`native`, CPU time per request (µs)", "FastHttpUser (µs)", "HttpUser (µs)"),
        *("share of a CPU to plan with", "CPUs of a machine", "response time (ms)"),
        "bytes of a request and its answer",
    }


def test_three_rates_by_three_clients() -> None:
    assert [(row[0], row[1]) for row in WORKED] == [
        (rate, client)
        for rate in ("10,000", "100,000", "1,000,000")
        for client in ("`native`", "FastHttpUser", "HttpUser")
    ]


@pytest.mark.parametrize("row", WORKED, ids=[f"{row[0]} by {row[1]}" for row in WORKED])
def test_a_row_follows_from_the_quantities(row: list[str]) -> None:
    rate = number(row[0])
    (cost_us,) = [value for name, value in GIVEN.items() if name.startswith(row[1])]
    cpus = ceil(rate * cost_us / 1e6 / GIVEN["share of a CPU to plan with"])
    connections = ceil(rate * GIVEN["response time (ms)"] / 1000)
    assert [number(cell) for cell in row[2:]] == [
        cpus,
        ceil(
            cpus / (GIVEN["CPUs of a machine"] - 1)
        ),  # one for the system, and the master on the first machine
        connections,
        ceil(connections / cpus),
        round(rate * GIVEN["bytes of a request and its answer"] * 8 / 1e9, 2),
        ceil(connections / PORTS),
    ]


def test_the_example_of_short_connections_follows_too() -> None:
    found = re.search(r"([\d,]+) ports / 60 s = ([\d,]+) new connections", PAGE)
    assert found
    assert number(found[1]) == PORTS
    assert number(found[2]) == PORTS // 60


def test_two_workers_make_twice_what_one_makes() -> None:
    found = re.search(r"([\d.]+) / ([\d.]+) µs = ([\d,]+) requests/s, and two make ([\d,]+)", PAGE)
    assert found
    share, cost_us, one, two = map(number, found.groups())
    assert (share, cost_us) == (
        GIVEN["share of a CPU to plan with"],
        GIVEN["`native`, CPU time per request (µs)"],
    )
    assert one == int(share / cost_us * 1e6)
    assert two == 2 * one
