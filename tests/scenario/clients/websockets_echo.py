"""Debian's python3-websockets against an echo: URL, and `deflate` or `plain`."""

import asyncio
import json
import sys

import websockets

from messages import check, messages


async def main(url, compression):
    async with websockets.connect(url, compression=compression, max_size=None) as socket:
        extensions = socket.response_headers.get("Sec-WebSocket-Extensions", "")
        for message in messages():
            await socket.send(message)
            check(message, await socket.recv())
        # Sent in fragments, as an iterable is.
        await socket.send(["one ", "two ", "three"])
        check("one two three", await socket.recv())
        await (await socket.ping(b"a ping"))
    print(json.dumps({"extensions": extensions, "code": socket.close_code, "left": 0}))


asyncio.run(main(sys.argv[1], {"deflate": "deflate", "plain": None}[sys.argv[2]]))
