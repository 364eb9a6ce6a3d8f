"""An API for hypercorn: it keeps what it was asked, answers with the identity that it saw, and echoes WebSocket messages behind that identity."""

import json

seen = []


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while (await receive())["type"] != "lifespan.shutdown":
            await send({"type": "lifespan.startup.complete"})
        await send({"type": "lifespan.shutdown.complete"})
    elif scope["type"] == "websocket":
        await echo(scope, receive, send)
    else:
        await answer(scope, receive, send)


def identity(scope):
    return ";".join(value.decode("latin1") for name, value in scope["headers"] if name == b"x-account-sid")


async def echo(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": f"{identity(scope)}: {message['text']}"})


async def answer(scope, receive, send):
    while (await receive()).get("more_body"):
        pass

    if scope["path"] == "/seen":
        body = json.dumps(seen)
        seen.clear()
    else:
        body = identity(scope)
        seen.append({
            "version": scope["http_version"],
            "request": f"{scope['method']} {scope['path']}",
            "headers": [[name.decode("latin1"), value.decode("latin1")] for name, value in scope["headers"]],
        })

    body = body.encode("latin1")
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", str(len(body)).encode())]})
    await send({"type": "http.response.body", "body": body})
