"""What a server for people shows: its pages, and the address that it is said to answer on."""

from __future__ import annotations

import http.client
import re
from urllib.parse import urlsplit


def page(url: str, path: str) -> str | None:
    """The body of a page, or None while nobody answers."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=5)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.read().decode() if answer.status == 200 else None
    except OSError:
        return None
    finally:
        connection.close()


def address(said: str) -> str:
    found = re.search(r"answers on (http://127\.0\.0\.1:\d+)", said)
    assert found
    return found.group(1)
