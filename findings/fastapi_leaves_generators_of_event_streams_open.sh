#!/usr/bin/env bash
# FastAPI does not close the generator of an endpoint with response_class=EventSourceResponse when its client goes away
# while the generator stands at its yield, as it does whenever a client is slower than the events. The task that iterates
# it is cancelled and the generator is left to the garbage collector: its finally runs when a collection happens, in
# another task. A generator that waits for something of its own at that moment is cancelled at once, as is one that a
# plain StreamingResponse sends.
#
# Where it matters: what such a generator holds (a call, a connection, a lock, a task group) stays held, and a task group
# cannot be left in another task.
#
# Seen on 2026-11-30 with Python 3.11.7, fastapi 0.165.0, starlette 1.10.0 and uvicorn 0.54.0:
#   EventSourceResponse, waiting: finally within a second: True
#   EventSourceResponse, at its yield: finally within a second: False, after gc.collect(): True, in its own task: False
#   StreamingResponse, at its yield: finally within a second: True
# Fails when these lines change. Needs python3 with venv and a package index.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check fastapi==0.165.0 starlette==1.10.0 uvicorn==0.54.0

cat >"$folder/client.py" <<'PYTHON'
import asyncio
import gc
import socket

import uvicorn
from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from fastapi.sse import EventSourceResponse

app = FastAPI()
ended = {}


async def events(name, size, pause):
    task = asyncio.current_task()
    ended[name] = None
    try:
        while True:
            yield "x" * size
            if pause:
                await asyncio.sleep(3600)
            await asyncio.sleep(0)
    finally:
        ended[name] = asyncio.current_task() is task


@app.get("/waiting", response_class=EventSourceResponse)
async def waiting():
    async for event in events("waiting", 10, True):
        yield event


@app.get("/yield", response_class=EventSourceResponse)
async def at_yield():
    task = asyncio.current_task()
    ended["yield"] = None
    try:
        while True:
            yield "x" * 100_000
    finally:
        ended["yield"] = asyncio.current_task() is task


@app.get("/plain")
async def plain():
    return StreamingResponse(events("plain", 100_000, False))


async def leave(port, path):
    """Ask, take nothing, and go away once the server cannot send any more."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(client, ("127.0.0.1", port))
    await loop.sock_sendall(client, f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    await asyncio.sleep(1)
    gc.collect()
    client.close()
    await asyncio.sleep(1)


async def main():
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical"))
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    gc.disable()
    await leave(port, "/waiting")
    print(f"EventSourceResponse, waiting: finally within a second: {ended['waiting'] is not None}")
    await leave(port, "/yield")
    soon = ended["yield"] is not None
    gc.collect()
    await asyncio.sleep(0.1)
    print(
        f"EventSourceResponse, at its yield: finally within a second: {soon},"
        f" after gc.collect(): {ended['yield'] is not None}, in its own task: {ended['yield']}"
    )
    await leave(port, "/plain")
    print(f"StreamingResponse, at its yield: finally within a second: {ended['plain'] is not None}")
    server.should_exit = True
    await serving


asyncio.run(main())
PYTHON

seen=$("$folder/venv/bin/python" "$folder/client.py")
printf '%s\n' "$seen"
expected='EventSourceResponse, waiting: finally within a second: True
EventSourceResponse, at its yield: finally within a second: False, after gc.collect(): True, in its own task: False
StreamingResponse, at its yield: finally within a second: True'
if [ "$seen" != "$expected" ]; then
    echo "changed: compare with the lines at the top" >&2
    exit 1
fi
echo "unchanged"
