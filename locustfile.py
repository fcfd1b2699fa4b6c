"""Every scenario as a Locust user class: `locust -f locustfile.py --class-picker --host http://127.0.0.1:8000`.

BENCH_SCENARIOS names a file of your own with a SCENARIOS table, which is added to the shipped scenarios.
BENCH_CA is the file of the authority behind an https host. A host may be a Unix socket, too: unix:/run/app.sock, which
is spoken to by TLS where BENCH_CA is given.
BENCH_HTTP2=1 speaks HTTP/2, from the first byte on, to a host that does.
BENCH_LOCUST_CLIENT=http uses Locust's HttpUser (requests) in place of its FastHttpUser, which costs a third as much.
"""

from __future__ import annotations

import os
from pathlib import Path

from locust import events

from bench.locust import classes
from scenarios.files import load

_HOOKS = (classes,)
_file = os.environ.get("BENCH_SCENARIOS")
_scenarios = load(Path(_file) if _file else None)
globals().update(classes.user_classes(_scenarios.values(), os.environ.get("BENCH_LOCUST_CLIENT", "fast")))
if not os.environ.get("BENCH_JOB"):  # as the engine of a benchmark, Locust shows nothing
    for _hook in _HOOKS:
        _hook.install(events)
