"""Checked runs made up for tests: one says only what a test is about."""

from __future__ import annotations

from tools.calibration.core_run import BEST, CheckName, CoreRun, CoreVerdict, Said

WHERE = "ping, native, 32 users"


def said(
    head: str,
    verdict: Said,
    ratio: float = 1.0,
    *,
    base: str = "base",
    metric: str = "CPU",
    reach: float = 0.01,
    scenario: str = WHERE,
) -> CoreVerdict:
    return CoreVerdict(
        scenario=scenario,
        base=base,
        head=head,
        metric=metric,
        verdict=verdict,
        ratio=ratio,
        low=ratio - reach,
        high=ratio + reach,
    )


def standing(head: str, verdict: Said, ratio: float = 1.0, metric: str = "CPU") -> CoreVerdict:
    return said(head, verdict, ratio, base=BEST, metric=metric)


def core_run(
    *verdicts: CoreVerdict,
    check: CheckName = "core-order",
    number: int = 0,
    rounds: int | None = 6,
    minutes: float | None = 1.0,
    turns: dict[str, int] | None = None,
    took_s: float = 80.0,
    sliced_s: float = 40.0,
    status: int = 0,
    invalid: tuple[str, ...] = (),
    error: str = "",
) -> CoreRun:
    return CoreRun(
        check=check,
        number=number,
        rounds=rounds,
        minutes=minutes,
        status=status,
        took_s=took_s,
        commit="abc",
        machine="a machine",
        turns={} if turns is None else turns,
        sliced_s=sliced_s,
        verdicts=verdicts,
        invalid=invalid,
        error=error,
    )


def by_size(*ratios: float, verdict: Said = "worse", **more: object) -> CoreRun:
    """A run whose ratios of the three dearer apps to the first are these."""
    names = ("plus3", "plus5", "plus10")
    verdicts = [said(name, verdict, ratio) for name, ratio in zip(names, ratios, strict=True)]
    return core_run(*verdicts, **more)  # type: ignore[arg-type]
