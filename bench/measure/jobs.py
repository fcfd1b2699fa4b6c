"""The job of a generator on a server: its address, what goes before each path, and its ceiling."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bench.engines.job import Job
from bench.model.attachment import BYSTANDER_SHARE
from bench.serve.server import Server


def aim(job: Job, server: Server) -> Job:
    """The job with the server's address, and with what is its own where it ran already."""
    job = replace(job, host=server.host, port=server.port)
    attachment = server.attachment
    if attachment is None:
        return job
    return replace(
        job, host_header=attachment.authority, prefix=attachment.prefix, most_rps=attachment.most_rps
    )


def split_ceiling(parts: Sequence[Job], whole: Job, has_bystander: bool) -> tuple[list[Job], Job]:
    """The parts of a job, and the job for a bystander, with a share of its ceiling each: all send at the same time."""
    bystanders_rps = whole.most_rps * BYSTANDER_SHARE if has_bystander else 0.0
    each_rps = (whole.most_rps - bystanders_rps) / len(parts)
    return [replace(one, most_rps=each_rps) for one in parts], replace(whole, most_rps=bystanders_rps)
