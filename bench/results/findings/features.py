"""The cost of each feature, from setups that differ from a plain one in nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bench.results.cells import CellResults, family_against
from bench.results.findings.duels import Duel, meetings, overall
from bench.results.findings.finding import Finding, caveats_of, evident, interval_word, silent_words
from bench.results.results import Results
from bench.results.siblings import feature_setups
from bench.stats.comparison import Comparison
from bench.stats.format import join_words
from bench.stats.metrics import CPU, THROUGHPUT, Metric
from bench.stats.shrinkage import Family

Families = Mapping[tuple[str, str], Family]
"""By scenario and key of a metric."""


def features(results: Results) -> Finding | None:
    """Throughput and CPU per request of each featured setup, as ratios to the plain one, scenario by scenario."""
    duels = [
        duel
        for base, others in feature_setups(results.facts.plan)[:1]
        for head in others
        if (duel := meetings(results.cells, base, head))
    ]
    if not duels:
        return None
    plain, families = duels[0][0][0], _families(duels)
    sentences = {_head(duel): _sentence(duel, families) for duel in duels}
    silent = {
        _head(duel): overall(duel, THROUGHPUT, len(duels)) for duel in duels if not sentences[_head(duel)]
    }
    text = " ".join([*filter(None, sentences.values()), *silent_words(silent)])
    used = [cell for duel in duels for pair in duel for cell in pair]
    return Finding(
        topic="features",
        title=f"What each feature costs, beside {plain.setup}",
        text=f"{text.strip()} ({plain.where})",
        figures=tuple(_figure(duel, families) for duel in duels),
        chart="throughput",
        caveats=caveats_of(used),
    )


def _families(duels: Sequence[Duel]) -> Families:
    """By scenario and metric the family of all features."""
    pairs = [pair for duel in duels for pair in duel]
    return {
        (scenario, metric.key): family_against(
            [pair for pair in pairs if pair[1].scenario == scenario], metric
        )
        for scenario in {head.scenario for _, head in pairs}
        for metric in (THROUGHPUT, CPU)
    }


def _against(base: CellResults, head: CellResults, metric: Metric, families: Families) -> Comparison | None:
    return head.against(base, metric, families[head.scenario, metric.key])


def _sentence(duel: Duel, families: Families) -> str:
    """Throughput and CPU where a difference was shown; empty where none was."""
    served, spent = _ratios_text(duel, THROUGHPUT, families), _ratios_text(duel, CPU, families)
    parts = ([f"serves {served} the requests"] if served else []) + (
        [f"spends {spent} the CPU on a request"] if spent else []
    )
    return f"{_head(duel)} {join_words(parts)}." if parts else ""


def _ratios_text(duel: Duel, metric: Metric, families: Families) -> str:
    ratios = ((head.scenario, evident(_against(base, head, metric, families))) for base, head in duel)
    return join_words([f"{found.text} in {scenario}" for scenario, found in ratios if found])


def _figure(duel: Duel, families: Families) -> str:
    ratios = "; ".join(
        f"{head.scenario} {interval_word(_against(base, head, THROUGHPUT, families))}, "
        f"CPU {interval_word(_against(base, head, CPU, families))}"
        for base, head in duel
    )
    return f"{_head(duel)}: {ratios}"


def _head(duel: Duel) -> str:
    """The setup with the feature."""
    return duel[0][1].setup
