"""The evidence of a cell with errors: its first failed requests, and the end of the log of its server."""

from __future__ import annotations

import os

from bench.measure.measurement import ErrorEvidence, LoadResult
from bench.model.evidence import keep_failures
from bench.model.secrets import secret_values, secrets_of
from bench.serve.server import Server
from bench.system.logs import tail

_LOG_LINES = 50


def collect_evidence(load: LoadResult, server: Server) -> ErrorEvidence:
    """The first failed requests of a load and of the bystander next to it, with the end of the log if there are any.

    Secrets are masked. The log of a server that ran already is not known.
    """
    known = (*secret_values(os.environ), *secrets_of(server.setup))
    failed = keep_failures(load.samples.failures, load.samples.start_ns, known)
    if load.bystander is not None:
        pings = load.bystander
        failed = (*failed, *keep_failures(pings.failures, pings.start_ns, known, bystander=True))
    return ErrorEvidence(failed, tail(server.log, _LOG_LINES, known) if failed else "")
