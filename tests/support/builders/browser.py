"""Drives a real Chromium over the DevTools protocol: pages, keys, scripts, pictures, and what its console said."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import itertools
import os
import shutil
import signal
from typing import TYPE_CHECKING, Any

import aiohttp

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Self

__all__ = ["CHROMIUM", "Browser", "Page"]

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

_ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",  # it may run as root, and loads nothing but our own pages
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-extensions",
    "--no-first-run",
    "--no-default-browser-check",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
    "--remote-debugging-port=0",
)
_PATIENCE = 60.0


class Page:
    """A tab. ``console`` has its errors and uncaught exceptions; refused by the policy counts as one."""

    def __init__(self, browser: Browser, session: str) -> None:
        self.browser = browser
        self.session = session
        self.console: list[str] = []
        self.loaded = asyncio.Event()

    async def call(self, method: str, **params: Any) -> dict[str, Any]:
        return await self.browser.call(method, session=self.session, **params)

    async def size(self, width: int, height: int, *, mobile: bool = False, scale: float = 1) -> None:
        await self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale, mobile=mobile
        )

    async def dark(self, *, on: bool = True) -> None:
        scheme = {"name": "prefers-color-scheme", "value": "dark" if on else "light"}
        await self.call("Emulation.setEmulatedMedia", features=[scheme])

    async def scripts(self, *, on: bool) -> None:
        await self.call("Emulation.setScriptExecutionDisabled", value=not on)

    async def go(self, url: str) -> None:
        self.loaded.clear()
        answer = await self.call("Page.navigate", url=url)
        assert "errorText" not in answer, answer
        async with asyncio.timeout(_PATIENCE):
            await self.loaded.wait()

    async def run(self, script: str) -> Any:
        answer = await self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    async def until(self, script: str, seconds: float = _PATIENCE) -> None:
        """Wait until an expression is true; a page that is just being loaded anew is asked again."""
        async with asyncio.timeout(seconds):
            while True:
                with contextlib.suppress(AssertionError):
                    if await self.run(script):
                        return
                await asyncio.sleep(0.05)

    async def key(self, name: str) -> None:
        for kind in ("keyDown", "keyUp"):
            await self.call("Input.dispatchKeyEvent", type=kind, key=name, code=name)

    async def picture(self, path: Path) -> None:
        answer = await self.call("Page.captureScreenshot", format="png")
        path.write_bytes(base64.b64decode(answer["data"]))  # noqa: ASYNC240 - a test's own small file

    def hear(self, method: str, params: dict[str, Any]) -> None:
        if method == "Page.loadEventFired":
            self.loaded.set()
        elif method == "Runtime.exceptionThrown":
            self.console.append(str(params["exceptionDetails"]))
        elif method == "Log.entryAdded" and params["entry"]["level"] == "error":
            self.console.append(params["entry"]["text"])


class Browser:
    """A headless Chromium with a folder of its own, for ``async with``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ids = itertools.count(1)
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._pages: dict[str, Page] = {}

    async def __aenter__(self) -> Self:
        assert CHROMIUM is not None
        self._process = await asyncio.create_subprocess_exec(
            CHROMIUM,
            *_ARGUMENTS,
            f"--user-data-dir={self._folder}",
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
        port = self._folder / "DevToolsActivePort"
        async with asyncio.timeout(_PATIENCE):
            while not port.exists() or "\n" not in port.read_text():  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        number, path = port.read_text().split()[:2]
        self._session = aiohttp.ClientSession()
        self._socket = await self._session.ws_connect(f"ws://127.0.0.1:{number}{path}", max_msg_size=64 << 20)
        self._reader = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._reader.cancel()
        await asyncio.gather(self._reader, return_exceptions=True)
        await self._socket.close()
        await self._session.close()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        await self._process.wait()

    async def call(self, method: str, *, session: str | None = None, **params: Any) -> dict[str, Any]:
        number = next(self._ids)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        message = {"id": number, "method": method, "params": params}
        await self._socket.send_json(message if session is None else message | {"sessionId": session})
        async with asyncio.timeout(_PATIENCE):
            return await answer

    async def page(self, width: int = 1280, height: int = 900, *, own: bool = False) -> Page:
        """Open a tab; ``own``: in a profile of its own, as another person would."""
        context = {}
        if own:
            made = await self.call("Target.createBrowserContext")
            context = {"browserContextId": made["browserContextId"]}
        target = await self.call("Target.createTarget", url="about:blank", **context)
        attached = await self.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        page = self._pages[attached["sessionId"]] = Page(self, attached["sessionId"])
        for domain in ("Page", "Runtime", "Log"):
            await page.call(f"{domain}.enable")
        await page.size(width, height)
        return page

    async def _read(self) -> None:
        async for message in self._socket:
            document = message.json()
            if "id" in document:
                answer = self._answers.pop(document["id"])
                if answer.cancelled():
                    continue
                if "error" in document:
                    answer.set_exception(AssertionError(document["error"]))
                else:
                    answer.set_result(document["result"])
            elif document.get("sessionId") in self._pages:
                self._pages[document["sessionId"]].hear(document["method"], document["params"])
