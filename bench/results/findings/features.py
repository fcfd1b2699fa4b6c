"""The cost of each feature, from setups that differ from a plain one in nothing else."""

from __future__ import annotations

from bench.results.findings.duels import Duel, meetings
from bench.results.findings.finding import NOT_SHOWN, Finding, caveats_of, evident, word
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
    plain = duels[0][0][0]
    text = " ".join(sentence for duel in duels if (sentence := _sentence(duel)))
    silent = [_head(duel) for duel in duels if not _sentence(duel)]
    if silent:
        text += f" For {join_words(silent)} {NOT_SHOWN}."
    used = [cell for duel in duels for pair in duel for cell in pair]
    return Finding(
        topic="features",
        title=f"What each feature costs, beside {plain.setup}",
        text=f"{text.strip()} ({plain.where})",
        figures=tuple(_figure(duel) for duel in duels),
        chart="throughput",
        caveats=caveats_of(used),
    )


def _sentence(duel: Duel) -> str:
    """Throughput and CPU where a difference was shown; empty where none was."""
    served, spent = _ratios_text(duel, THROUGHPUT), _ratios_text(duel, CPU)
    parts = ([f"serves {served} the requests"] if served else []) + (
        [f"spends {spent} the CPU on a request"] if spent else []
    )
    return f"{_head(duel)} {join_words(parts)}." if parts else ""


def _ratios_text(duel: Duel, metric: Metric) -> str:
    ratios = ((head.scenario, evident(head.against(base, metric))) for base, head in duel)
    return join_words([f"{found.text} in {scenario}" for scenario, found in ratios if found])


def _figure(duel: Duel) -> str:
    ratios = ", ".join(
        f"{head.scenario} {word(head.against(base, THROUGHPUT))} (CPU {word(head.against(base, CPU))})"
        for base, head in duel
    )
    return f"{_head(duel)}: {ratios}"


def _head(duel: Duel) -> str:
    """The setup with the feature."""
    return duel[0][1].setup
