"""The verdicts of a run as JSON: `results.json`, and what `bench report --format json` prints."""

from __future__ import annotations

import json
from dataclasses import asdict

from bench.model.service import SERVICES
from bench.results.verdicts import Verdicts

RESULTS_FILE = "results.json"


def render_results(found: Verdicts) -> str:
    """The verdicts as JSON; ends in a newline. Every number is finite. Services are left out where there is none."""
    content = asdict(found)
    if not found.services_under_test:
        del content[SERVICES]
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
