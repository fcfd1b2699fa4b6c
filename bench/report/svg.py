"""An SVG document of a chart -> an element inside an HTML page, or a file of its own, in light and dark colours."""

from __future__ import annotations

import re
from html import escape

from bench.report.charts.palette import LIGHT, PAPER

_COLOURS = {hex_code: f"var(--{name})" for name, hex_code in (LIGHT | {"paper": PAPER}).items()}
_HEX = re.compile("|".join(_COLOURS), re.IGNORECASE)
_VIEW = re.compile(r'viewBox="([^"]*)"')
_GEOMETRY = re.compile(r'\b(?:d|x|y|width|height|transform)="[^"]*"')
_LONG = re.compile(r"(\.\d\d)\d+")
_STYLE = re.compile(r'style="[^"]*"')


def inline(document: str, prefix: str, name: str) -> str:
    """The drawing as one `svg` element named `name`; ids start with `prefix`, colours are CSS variables.

    It refers to nothing outside: it has no name spaces, no links, no metadata.
    """
    box = _box(document)
    body = document[document.index("<svg") :]
    body = body[body.index(">") + 1 : body.rindex("</svg>")]
    for noise in (r"<!--.*?-->", r"<metadata>.*?</metadata>", r"<title>.*?</title>"):
        body = re.sub(noise, "", body, flags=re.DOTALL)
    body = body.replace("xlink:href=", "href=")
    body = re.sub(r'\bid="([^"]*)"', rf'id="{prefix}-\1"', body)
    body = re.sub(r'(href="#|url\(#)', rf"\g<1>{prefix}-", body)
    body = _STYLE.sub(lambda style: _HEX.sub(lambda colour: _COLOURS[colour[0].lower()], style[0]), body)
    body = _GEOMETRY.sub(lambda attribute: _LONG.sub(r"\1", attribute[0]), body)
    body = re.sub(r"\n\s*", "\n", body)
    return f'<svg viewBox="{box}" role="img" aria-label="{escape(name, quote=True)}">{body}</svg>'


def svg_file(document: str, colours: str, name: str) -> str:
    """The drawing as the text of an SVG file; the style sheet `colours` gives light and dark colours.

    The reader's preference chooses between the two. The drawing shrinks to the width of its place.
    """
    _, _, width, height = _box(document).split()
    size = f'width="{width}pt" height="{height}pt" style="max-width: 100%; height: auto; background: var(--paper)"'
    element = inline(document, "forest", name).replace(PAPER, "var(--paper)")
    opening = f'<svg xmlns="http://www.w3.org/2000/svg" {size} '
    return element.replace("<svg ", opening, 1).replace(">", f"><style>\n{colours}</style>", 1) + "\n"


def _box(document: str) -> str:
    view = _VIEW.search(document)
    return view[1] if view else "0 0 100 100"
