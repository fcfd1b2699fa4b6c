"""Against printed tables, and against SciPy 1.17.1, whose answers stand here as numbers."""

from __future__ import annotations

import pytest

from bench.stats.student_t import critical_t, two_sided_p


@pytest.mark.parametrize(
    ("freedom", "t"),
    [(1, 12.706), (2, 4.303), (5, 2.571), (10, 2.228), (30, 2.042), (120, 1.980)],
    ids=str,
)
def test_students_t_as_tables_have_it_at_5_percent(freedom: int, t: float) -> None:
    assert two_sided_p(t, freedom) == pytest.approx(0.05, rel=1e-3)


def test_the_tail_of_students_t_at_a_tenth_of_a_percent() -> None:
    """3.922 with 18 degrees of freedom, 31.599 with 2: from tables."""
    assert two_sided_p(3.922, 18) == pytest.approx(0.001, rel=2e-3)
    assert two_sided_p(31.599, 2) == pytest.approx(0.001, rel=1e-3)


@pytest.mark.parametrize(
    ("t", "freedom", "p"),
    [
        (0.5, 1, 0.7048327646991335),
        (2.0, 3, 0.13932596855884305),
        (1.3, 7, 0.23476783539237725),
        (4.2, 18, 0.0005382186590030326),
        (6.0, 29, 1.5927908426174689e-06),
        (2.6, 120, 0.01049292289777462),
        (3.3, 997, 0.0010011005491617259),
    ],
)
def test_p_as_scipy_has_it(t: float, freedom: int, p: float) -> None:
    """`2 * scipy.stats.t.sf(t, freedom)`"""
    assert two_sided_p(t, freedom) == pytest.approx(p, rel=1e-9)


@pytest.mark.parametrize(("p", "freedom", "t"), [(0.05, 10, 2.228), (0.01, 4, 4.604), (0.001, 1, 636.6)])
def test_the_critical_t_is_that_of_the_tables(p: float, freedom: int, t: float) -> None:
    assert critical_t(p, freedom) == pytest.approx(t, rel=3e-4)


@pytest.mark.parametrize(
    ("p", "freedom", "t"),
    [
        (0.05, 1, 12.706204736174705),
        (0.0221, 23, 2.454437413117581),
        (0.001, 4, 8.610301581379275),
        (0.3, 60, 1.0454689431031827),
        (1e-05, 11, 7.647487116013572),
    ],
)
def test_the_critical_t_as_scipy_has_it(p: float, freedom: int, t: float) -> None:
    """`scipy.stats.t.isf(p / 2, freedom)`"""
    assert critical_t(p, freedom) == pytest.approx(t, rel=1e-9)
