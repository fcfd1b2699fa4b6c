"""Async over sync, and what blocking the loop costs: plain words where nothing could be shown."""

from __future__ import annotations

from bench.model.plan import ClosedLoad
from bench.model.record import Caveat, Record
from bench.results.findings.finding import NOT_SHOWN
from tests.bench.builders import found, record, repeats


def test_async_over_sync_group_by_group() -> None:
    finding = found(
        "async-over-sync",
        repeats("uvicorn", "noop-async", 200, 201),
        repeats("uvicorn", "noop-sync", 100, 101),
        repeats("uvicorn", "db-orm-async", 80, 80),
        repeats("uvicorn", "db-orm-sync", 100, 100),
        repeats("uvicorn", "io-async", 100, 120),
        repeats("uvicorn", "io-sync", 95, 110),
    )
    assert finding.title == "Async over sync: 0.80 × to 2.00 ×"
    assert (
        "serves 2.00 × (1.93 to 2.06) in noop and 0.80 × (0.80 to 0.80) in db-orm the requests"
        in finding.text
    )
    assert f"For io {NOT_SHOWN}." in finding.text
    assert finding.figures[-1] == "noop: async 200 (200 to 201), sync 100 (100 to 101) req/s"
    assert finding.chart == "twins"


def test_async_without_evidence_claims_nothing() -> None:
    finding = found(
        "async-over-sync", repeats("uvicorn", "io-async", 100, 120), repeats("uvicorn", "io-sync", 95, 110)
    )
    assert finding.title == f"Async over sync: {NOT_SHOWN}"
    assert finding.text == f"For io {NOT_SHOWN}."


def test_an_invalid_twin_is_not_compared() -> None:
    finding = found(
        "async-over-sync",
        repeats("uvicorn", "io-async", 100, 120, valid=False),
        repeats("uvicorn", "io-sync", 10, 11),
    )
    assert finding.text == "Not compared, as a twin is invalid: io."
    assert "×" not in finding.title
    assert "(invalid)" in finding.figures[0]


# --- misuse ---


GROWS = Caveat("victim-grows", "its p99 was 900 ms in the first third and 2,700 ms in the last")


def innocents(
    scenario: str, rate: float, *waits: float, valid: bool = True, caveats: tuple[Caveat, ...] = ()
) -> list[Record]:
    return [
        record("uvicorn", scenario, rate + at, repeat=at, victim_p99=wait, valid=valid, caveats=caveats)
        for at, wait in enumerate(waits)
    ]


def test_misuse_names_the_victims_and_what_they_suffer() -> None:
    finding = found("misuse", innocents("io-misuse", 90, 300, 340), innocents("io-async", 3000, 2.0, 3.0))
    assert finding.title == "Blocking the loop: 0.030 × the throughput, and bystanders wait 320 ms"
    assert (
        "io-misuse serves 0.030 × (0.028 to 0.032) the requests of io-async (uvicorn, native, 32 users)."
        in finding.text
    )
    assert "At p99 a bystander waits next to io-misuse 320 ms, next to io-async 2.50 ms." in finding.text
    assert finding.figures == (
        "io-async: 3,000 (3,000 to 3,001) req/s, bystander's p99 2.50 (2.00 to 3.00) ms",
        "io-misuse: 90.5 (90.0 to 91.0) req/s, bystander's p99 320 (300 to 340) ms",
    )
    assert finding.chart == "victims"


def test_a_wait_that_grew_with_the_cell_is_at_least_so_long_and_no_ratio() -> None:
    finding = found(
        "misuse",
        innocents("io-misuse", 90, 1700, 1940, caveats=(GROWS,)),
        innocents("io-async", 3000, 2.0, 3.0),
    )
    assert finding.title == "Blocking the loop: 0.030 × the throughput, and bystanders wait at least 1,820 ms"
    assert "waits next to io-misuse at least 1,820 ms, next to io-async 2.50 ms." in finding.text
    assert "for as long as the cell lasted" in finding.text
    assert finding.figures[1].endswith("bystander's p99 ≥ 1,820 (1,700 to 1,940) ms")
    words = " ".join([finding.title, finding.text, *finding.figures])
    assert words.count("×") == words.count("0.030 ×")
    assert [caveat.code for caveat in finding.caveats] == ["victim-grows"]


def test_a_good_side_whose_wait_grew_says_so_too() -> None:
    finding = found(
        "misuse",
        innocents("cpu-misuse", 90, 1700, 1940, caveats=(GROWS,)),
        innocents("cpu-async", 95, 700.0, 720.0, caveats=(GROWS,)),
    )
    assert "next to cpu-misuse at least 1,820 ms, next to cpu-async at least 710 ms" in finding.text
    assert "Next to cpu-misuse and cpu-async the wait grew for as long as the cell lasted" in finding.text


def test_no_length_of_a_cell_moves_a_ratio_in_the_title() -> None:
    """The same fault in cells of 1.5, 3 and 6 s, as it was measured: 1.8, 3.3 and 6.3 s at p99."""
    titles = [
        found(
            "misuse", innocents("io-misuse", 90, wait, wait + 9), innocents("io-async", 3000, 2.0, 3.0)
        ).title
        for wait in (1800.0, 3300.0, 6300.0)
    ]
    assert [title.partition(", and")[0] for title in titles] == [
        "Blocking the loop: 0.030 × the throughput"
    ] * 3
    assert all(title.count("×") == 1 for title in titles)


def test_bystanders_may_wait_where_the_throughput_shows_nothing() -> None:
    finding = found("misuse", innocents("io-misuse", 90, 300, 340), innocents("io-async", 90, 2.0, 3.0))
    assert finding.title == "Blocking the loop: bystanders wait 320 ms"


def test_victims_whose_waits_overlap_show_nothing() -> None:
    finding = found("misuse", innocents("io-misuse", 90, 2.5, 3.5), innocents("io-async", 3000, 2.0, 3.0))
    assert finding.title == "Blocking the loop: 0.030 × the throughput"
    assert f"Bystanders' wait next to io-misuse and io-async: {NOT_SHOWN}." in finding.text


def test_of_several_misuses_the_worst_comes_first_and_gives_the_title() -> None:
    finding = found(
        "misuse",
        innocents("db-orm-misuse", 90, 2.5, 3.5),
        innocents("db-orm-async", 91, 2.0, 3.0),
        innocents("io-misuse", 90, 300, 340),
        innocents("io-async", 3000, 2.0, 3.0),
    )
    assert (
        finding.title == "Blocking the loop: 0.030 × the throughput, and bystanders wait 320 ms (io-misuse)"
    )
    assert finding.text.startswith("io-misuse serves 0.030 ×")
    assert finding.figures[1].startswith("io-misuse: ")


def test_of_several_loads_misuse_is_told_of_the_largest() -> None:
    found_at = [
        repeats("uvicorn", name, rate, rate + 1, load=ClosedLoad(users, 1.0))
        for users, pair in ((32, (90, 3000)), (1, (88, 95)))
        for name, rate in zip(("io-misuse", "io-async"), pair, strict=True)
    ]
    assert found("misuse", *found_at).text.startswith(
        "io-misuse serves 0.030 × (0.028 to 0.032) the requests of io-async (uvicorn, native, 32"
    )


def test_misuse_without_any_evidence_claims_nothing() -> None:
    finding = found(
        "misuse", repeats("uvicorn", "io-misuse", 100, 120), repeats("uvicorn", "io-async", 95, 110)
    )
    assert finding.title == f"Blocking the loop: {NOT_SHOWN}"
    assert "×" not in finding.text


def test_an_invalid_misuse_is_not_compared() -> None:
    finding = found(
        "misuse", innocents("io-misuse", 90, 300, 340, valid=False), innocents("io-async", 3000, 2.0, 3.0)
    )
    assert (
        finding.text
        == "io-misuse and io-async are not compared, as one is invalid (uvicorn, native, 32 users)."
    )
    assert "×" not in finding.title


def test_the_repair_is_named_beside_the_fault() -> None:
    pair = (innocents("io-misuse", 90, 300, 340), innocents("io-async", 3000, 2.0, 3.0))
    repaired = found("misuse", *pair, repeats("uvicorn", "io-offload", 1500, 1501))
    assert (
        "Moved to a thread (io-offload) it serves 0.50 × (0.50 to 0.50) the requests of io-async."
        in repaired.text
    )
    equal = found("misuse", *pair, repeats("uvicorn", "io-offload", 2900, 3100))
    assert f"Moved to a thread (io-offload), throughput against io-async: {NOT_SHOWN}." in equal.text
