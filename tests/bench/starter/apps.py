"""Small services of several frameworks, as a user has them: written into a folder of the test's own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

SHOP = """
from typing import Annotated, Literal

from fastapi import Depends, FastAPI, File, HTTPException, Query
from fastapi.responses import HTMLResponse
from fastapi.security import HTTPBearer
from pydantic import BaseModel, Field

print("the app prints while it is imported")


class Item(BaseModel):
    name: str = Field(min_length=6)
    price: float = Field(gt=0, le=0.5)
    colour: Literal["green", "red"]
    tags: list[str] = []


def create_app() -> FastAPI:
    app = FastAPI(title="Shop")
    orders: list[str] = []

    @app.get("/healthz", include_in_schema=False)
    async def healthz() -> dict[str, bool]:
        return {"ok": True}

    @app.get("/items", summary="List items")
    async def items(limit: Annotated[int, Query(ge=5, le=100)]) -> list[int]:
        return list(range(limit))

    @app.get("/items/{item_id}")
    async def item(item_id: int) -> dict[str, int]:
        raise HTTPException(404, "no such item")

    @app.post("/items", status_code=201)
    async def add(item: Item) -> Item:
        return item

    @app.post("/orders", status_code=201)
    async def order(name: str) -> None:
        if name in orders:
            raise HTTPException(409, "there is such an order")
        orders.append(name)

    @app.delete("/items/{item_id}", status_code=204)
    async def remove(item_id: int) -> None: ...

    @app.get("/me", dependencies=[Depends(HTTPBearer())])
    async def me() -> None: ...

    @app.post("/upload")
    async def upload(file: Annotated[bytes, File()]) -> int:
        return len(file)

    @app.get("/page", response_class=HTMLResponse)
    async def page() -> str:
        return "<p>hello</p>"

    @app.get("/broken")
    async def broken() -> None:
        raise RuntimeError("no luck")

    return app
"""
"""A FastAPI factory, with operations that cannot be called from the schema alone, each for another reason."""

MODULE = """
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

sub = FastAPI()


@sub.get("/ping")
async def ping() -> str:
    return "pong"


async def version(request):
    return PlainTextResponse("1")


app = FastAPI()
app.mount("/sub", sub)
app.mount("/old", Starlette(routes=[Route("/version", version)]))


@app.get("/")
async def root() -> dict[str, str]:
    return {"hello": "world"}
"""
"""A FastAPI app as a module's attribute, with one of FastAPI and one of Starlette mounted in it."""

STARLETTE = '''
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute


async def square(request):
    return PlainTextResponse(str(request.path_params["number"] ** 2))


async def talk(websocket): ...


async def post(request):
    return PlainTextResponse("")


class Wrapped:
    """Middleware in the plain way."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        await self.app(scope, receive, send)


routes = [
    Route("/square/{number:int}", square),
    Route("/notes", post, methods=["POST"]),
    WebSocketRoute("/talk", talk),
]
application = Wrapped(Starlette(routes=routes))
'''

PLAIN_ASGI = """
import json

SCHEMA = {
    "openapi": "3.1.0",
    "paths": {"/greeting": {"get": {"responses": {"200": {"content": {"text/plain": {}}}}}}},
}


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        raise ValueError("no lifespan here")
    body = json.dumps(SCHEMA).encode() if scope["path"] == "/openapi.json" else b"hello"
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": body})
"""

PLAIN_WSGI = """
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"hello"]
"""

FLASK = """
from flask import Flask

app = Flask(__name__)


@app.get("/items/<int:number>/<name>")
def item(number, name):
    return f"{number} {name}"


@app.post("/items")
def add():
    return "", 201
"""


def lay_out(folder: Path, files: Mapping[str, str]) -> Path:
    """Write files, by their paths, into a folder; gives the folder."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder
