"""A Server tab in Locust's web UI: charts of the server next to the load, caveats as they arise, and the runs' reports.

The charts are drawn by one script of ours, which is added to Locust's page; without it the tab is a table.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, request, send_from_directory
from locust.env import Environment
from locust.event import Events

from bench.locust.runs import Runs, runs_of
from bench.locust.tabs import TabRow, add_tab

log = logging.getLogger(__name__)
_SCRIPT = Path(__file__).with_name("server_tab.js")
_END_OF_PAGE = b"</body>"
_HOOKS = ("app", "template_args", "auth_required_if_enabled")
"""Of Locust's web UI: what the tab is made by."""
NOT_SEEN = (
    "This server was not started by `bench locust`, so its processes are not known: no CPU time, no memory, and no "
    "telemetry of it. Start both with `bench locust` to see them."
)
NOT_RECORDED = "Nothing is recorded here: start Locust by `bench locust`, or give --bench-report."
_COLUMNS = {
    "pid": "Worker process",
    "cpu": "CPU (cores)",
    "memory": "Memory (MB)",
    "requests": "Requests/s",
    "lag": "Loop lag (ms)",
    "threads": "Threads",
    "busy": "Thread pool",
    "pool": "Database pool",
}


def missing_hooks(web_ui: object) -> tuple[str, ...]:
    """The parts of Locust's web UI that the tab needs and that are not there."""
    return tuple(name for name in _HOOKS if not hasattr(web_ui, name))


def install(events: Events) -> None:
    """Show the server, where there is a web UI."""
    events.init.add_listener(_begin)


def _begin(environment: Environment, web_ui: object, **_: object) -> None:
    if web_ui is None:
        return
    if missing := missing_hooks(web_ui):
        log.warning("Locust %s has no %s: the Server tab is left out", version("locust"), ", ".join(missing))
        return
    _add(environment, runs_of(environment))


def _add(environment: Environment, runs: Runs) -> None:
    web_ui: Any = environment.web_ui
    base = (environment.parsed_options.web_base_path if environment.parsed_options else "") or ""
    routes = Blueprint("bench", __name__, url_prefix=f"{base}/bench")

    _add_routes(routes, environment, runs)

    def extend(response: Response) -> Response:
        """Add the script to the page itself, which keeps its list of downloads up to date."""
        if request.path == f"{base}/" and response.mimetype == "text/html":
            response.direct_passthrough = False
            tag = b'<script src="./bench/server_tab.js" defer></script>'
            response.set_data(response.get_data().replace(_END_OF_PAGE, tag + _END_OF_PAGE, 1))
        return response

    def list_reports() -> None:
        """Put the reports so far into the page's list of downloads, for whoever comes later or has no script."""
        if request.path == f"{base}/":
            web_ui.template_args["extended_csv_files"] = [
                {"href": found["report"], "title": f"Report of {found['run']}"}
                for found in _ended(runs)
                if found["report"]
            ]

    web_ui.app.register_blueprint(routes)
    web_ui.app.before_request(list_reports)
    web_ui.app.after_request(extend)
    add_tab(environment, "Server", _COLUMNS, lambda: rows(runs))


def _add_routes(routes: Blueprint, environment: Environment, runs: Runs) -> None:
    web_ui: Any = environment.web_ui

    @routes.route("/live")
    @web_ui.auth_required_if_enabled
    def live() -> Response:
        return Response(_live(environment, runs), mimetype="application/json")

    @routes.route("/server_tab.js")
    def script() -> Response:
        return Response(_SCRIPT.read_bytes(), mimetype="text/javascript")

    @routes.route("/runs/<name>/<path:file>")
    @web_ui.auth_required_if_enabled
    def run_file(name: str, file: str) -> Response:
        folder = next((one["folder"] for one in runs.ended if one["run"] == name), None)
        if folder is None:
            return Response("no run of this session has that name", 404)
        return send_from_directory(folder, file)


def rows(runs: Runs) -> Sequence[TabRow]:
    """A row for each worker of the server, of the last second."""
    if not runs.points:
        return ()
    _, last = runs.points[-1]
    return [
        {
            "pid": one["pid"],
            "cpu": one["cpu"],
            "memory": round(one["rss_bytes"] / 1e6, 1),
            "requests": one["rps"],
            "lag": one.get("loop_lag_ms"),
            "threads": one["threads"],
            "busy": _of(one, "tokens"),
            "pool": _of(one, "pool"),
        }
        for one in json.loads(last)["workers"]
    ]


def _of(worker: dict[str, Any], name: str) -> str | None:
    """`3 of 40`, and how many wait."""
    if name not in worker:
        return None
    return f"{worker[f'{name}_busy']} of {worker[name]}, {worker[f'{name}_waiting']} waiting"


def _live(environment: Environment, runs: Runs) -> str:
    """The figures since the moment that the page has those of, and what came of the tests so far."""
    is_new = request.args.get("test") != str(runs.number)
    since_s = -1.0 if is_new else request.args.get("since", -1.0, type=float)
    news = ",".join(line for t_s, line in runs.points if t_s > since_s)
    why = "" if runs.handover else NOT_SEEN if runs.is_watching else NOT_RECORDED
    rest = {
        "test": runs.number,
        "isRunning": runs.is_running,
        "why": why,
        "fault": runs.fault,
        "runs": _ended(runs),
    }
    return f'{{"points":[{news}],{json.dumps(rest)[1:]}'


def _ended(runs: Runs) -> list[dict[str, Any]]:
    """The conclusions so far, each with the address of its report once that is drawn."""
    return [
        {
            **{name: value for name, value in one.items() if name != "folder"},
            "report": f"./bench/runs/{one['run']}/report.html" if one["run"] in runs.drawn else None,
        }
        for one in runs.ended
    ]
