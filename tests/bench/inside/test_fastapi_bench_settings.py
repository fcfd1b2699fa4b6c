"""The settings are gunicorn's own words, as this version knows them."""

from __future__ import annotations

import runpy

from gunicorn.config import Config  # type: ignore[import-untyped]

from bench.serve.commands import INSIDE


def test_each_setting_is_one_that_gunicorn_knows_and_differs_from_its_default() -> None:
    names = runpy.run_path(str(INSIDE / "_fastapi_bench_settings.py"))
    settings = {name: value for name, value in names.items() if not name.startswith("__")}
    config = Config()
    assert settings
    for name, value in settings.items():
        assert config.settings[name].get() != value
        config.set(name, value)
