"""HEAD wherever there is GET: the same answer without its body (RFC 9110, section 9.3.2)."""

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboards.bodies import handing_on


class Heads:
    """ASGI middleware, before all others: behind it there is only GET."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return
        told = asyncio.Event()

        async def send_head(message: Message) -> None:
            if message["type"] == "http.response.start":
                await send(message)
                await send({"type": "http.response.body"})
                told.set()

        async def leave() -> Message:
            """Whoever asked has all that they want: what would be streamed, perhaps for ever, ends."""
            await told.wait()
            return {"type": "http.disconnect"}

        await self._app({**scope, "method": "GET"}, handing_on(b"", leave), send_head)
