"""Locust in an interpreter of its own: to import it here would put gevent in place of what other tests run on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any


def evaluate(code: str, **env: str) -> Any:
    """The value that a piece of Python code hands to `give`, by way of JSON.

    In the code `Scenario`, `Request`, `Always` and `HOME`, a flow, are there. Raises AssertionError with its errors.
    """
    head = """
import locust, json
from scenarios.model import Request, Scenario
from scenarios.single import Always

HOME = Always(Request("GET", "/"))


def give(value):
    print(json.dumps(value))
"""
    command = [sys.executable, "-c", head + code]
    done = subprocess.run(
        command, env=os.environ | env, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
