"""The shipped servers that a service can be measured under: those that its interpreter has."""

from __future__ import annotations

from bench.errors import ServerError, UsageError
from bench.model.plan import Setup
from bench.plan.configuration import Configuration
from bench.plan.service_plans import SERVERS
from bench.serve.interpreter import service_interpreter
from bench.serve.requirements import check_installed


def pick_servers(configuration: Configuration) -> tuple[tuple[str, ...], dict[str, str]]:
    """Of each kind of server the best setup that can be started, and by name why the others are left out.

    Raises UsageError, with the reasons, where there is none.
    """
    setups = configuration.setups()
    picked: list[str] = []
    left_out: dict[str, str] = {}
    for kind in SERVERS:
        reasons = {name: _missing(setups[name]) for name in kind if name in setups}
        usable = [name for name, reason in reasons.items() if not reason]
        picked += usable[:1]
        if not usable:
            left_out |= dict(list(reasons.items())[-1:])
    if not picked:
        raise UsageError("; ".join(left_out.values()))
    return tuple(picked), left_out


def _missing(setup: Setup) -> str:
    """The modules that a setup's interpreter lacks, and the command that installs them; empty where none is missing."""
    try:
        check_installed(setup, service_interpreter(setup))
    except ServerError as error:
        return str(error).removeprefix(f"setup '{setup.name}': ")
    return ""
