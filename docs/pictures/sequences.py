"""Who sends what to whom: each sequence is a run against the emulator, drawn from the requests that it received."""

from __future__ import annotations

from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import attrs
from drawing import Drawing

from mongorestore_async import (
    CLOUD_MANAGER,
    AsyncSession,
    AutomatedRestore,
    DigestAuth,
    HttpRestore,
    MaybeCreated,
    Options,
    Snapshot,
)
from mongorestore_async.emulator import DownloadPlay, Emulator, EmulatorSettings, NoncePolicy, RequestRecord

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_WIDTH, _LEFT, _RIGHT, _STEP = 540, 86, 454, 46
_SETTINGS = EmulatorSettings(start=datetime(2026, 11, 30, tzinfo=UTC))


class Sequence:
    """A picture of requests and answers between the library and a server."""

    def __init__(self, title: str, server: str) -> None:
        self._drawing = Drawing(_WIDTH, title)
        self._y = 84.0
        self._lines = Drawing(_WIDTH, title)
        self._server = server

    def ask(self, request: str, detail: str = "") -> None:
        """Draw a request."""
        self._arrow(_LEFT, _RIGHT, request, detail, "line")

    def answer(self, answer: str, detail: str = "") -> None:
        """Draw an answer."""
        self._arrow(_RIGHT, _LEFT, answer, detail, "line dashed")

    def note(self, text: str, kind: str = "note", *, at_server: bool = False) -> None:
        """Say what happens between two messages."""
        width = 9 + 7.1 * len(text)
        centre = _RIGHT if at_server else _LEFT
        left = min(max(12, centre - width / 2), _WIDTH - 12 - width)
        self._drawing.box(left, self._y - 20, width, 28, kind)
        self._drawing.text(left + width / 2, self._y - 1, text, "quiet", "middle")
        self._y += _STEP - 6

    def save(self, name: str) -> None:
        """Write it, with the two parties above and a line of life below each."""
        bottom = self._y - 14
        for centre, title in ((_LEFT, "your program"), (_RIGHT, self._server)):
            self._lines.line((centre, 48), (centre, bottom), kind="life")
            self._lines.box(centre - 78, 14, 156, 34)
            self._lines.text(centre, 36, title, "strong", "middle")
        self._lines.shapes += self._drawing.shapes
        self._lines.save(name, bottom + 14)

    def _arrow(self, start: float, end: float, text: str, detail: str, kind: str) -> None:
        self._drawing.line((start, self._y), (end + (-2 if end > start else 2), self._y), kind=kind, arrow=True)
        middle = (start + end) / 2
        self._drawing.text(middle, self._y - 7, text, "code strong", "middle")
        if detail:
            self._drawing.text(middle, self._y + 15, detail, "code quiet", "middle")
        self._y += _STEP + (12 if detail else 0)


async def draw_sequences() -> None:
    """Draw the three of them."""
    await _digest()
    await _exactly_once()
    await _resumed_download()


@asynccontextmanager
async def _session(emulator: Emulator) -> AsyncIterator[AsyncSession]:
    auth = DigestAuth(emulator.public_key, emulator.private_key)
    async with AsyncSession(auth, base_url=emulator.url, options=Options.for_tests()) as session:
        yield session


def _short(record: RequestRecord) -> str:
    """Verb and path without ids and query."""
    parts = record.path.partition("?")[0].removeprefix("/api/public/v1.0").split("/")
    return f"{record.method} " + "/".join("…" if len(part) == 24 else part for part in parts)  # noqa: PLR2004


def _digest_answer(record: RequestRecord, names: dict[str, str]) -> str:
    if record.nonce is None:
        return "without Authorization"
    return f"Authorization: Digest {names[record.nonce]}, nc={record.nc}"


async def _digest() -> None:
    settings = attrs.evolve(_SETTINGS, nonce_policy=NoncePolicy.LIMITED, nonce_life_uses=2)
    async with Emulator(settings) as emulator, _session(emulator) as session:
        for _ in range(3):
            await session.projects(CLOUD_MANAGER).page()
        names: dict[str, str] = {}
        picture = Sequence("Digest login: one challenge, then every call carries its answer", "the API")
        for record in emulator.requests:
            if record.nonce is not None:
                names.setdefault(record.nonce, f"nonce {'AB'[len(names)]}")
            picture.ask(_short(record), _digest_answer(record, names))
            if record.status == 200:  # noqa: PLR2004
                picture.answer("200 OK")
            elif record.nonce is None:
                picture.answer("401", "WWW-Authenticate: Digest nonce A")
            else:
                picture.answer("401", "WWW-Authenticate: Digest stale=true, nonce B")
                picture.note("the nonce was used up: answered with the new one, without an error")
        picture.save("sequence-digest")


async def _exactly_once() -> None:
    async with Emulator(_SETTINGS) as emulator, _session(emulator) as session:
        place = emulator.world.first("replica-set")
        cluster = session.project(place.project_id, CLOUD_MANAGER).cluster(place.id)
        snapshot = await cluster.snapshots().latest_restorable()
        request = AutomatedRestore(Snapshot(snapshot.id), await cluster.restore_target())
        emulator.fail_next_creates("taken")
        first = len(emulator.requests)
        picture = Sequence("A create whose answer is lost is looked up, never sent again", "the API")
        try:
            await cluster.create_restore_job(request)
        except MaybeCreated as error:
            asked = emulator.requests[first:]
            found = await error.reconcile()
        else:
            raise AssertionError("the create was to fail")
        looked = emulator.requests[first + len(asked) :]
        for record in asked:
            picture.ask(_short(record))
            if record.method == "POST":
                picture.note("the restore is started", at_server=True)
                picture.answer(f"{record.status} UNEXPECTED_ERROR")
            else:
                picture.answer(str(record.status), "the jobs that are there already")
        picture.note("MaybeCreated: error.reconcile()")
        for record in looked:
            picture.ask(_short(record))
            picture.answer(str(record.status), "one job more, with this snapshot and target")
        picture.note(f"verdict {found.verdict}, with the batch to wait for", "good")
        picture.save("sequence-exactly-once")


async def _resumed_download() -> None:
    settings = attrs.evolve(_SETTINGS, downloads=DownloadPlay(cut_after=3_000_000))
    async with Emulator(settings) as emulator, _session(emulator) as session:
        emulator.archives.size_of = lambda _job, _member: 8_000_000
        place = emulator.world.first("replica-set")
        cluster = session.project(place.project_id, CLOUD_MANAGER).cluster(place.id)
        snapshot = await cluster.snapshots().latest_restorable()
        batch = await cluster.create_restore_job(HttpRestore(snapshot.id, max_downloads=5, expiration_hours=1))
        emulator.clock.advance(settings.restore_seconds)
        batch = await batch.wait(timeout=10)
        with TemporaryDirectory() as folder:
            (file,) = await batch.download(Path(folder))
        picture = Sequence("A download that breaks off is resumed where it ended", "the download host")
        for number, record in enumerate(emulator.downloads.records, start=1):
            asked = f"Range: {record.range}" if record.range else "the link of the job, without any login"
            picture.ask("GET the archive", asked + (", If-Range: its ETag" if record.if_range else ""))
            picture.answer(f"{record.status}", f"{record.sent:,} bytes")
            if number < len(emulator.downloads.records):
                picture.note("the connection breaks: what arrived is kept on disk", "bad")
        picture.note(f"{file.size:,} bytes are whole: hashed, synced, renamed to their final name", "good")
        picture.save("sequence-download")
