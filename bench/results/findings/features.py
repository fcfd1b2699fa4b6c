"""The cost of each feature, from setups that differ from a plain one in nothing else."""

from __future__ import annotations

from bench.results.findings.duels import Duel, meetings, overall
from bench.results.findings.finding import Finding, caveats_of, evident, interval_word, silent_words
from bench.results.results import Results
from bench.results.siblings import feature_setups
from bench.stats.format import join_words
from bench.stats.metrics import CPU, THROUGHPUT, Metric


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
    plain, family = duels[0][0][0], len(duels)
    sentences = {_head(duel): _sentence(duel, family) for duel in duels}
    silent = {_head(duel): overall(duel, THROUGHPUT, family) for duel in duels if not sentences[_head(duel)]}
    text = " ".join([*filter(None, sentences.values()), *silent_words(silent)])
    used = [cell for duel in duels for pair in duel for cell in pair]
    return Finding(
        topic="features",
        title=f"What each feature costs, beside {plain.setup}",
        text=f"{text.strip()} ({plain.where})",
        figures=tuple(_figure(duel, family) for duel in duels),
        chart="throughput",
        caveats=caveats_of(used),
    )


def _sentence(duel: Duel, family: int) -> str:
    """Throughput and CPU where a difference was shown; empty where none was."""
    served, spent = _ratios_text(duel, THROUGHPUT, family), _ratios_text(duel, CPU, family)
    parts = ([f"serves {served} the requests"] if served else []) + (
        [f"spends {spent} the CPU on a request"] if spent else []
    )
    return f"{_head(duel)} {join_words(parts)}." if parts else ""


def _ratios_text(duel: Duel, metric: Metric, family: int) -> str:
    ratios = ((head.scenario, evident(head.against(base, metric, family))) for base, head in duel)
    return join_words([f"{found.text} in {scenario}" for scenario, found in ratios if found])


def _figure(duel: Duel, family: int) -> str:
    ratios = "; ".join(
        f"{head.scenario} {interval_word(head.against(base, THROUGHPUT, family))}, "
        f"CPU {interval_word(head.against(base, CPU, family))}"
        for base, head in duel
    )
    return f"{_head(duel)}: {ratios}"


def _head(duel: Duel) -> str:
    """The setup with the feature."""
    return duel[0][1].setup
