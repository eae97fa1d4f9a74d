#!/usr/bin/env bash
# aiohttp's response.content.readany() withholds bytes that it has received once the connection broke: it raises before
# it hands out what is in its buffer. read_nowait() on the same object raises as well.
#
# Where it matters: resumable downloads. The bytes count as received on the wire, and a link that may be used once or
# that counts its uses gave them, but a client that reads with readany() asks for them again. Up to the read buffer
# (here 120,000 bytes) is lost at each break.
#
# Seen on 2026-11-29 with Python 3.11.7 and aiohttp 3.14.5; a server that closes a connection 80,000 bytes early:
#   after one read of 40000 bytes: buffered 80000, readany() raised ClientPayloadError
#   iter_chunked(10000): 4 chunks, then ClientPayloadError
# Fails when these lines change. Needs python3 with venv and a package index.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check aiohttp==3.14.5

cat >"$folder/client.py" <<'PYTHON'
import asyncio

import aiohttp

LENGTH, SENT = 200_000, 120_000


async def serve(reader, writer):
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % LENGTH + b"x" * SENT)
    await writer.drain()
    await asyncio.sleep(0.2)
    writer.close()  # 80,000 bytes early


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    async with server, aiohttp.ClientSession(read_bufsize=LENGTH) as session:
        async with session.get(url) as response:
            first = await response.content.readexactly(40_000)
            await asyncio.sleep(0.5)  # the rest arrives, then the connection breaks
            buffered = response.content._size
            try:
                outcome = f"gave {len(await response.content.readany())} bytes"
            except aiohttp.ClientPayloadError as error:
                outcome = f"raised {type(error).__name__}"
            print(f"after one read of {len(first)} bytes: buffered {buffered}, readany() {outcome}")
        async with session.get(url) as response:
            chunks = 0
            try:
                async for _ in response.content.iter_chunked(10_000):
                    chunks += 1
                    if chunks == 4:
                        await asyncio.sleep(0.5)
                outcome = "the end"
            except aiohttp.ClientPayloadError as error:
                outcome = type(error).__name__
            print(f"iter_chunked(10000): {chunks} chunks, then {outcome}")


asyncio.run(main())
PYTHON

seen=$("$folder/venv/bin/python" "$folder/client.py")
printf '%s\n' "$seen"
expected='after one read of 40000 bytes: buffered 80000, readany() raised ClientPayloadError
iter_chunked(10000): 4 chunks, then ClientPayloadError'
if [ "$seen" != "$expected" ]; then
    echo "changed: compare with the lines at the top" >&2
    exit 1
fi
echo "unchanged"
