"""Debian's python3-autobahn on asyncio against an echo: URL, and `deflate` or `plain`."""

import asyncio
import json
import sys
from urllib.parse import urlsplit

from autobahn.asyncio.websocket import WebSocketClientFactory, WebSocketClientProtocol
from autobahn.websocket.compress import (
    PerMessageDeflateOffer,
    PerMessageDeflateResponse,
    PerMessageDeflateResponseAccept,
)

from messages import check, messages


def accept(response):
    return PerMessageDeflateResponseAccept(response) if isinstance(response, PerMessageDeflateResponse) else None


class Client(WebSocketClientProtocol):
    def onConnect(self, response):
        self.factory.result = {"extensions": response.headers.get("sec-websocket-extensions", "")}

    def onOpen(self):
        self.waiting = list(messages())
        self.send_next()

    def send_next(self):
        if not self.waiting:
            self.sendClose(1000)
            return
        message = self.waiting[0]
        is_binary = isinstance(message, bytes)
        # Some in fragments.
        size = 4096 if 4096 < len(message) <= 131073 else None
        self.sendMessage(message if is_binary else message.encode(), is_binary, fragmentSize=size)

    def onMessage(self, payload, isBinary):
        check(self.waiting.pop(0), payload if isBinary else payload.decode())
        self.send_next()

    def onClose(self, wasClean, code, reason):
        self.factory.result.update(code=code, left=len(self.waiting))
        self.factory.done.set_result(None)


async def main(url, compression):
    factory = WebSocketClientFactory(url)
    factory.protocol = Client
    factory.done = asyncio.get_running_loop().create_future()
    if compression == "deflate":
        factory.setProtocolOptions(
            perMessageCompressionOffers=[PerMessageDeflateOffer()], perMessageCompressionAccept=accept
        )
    where = urlsplit(url)
    await asyncio.get_running_loop().create_connection(factory, where.hostname, where.port)
    await factory.done
    print(json.dumps(factory.result))


asyncio.run(main(*sys.argv[1:]))
