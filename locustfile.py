"""Every scenario as a Locust user class: `locust -f locustfile.py --class-picker --host http://127.0.0.1:8000`.

Unless classes are named, ticked or chosen by --tags, the journeys run.

BENCH_SCENARIOS names a file of your own with a SCENARIOS table, which is added to the shipped scenarios.
BENCH_CA is the file of the authority behind an https host. A host may be a Unix socket, too: unix:/run/app.sock, which
is spoken to by TLS where BENCH_CA is given.
BENCH_HTTP2=1 speaks HTTP/2, from the first byte on, to a host that does.
BENCH_LOCUST_CLIENT=http uses Locust's HttpUser (requests) in place of its FastHttpUser, which costs a third as much;
BENCH_LOCUST_CLIENT=native lets our native engine send the requests, in a process of its own for each class.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from locust import events

from bench.errors import UsageError
from bench.locust import (
    arrivals,
    choice,
    classes,
    exact,
    fleet,
    form,
    generators_tab,
    intended,
    options,
    recording,
    roll_call,
    runs,
    scenarios_tab,
    server_tab,
    shapes,
    spans,
    stages,
    stopping,
)
from scenarios.files import ScenarioFileError, load

_HOOKS = (
    *(options, exact, choice, arrivals, intended, shapes, form, scenarios_tab, stages),
    *(fleet, generators_tab, runs, server_tab, recording, stopping, spans, roll_call),
)
_is_engine = bool(os.environ.get("BENCH_JOB"))  # of a benchmark, which shows nothing
_file = os.environ.get("BENCH_SCENARIOS")
_client = os.environ.get("BENCH_LOCUST_CLIENT", "fast")
try:
    _scenarios = load(Path(_file) if _file else None)
    globals().update(classes.user_classes(_scenarios.values(), _client, is_engine=_is_engine))
except (UsageError, ScenarioFileError) as error:
    print(error, file=sys.stderr)
    sys.exit(2)
for _hook in () if _is_engine else _HOOKS:
    _hook.install(events)
