"""A WebSocket that echoes: the answer to each message is made on the event loop, or in a thread.

Endpoints of WebSockets are `async def` alone: code that blocks has to go to a thread, message by message.
"""

from fastapi import WebSocket, WebSocketDisconnect, status
from starlette.concurrency import run_in_threadpool

from target_app.routing import Router
from target_app.schemas.bench import Echo

MOST_CHARACTERS = 4096
MOST_MESSAGES = 1000

router = Router(prefix="/bench/ws", tags=["bench"])


def _echo(number: int, text: str) -> str:
    return Echo(number=number, text=text).model_dump_json()


@router.websocket("/async")
async def ws_async(socket: WebSocket) -> None:
    """Answer each message on the event loop."""
    await socket.accept()
    try:
        for number in range(MOST_MESSAGES):
            await socket.send_text(_echo(number, await _receive(socket)))
        await socket.close(status.WS_1008_POLICY_VIOLATION, "too many messages")
    except WebSocketDisconnect:
        pass


@router.websocket("/sync")
async def ws_sync(socket: WebSocket) -> None:
    """Answer each message in a thread, as code that blocks has to."""
    await socket.accept()
    try:
        for number in range(MOST_MESSAGES):
            text = await _receive(socket)
            await socket.send_text(await run_in_threadpool(_echo, number, text))
        await socket.close(status.WS_1008_POLICY_VIOLATION, "too many messages")
    except WebSocketDisconnect:
        pass


async def _receive(socket: WebSocket) -> str:
    """The next message. One that is too long, or binary, ends the conversation: raises WebSocketDisconnect."""
    message = await socket.receive()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message["code"])
    text = message.get("text")
    if text is None:
        await socket.close(status.WS_1003_UNSUPPORTED_DATA, "text only")
    elif len(text) > MOST_CHARACTERS:
        await socket.close(status.WS_1009_MESSAGE_TOO_BIG, f"over {MOST_CHARACTERS} characters")
    else:
        return str(text)
    raise WebSocketDisconnect(status.WS_1008_POLICY_VIOLATION)
