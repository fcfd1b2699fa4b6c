"""Settings for the app of a test."""

from __future__ import annotations

from typing import Any

from target_app.settings import Settings


def settings_of(**given: Any) -> Settings:
    """The settings of the environment with these over them, as text or as values; no `.env` file is read.

    Raises ValidationError where a setting refuses its value.
    """
    return Settings(**{"_env_file": None, **given})
