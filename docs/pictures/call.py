"""The way of a call: which modules of each room one call of a list passes, as a profile of a real call saw them."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from drawing import Drawing

import mongorestore_async
from mongorestore_async import CLOUD_MANAGER, AsyncSession, DigestAuth
from mongorestore_async.emulator import ThreadedEmulator

if TYPE_CHECKING:
    from types import FrameType

_PACKAGE = Path(mongorestore_async.__file__).parent
_WIDTH, _MARGIN, _LINE = 560, 20, 18
_AIOHTTP = "aiohttp"
_SENT = "the request goes out, and the answer comes back"


async def draw_call() -> None:
    """Draw the rooms that the second page of a list passes, in the order in which they are entered."""
    passed: dict[str, list[str]] = {}

    def note(frame: FrameType, event: str, _: Any) -> None:
        path = Path(frame.f_code.co_filename)
        if event == "call" and path.parts[-2:] == ("aiohttp", "client.py"):
            passed.setdefault(_AIOHTTP, [])
        if event == "call" and path.is_relative_to(_PACKAGE):
            room, module = path.relative_to(_PACKAGE).with_suffix("").parts[0], path.stem
            if module not in passed.setdefault(room, []):
                passed[room].append(module)

    with ThreadedEmulator() as emulator:  # on a thread of its own, which the profile does not see
        place = emulator.world.first("replica-set")
        auth = DigestAuth(emulator.public_key, emulator.private_key)
        async with AsyncSession(auth, base_url=emulator.url) as session:
            cluster = session.project(place.project_id, CLOUD_MANAGER).cluster(place.id)
            await cluster.restore_jobs()  # logs in, and connects
            sys.setprofile(note)
            try:
                await cluster.restore_jobs()
            finally:
                sys.setprofile(None)
    _draw(passed)


def _draw(passed: dict[str, list[str]]) -> None:
    drawing = Drawing(_WIDTH, f"What one page of a list passes, in this order: {', '.join(passed)}")
    drawing.text(_MARGIN, 30, "await cluster.restore_jobs()", "code strong")
    y = 46.0
    for room, modules in passed.items():
        told, kind = [_SENT], "note"
        if room != _AIOHTTP:
            document = importlib.import_module(f"mongorestore_async.{room}").__doc__ or ""
            told, kind = wrap(document.partition("\n")[0].partition(". ")[0].rstrip("."), 78), "box"
        names = wrap(", ".join(modules), 66)
        height = 32 + _LINE * (len(told) + len(names))
        drawing.box(_MARGIN, y, _WIDTH - 2 * _MARGIN, height, kind)
        drawing.text(_MARGIN + 12, y + 20, f"{room}/" if modules else room, "code strong")
        for number, line in enumerate((*told, *names), start=1):
            drawing.text(_MARGIN + 12, y + 20 + _LINE * number, line, "quiet" if number <= len(told) else "code")
        y += height + 16
        drawing.line((_WIDTH / 2, y - 16), (_WIDTH / 2, y - 2), arrow=True)
    drawing.text(_WIDTH / 2, y + 14, "a Page of jobs", "strong", "middle")
    drawing.save("call", y + 30)
