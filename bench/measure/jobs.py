"""The ceiling of a server, shared out to the jobs of its generators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bench.engines.job import Job
from bench.model.attachment import BYSTANDER_SHARE


def split_ceiling(parts: Sequence[Job], whole: Job, has_bystander: bool) -> tuple[list[Job], Job]:
    """The parts of a job, and the job for a bystander, with a share of its ceiling each: all send at the same time."""
    bystanders_rps = whole.most_rps * BYSTANDER_SHARE if has_bystander else 0.0
    each_rps = (whole.most_rps - bystanders_rps) / len(parts)
    return [replace(one, most_rps=each_rps) for one in parts], replace(whole, most_rps=bystanders_rps)
