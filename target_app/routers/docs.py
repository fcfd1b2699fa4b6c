"""Pages of documentation that load nothing from other hosts."""

from pathlib import Path

import fastapi_offline
from fastapi import FastAPI, Request
from fastapi.openapi.docs import get_redoc_html, get_swagger_ui_html
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles

from target_app.routing import Router, from_root

_ASSETS = "/docs/assets"
_FILES = Path(fastapi_offline.__file__).parent / "static"
_POLICY = {
    "Content-Security-Policy": "default-src 'self'; script-src 'self' 'unsafe-inline'; worker-src blob:; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'"
}

router = Router(include_in_schema=False)


@router.api_route("/", methods=["GET", "HEAD"])
async def root(request: Request) -> RedirectResponse:
    """Send whoever comes without a path to Swagger's page."""
    return RedirectResponse(from_root(request.scope, "/docs"))


@router.api_route("/docs", methods=["GET", "HEAD"])
async def swagger(request: Request) -> HTMLResponse:
    """Swagger's page."""
    root = request.scope.get("root_path", "")
    page = get_swagger_ui_html(
        openapi_url=f"{root}/openapi.json",
        title=request.app.title,
        swagger_js_url=f"{root}{_ASSETS}/swagger-ui-bundle.js",
        swagger_css_url=f"{root}{_ASSETS}/swagger-ui.css",
        swagger_favicon_url=f"{root}{_ASSETS}/favicon.png",
    )
    page.headers.update(_POLICY)
    return page


@router.api_route("/redoc", methods=["GET", "HEAD"])
async def redoc(request: Request) -> HTMLResponse:
    """Redoc's page."""
    root = request.scope.get("root_path", "")
    page = get_redoc_html(
        openapi_url=f"{root}/openapi.json",
        title=request.app.title,
        redoc_js_url=f"{root}{_ASSETS}/redoc.standalone.js",
        redoc_favicon_url=f"{root}{_ASSETS}/favicon.png",
        with_google_fonts=False,
    )
    page.headers.update(_POLICY)
    return page


def install(app: FastAPI) -> None:
    """Serve the pages and their assets."""
    app.include_router(router)
    app.mount(_ASSETS, StaticFiles(directory=_FILES), name="docs-assets")
