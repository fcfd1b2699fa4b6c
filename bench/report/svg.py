"""An SVG document of a chart -> an element that lives inside an HTML page, in the page's own colours."""

from __future__ import annotations

import re
from html import escape

from bench.report.palette import LIGHT

_COLOURS = {hex_code: f"var(--{name})" for name, hex_code in LIGHT.items()}
_HEX = re.compile("|".join(_COLOURS), re.IGNORECASE)
_VIEW = re.compile(r'viewBox="([^"]*)"')
_GEOMETRY = re.compile(r'\b(?:d|x|y|width|height|transform)="[^"]*"')
_LONG = re.compile(r"(\.\d\d)\d+")
_STYLE = re.compile(r'style="[^"]*"')


def inline(document: str, prefix: str, name: str) -> str:
    """The drawing as one `svg` element named `name`; ids start with `prefix`, colours are CSS variables.

    Nothing in it points outside: no name spaces, no links, no metadata.
    """
    view = _VIEW.search(document)
    body = document[document.index("<svg") :]
    body = body[body.index(">") + 1 : body.rindex("</svg>")]
    for noise in (r"<!--.*?-->", r"<metadata>.*?</metadata>", r"<title>.*?</title>"):
        body = re.sub(noise, "", body, flags=re.DOTALL)
    body = body.replace("xlink:href=", "href=")
    body = re.sub(r'\bid="([^"]*)"', rf'id="{prefix}-\1"', body)
    body = re.sub(r'(href="#|url\(#)', rf"\g<1>{prefix}-", body)
    body = _STYLE.sub(lambda style: _HEX.sub(lambda found: _COLOURS[found[0].lower()], style[0]), body)
    body = _GEOMETRY.sub(lambda found: _LONG.sub(r"\1", found[0]), body)
    body = re.sub(r"\n\s*", "\n", body)
    box = view[1] if view else "0 0 100 100"
    return f'<svg viewBox="{box}" role="img" aria-label="{escape(name, quote=True)}">{body}</svg>'
