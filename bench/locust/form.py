"""The form that starts a test run: which classes it ticks at first, and mistakes that it refuses with a sentence."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Response, jsonify, request
from locust.env import Environment
from locust.event import Events
from locust.runners import STATE_RUNNING, STATE_SPAWNING
from werkzeug.datastructures import MultiDict

from bench.errors import UsageError
from bench.locust.options import SHAPES, parse
from bench.locust.shapes import least_step_s
from bench.locust.steps import check_shape

_NO_CLASS = "tick at least one user class"


def install(events: Events) -> None:
    """Watch over the form of the web UI."""
    events.init.add_listener(_watch_over)


def check(environment: Environment, values: Mapping[str, str]) -> None:
    """Raise UsageError for what was typed into the form, in addition to the options of the command line."""
    options = vars(environment.parsed_options) if environment.parsed_options else {}
    parsed = parse({**options, **values})
    shape = values.get("shape_class", "")
    if shape in SHAPES:
        check_shape(shape, parsed, least_step_s(environment))


def _check_names(environment: Environment, form: MultiDict[str, str], *, runs: bool) -> None:
    """Raise UsageError for classes and shapes that are not there, and for other classes while a test runs."""
    there = environment.available_user_classes or {}
    wanted = form.getlist("user_classes") if there else []
    unknown = [name for name in wanted if name not in there]
    if unknown:
        raise UsageError(f"unknown user class {unknown[0]}: the page lists those that there are")
    if runs and wanted and set(wanted) != {kind.__name__ for kind in environment.user_classes}:
        raise UsageError("a test with other user classes runs: stop it first")
    shape = form.get("shape_class", "")
    if shape and shape != "Default" and shape not in (environment.available_shape_classes or {}):
        raise UsageError(f"unknown shape {shape}: the page lists those that there are")


def _watch_over(environment: Environment, **_: object) -> None:
    web_ui = environment.web_ui
    if web_ui is None or web_ui.app is None:
        return
    stock = web_ui.update_template_args

    def update_template_args() -> None:
        stock()
        web_ui.template_args["shape_use_common_options"] = True
        if environment.available_user_classes:  # the page lists those of `users`, and ticks these
            ticked = [kind.__name__ for kind in environment.user_classes]
            web_ui.template_args["available_user_classes"] = ticked

    def refuse() -> Response | None:
        if request.method != "POST" or not request.path.endswith("/swarm"):
            return None
        runs = environment.runner is not None and environment.runner.state in (STATE_RUNNING, STATE_SPAWNING)
        try:
            if web_ui.userclass_picker_is_active and not runs and "user_classes" not in request.form:
                raise UsageError(_NO_CLASS)
            _check_names(environment, request.form, runs=runs)
            check(environment, request.form)
        except UsageError as error:
            return jsonify({"success": False, "message": str(error), "host": environment.host})
        return None

    web_ui.update_template_args = update_template_args  # type: ignore[method-assign]
    web_ui.app.before_request(refuse)
    web_ui.app.jinja_env.policies["json.dumps_kwargs"] = {
        "sort_keys": False
    }  # so that classes that run come first
