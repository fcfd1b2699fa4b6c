"""Chromium without a window, by its DevTools protocol: what a page of Locust's shows, and what a click does."""

from __future__ import annotations

import base64
import json
import subprocess
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Any, Self

import httpx
from websockets.sync.client import ClientConnection, connect

from bench.system.waiting import wait_until

CHROMIUM = "chromium"


class Browser:
    """One page, for as long as the `with` block lasts; `folder` is for its profile."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "chromium"
        self._numbers = count(1)
        self._stack = ExitStack()
        self._child: subprocess.Popen[bytes]
        self._page: ClientConnection

    def __enter__(self) -> Self:
        command = [
            *(CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0"),
            *("--no-first-run", "--disable-extensions", f"--user-data-dir={self._folder}", "about:blank"),
        ]
        quiet = subprocess.DEVNULL
        self._child = subprocess.Popen(command, stdout=quiet, stderr=quiet)
        port_file = self._folder / "DevToolsActivePort"
        assert wait_until(lambda: port_file.exists() and "\n" in port_file.read_text(), 60.0)
        port = port_file.read_text().split("\n")[0]
        targets = httpx.get(f"http://127.0.0.1:{port}/json", timeout=30.0).json()
        (page,) = [one for one in targets if one["type"] == "page"]
        self._page = self._stack.enter_context(connect(page["webSocketDebuggerUrl"], max_size=None))
        return self

    def __exit__(self, *exc: object) -> None:
        self._stack.close()
        self._child.terminate()
        self._child.wait(30)

    def open(self, url: str, *, width: int = 1280, dark: bool = False) -> None:
        """Show an address in a window of a width in pixels."""
        self._do(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=1000,
            deviceScaleFactor=1,
            mobile=width < 500,
        )
        scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self._do("Emulation.setEmulatedMedia", features=scheme)
        self._do("Page.navigate", url=url)

    def value(self, script: str) -> Any:
        """The value of a JavaScript expression."""
        done = self._do("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in done, done
        return done["result"].get("value")

    def wait_for(self, script: str, within_s: float = 60.0) -> Any:
        """The value of an expression once it is true. Raises AssertionError with the text of the page."""
        assert wait_until(lambda: bool(self.value(script)), within_s, 0.1), self.text
        return self.value(script)

    @property
    def text(self) -> str:
        """What there is to read on the page."""
        return str(self.value("document.body.innerText"))

    def click(self, text: str, kind: str = "button, [role=tab]") -> None:
        """Press what is called so."""
        is_it = f"one => one.innerText.trim().toLowerCase() == {text.lower()!r}"
        found = f"[...document.querySelectorAll({kind!r})].find({is_it})"
        self.wait_for(f"!!{found}")
        self.value(f"{found}.click()")

    def screenshot(self, path: Path) -> None:
        """Write what is seen as a PNG file."""
        path.write_bytes(base64.b64decode(self._do("Page.captureScreenshot", format="png")["data"]))

    def _do(self, method: str, **parameters: object) -> dict[str, Any]:
        number = next(self._numbers)
        self._page.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            answer: dict[str, Any] = json.loads(self._page.recv(timeout=60))
            if answer.get("id") == number:
                assert "error" not in answer, answer
                result: dict[str, Any] = answer["result"]
                return result
