"""The evidence of a cell with errors: its first failed requests, and the end of the log of its server."""

from __future__ import annotations

import os

from bench.measure.measurement import ErrorEvidence, LoadResult
from bench.model.evidence import failed_secrets, keep_failures
from bench.model.secrets import secret_values, secrets_of
from bench.serve.server import Server
from bench.system.logs import tail

_LOG_LINES = 50


def collect_evidence(load: LoadResult, server: Server) -> ErrorEvidence:
    """The first failed requests of a load and of the bystander next to it, with the end of the log if there are any.

    Secrets are masked, in the log those of the failed requests, too. The log of a server that ran already is not known.
    """
    samples, pings = load.samples, load.bystander
    seen = (*samples.failures, *(pings.failures if pings is not None else ()))
    known = (*secret_values(os.environ), *secrets_of(server.setup), *failed_secrets(seen))
    failed = keep_failures(samples.failures, samples.start_ns, known)
    if pings is not None:
        failed = (*failed, *keep_failures(pings.failures, pings.start_ns, known, bystander=True))
    return ErrorEvidence(failed, tail(server.log, _LOG_LINES, known) if failed else "")
