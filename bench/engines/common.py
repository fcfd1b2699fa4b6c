"""Shared by all clients of one run: the flow, the requests made ready, the samples, the evidence of failures."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from bench.engines.encoding import encode
from bench.engines.evidence import Evidence
from bench.engines.job import Job
from bench.engines.opening import prepare_opening
from bench.engines.pauses import Pauses
from bench.model.samples import SampleFile
from scenarios import mistakes
from scenarios.mistakes import ScenarioError
from scenarios.model import Flow, Request

_KEPT_BYTES = 32 << 20
_KEPT_EXTRA_BYTES = 1024
"""Of each request that is kept, besides its body and its bytes on the wire: the objects around them."""


class Encoded:
    """A request made ready: its bytes, and what its answer is compared with."""

    __slots__ = ("bodyless", "check", "expect", "label", "request", "wire")

    def __init__(self, request: Request, job: Job, label: int) -> None:
        self.request = request
        self.wire = encode(request, job.address.authority, job.address.prefix)
        self.label = label
        self.expect = request.expect
        if type(request.expect) is not int and (problem := mistakes.request_mistake(request)):
            raise ScenarioError(problem)
        self.check = request.check
        self.bodyless = request.method == "HEAD"


class Common:
    """Shared by all clients of one run: the flow, the address, the samples, and the errors so far.

    No session starts and no request is sent from `end_ns` on. `sent` counts the requests apart from the samples, which
    must hold as many, and `resent` those of them that met a connection which the server had just closed, unread, and
    were sent again. `broken` is why the scenario itself failed, to go right after its name.
    """

    def __init__(self, job: Job, flow: Callable[[Random], Flow], end_ns: int) -> None:
        self.job = job
        self.flow = flow
        self.end_ns = end_ns
        self.file = SampleFile(job.samples)
        self.evidence = Evidence(job.samples)
        prepare_opening(job.address)
        self.sent = 0
        self.resent = 0
        self.errors = 0
        self.broken = ""
        self.pauses = Pauses()
        self._encoded: dict[Request, Encoded] = {}
        self._kept_bytes = 0

    def encoded(self, request: Request) -> Encoded:
        """The request made ready, once for all clients."""
        try:
            return self._encoded[request]
        except KeyError:
            made = Encoded(request, self.job, self.file.label(request.label))
            self._keep(made)
            return made

    def _keep(self, made: Encoded) -> None:
        """Remember a request that was made ready; where too many bytes would be kept, forget those before it."""
        holds = len(made.wire) + len(made.request.body) + _KEPT_EXTRA_BYTES
        if self._kept_bytes + holds > _KEPT_BYTES:
            self._encoded.clear()
            self._kept_bytes = 0
        self._encoded[made.request] = made
        self._kept_bytes += holds
