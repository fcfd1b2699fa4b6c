"""The test types that the entry has, with checks that both apps pass: `Hello, World!` is `Hello, world!` there."""

from __future__ import annotations

from scenarios import tfb
from scenarios.model import Request, Response, Scenario
from scenarios.single import Always


def _greets(response: Response) -> bool:
    return b"hello, world!" in response.body.lower()


_SHARED = ("tfb-db", "tfb-queries", "tfb-updates", "tfb-fortunes")

SCENARIOS = {
    **{
        f"their-{kind}": Scenario(
            f"their-{kind}", Always(Request("GET", f"/tfb/{kind}", check=_greets)), about="A greeting."
        )
        for kind in ("json", "plaintext")
    },
    **{
        name.replace("tfb", "their"): Scenario(
            name.replace("tfb", "their"), tfb.SCENARIOS[name].flow, about=tfb.SCENARIOS[name].about
        )
        for name in _SHARED
    },
}
