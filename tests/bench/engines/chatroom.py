"""An app with logins, uploads and a WebSocket, which counts what it was asked: the witness of a journey."""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import Annotated

from fastapi import FastAPI, Form, Header, HTTPException, UploadFile, WebSocket

app = FastAPI()
counts: Counter[str] = Counter()
members: set[str] = set()


@app.get("/health/live")
async def live() -> str:
    return "ok"


@app.get("/counts")
async def tell() -> dict[str, int]:
    return dict(counts)


@app.post("/login")
async def login(email: Annotated[str, Form()]) -> dict[str, str]:
    counts["POST /login"] += 1
    if email in members:
        raise HTTPException(409, "logged in already")
    members.add(email)
    return {"token": email}


@app.post("/photos")
async def photo(photo: UploadFile, authorization: Annotated[str, Header()]) -> dict[str, str]:
    counts["POST /photos"] += 1
    if authorization not in members:
        raise HTTPException(401, "a stranger")
    return {"digest": hashlib.sha256(await photo.read()).hexdigest()}


@app.websocket("/chat")
async def chat(socket: WebSocket) -> None:
    counts["GET /chat"] += 1
    if socket.headers["authorization"] not in members:
        return
    await socket.accept()
    while (message := await socket.receive())["type"] == "websocket.receive":
        counts["WS /chat"] += 1
        await socket.send_text(f"echo: {message['text']}")
    if message["code"] == 1000:
        counts["WS-CLOSE /chat"] += 1
