"""What one property of a setup brings: only where two setups differ in nothing else."""

from __future__ import annotations

import pytest

from bench.results.findings.finding import NOT_SHOWN, SAME, Finding
from tests.bench.builders import found, repeats, topics


def test_loop_and_parser_are_told_from_setups_that_differ_in_nothing_else() -> None:
    duel = found(
        "loop-and-parser",
        repeats("uvicorn", "noop-async", 200, 200),
        repeats("uvicorn-asyncio-httptools", "noop-async", 160, 160),
        repeats("uvicorn-uvloop-h11", "noop-async", 100, 100),
        repeats("granian-1", "noop-async", 10, 10),
    )
    assert duel.title == "uvloop over asyncio: 1.25 ×; httptools over h11: 2.00 ×"
    assert "uvicorn against uvicorn-asyncio-httptools" in duel.text
    assert "granian" not in duel.text + " ".join(duel.figures)


def test_a_loop_that_shows_no_difference_is_said_to_show_none() -> None:
    duel = found(
        "loop-and-parser",
        repeats("uvicorn", "noop-async", 100, 120),
        repeats("uvicorn-asyncio-httptools", "noop-async", 95, 110),
    )
    assert duel.title == f"uvloop over asyncio: {NOT_SHOWN}"
    assert f"Requests served with uvloop over asyncio: {NOT_SHOWN}" in duel.text


def test_a_proof_that_two_are_the_same_is_told_as_one() -> None:
    """1.005 in each round lies within 2 %, however sure."""
    duel = found(
        "loop-and-parser",
        repeats("uvicorn", "noop-async", 201, 402, 603),
        repeats("uvicorn-asyncio-httptools", "noop-async", 200, 400, 600),
    )
    assert duel.title == f"uvloop over asyncio: {SAME}"
    assert NOT_SHOWN not in duel.text


def test_invalid_cells_take_part_in_no_duel() -> None:
    assert "loop-and-parser" not in topics(
        repeats("uvicorn", "noop-async", 200, 200, valid=False),
        repeats("uvicorn-asyncio-httptools", "noop-async", 160, 160),
    )


# --- workers ---


def workers(*cpus: int) -> Finding:
    return found(
        "workers",
        repeats("uvicorn", "noop-async", 100, 101, rss=90_000_000, cpus=cpus),
        repeats("uvicorn-2", "noop-async", 190, 191, rss=180_000_000, cpus=cpus, workers=(95, 95)),
    )


def test_more_workers_on_cores_of_their_own() -> None:
    finding = workers(0, 1)
    assert finding.title == "More workers: uvicorn-2 1.90 ×"
    assert "Requests served by uvicorn-2 over uvicorn: 1.90 × (1.84 to 1.95) in noop-async" in finding.text
    assert "2.00 × the memory" in finding.text


def crowded(gained: tuple[int, int], **more: object) -> Finding:
    """Two workers on one core, against one."""
    return found(
        "workers",
        repeats("uvicorn", "noop-async", 1000, 1010, cpus=(0,)),
        repeats("uvicorn-2", "noop-async", *gained, cpus=(0,), workers=(95, 95), **more),
    )


def test_workers_that_share_a_core_show_nothing() -> None:
    finding = workers(0)
    assert finding.title == "More workers: not shown on this machine"
    assert finding.text == "2 workers shared 1 core: this machine cannot show what more workers bring."


def test_answers_that_wait_for_a_delayed_acknowledgement_are_named() -> None:
    finding = crowded((150, 151), p50=49.0, cpu_us=200.0)
    assert finding.title == "More workers: not shown on this machine"
    assert "49.0 ms" in finding.text
    assert "TCP_NODELAY" in finding.text


@pytest.mark.parametrize("more", [{"p50": 20.0}, {"p50": 49.0, "cpu_us": 9000.0}], ids=["short", "computing"])
def test_slower_answers_of_another_kind_are_not(more: dict[str, float]) -> None:
    assert "TCP_NODELAY" not in crowded((150, 151), **more).text


def test_workers_that_are_pinned_to_nothing_have_the_cores_of_the_machine() -> None:
    assert workers().title == "More workers: uvicorn-2 1.90 ×"
