"""Fixtures of the command line: commands run as processes, in pipes and on terminals, against an emulator."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from mongorestore_async.cli import main
from mongorestore_async.emulator import EmulatorSettings, ThreadedEmulator

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

COMMAND = (sys.executable, "-m", "mongorestore_async.cli")
PATIENCE = 120


class Ended(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture(scope="session", autouse=True)
def interruptible() -> None:
    """Let signals end the commands, also where a shell or nohup started the tests so that they are ignored."""
    for number, usual in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, usual)


@pytest.fixture
def settings() -> dict[str, Any]:
    """Settings of the emulator beyond the usual ones; a test file may have its own."""
    return {}


@pytest.fixture
def emulator(settings: dict[str, Any]) -> Iterator[ThreadedEmulator]:
    with ThreadedEmulator(EmulatorSettings(start=datetime.now(UTC), seed=3, **settings)) as emulator:
        yield emulator


@pytest.fixture
def requests_of(emulator: ThreadedEmulator) -> Any:
    """Paths of the requests that were let in while a command ran."""

    @contextmanager
    def watch() -> Iterator[list[str]]:
        paths: list[str] = []
        seen = emulator.counts.requests
        yield paths
        paths += [f"{r.method} {r.path}" for r in emulator.requests if r.number > seen and r.outcome == "accepted"]

    return watch


@pytest.fixture
def place(emulator: ThreadedEmulator) -> Any:
    """Options that name the first cluster of a kind."""

    def options(kind: str = "replica-set", family: str = "cloud-manager") -> tuple[str, ...]:
        cluster = emulator.world.first(kind)
        name = cluster.name if family.startswith("atlas") else cluster.id
        return ("--family", family, "--project-id", cluster.project_id, "--cluster-id", name)

    return options


@pytest.fixture
def target(emulator: ThreadedEmulator) -> tuple[str, ...]:
    """Options that name a cluster to restore into."""
    cluster = emulator.world.first("sharded")
    return ("--target-project-id", cluster.project_id, "--target-cluster-id", cluster.id)


@pytest.fixture
def environment(emulator: ThreadedEmulator) -> dict[str, str]:
    """Variables of a process: none of the caller's that a command reads."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("MONGODB_", "MCLI_"))
        and not name.upper().endswith("_PROXY")
        and name not in {"COLUMNS", "NO_COLOR", "FORCE_COLOR"}
    }
    return kept | {
        "TERM": "xterm-256color",
        "XDG_CONFIG_HOME": os.devnull,  # nobody's profiles
        "MONGODB_ATLAS_BASE_URL": emulator.url,
        "MONGODB_ATLAS_PUBLIC_API_KEY": emulator.public_key,
        "MONGODB_ATLAS_PRIVATE_API_KEY": emulator.private_key,
    }


@pytest.fixture
def start(environment: dict[str, str]) -> Any:
    """Start a command in pipes. Variables set to None are unset."""

    @asynccontextmanager
    async def starting(*words: str, **variables: str | None) -> AsyncIterator[asyncio.subprocess.Process]:
        environ = {name: value for name, value in (environment | variables).items() if value is not None}
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            *COMMAND, *words, env=environ, stdin=asyncio.subprocess.DEVNULL, stdout=pipe, stderr=pipe
        )
        try:
            yield process
        finally:
            if process.returncode is None:
                process.kill()
            await process.communicate()

    return starting


@pytest.fixture
def run(start: Any) -> Any:
    """Run a command in pipes to its end."""

    async def running(*words: str, **variables: str | None) -> Ended:
        async with start(*words, **variables) as process:
            out, err = await asyncio.wait_for(process.communicate(), PATIENCE)
        return Ended(process.returncode, out.decode(), err.decode())

    return running


@pytest.fixture
def call(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Run a command in this process, where it need not start: for tests of many cases, which must not be async."""

    def calling(*words: str, **variables: str | None) -> Ended:
        for name in os.environ:
            if name not in environment:
                monkeypatch.delenv(name)
        for name, value in (environment | variables).items():
            if value is None:
                monkeypatch.delenv(name, raising=False)
            else:
                monkeypatch.setenv(name, value)
        code = main(words)
        return Ended(code, *capsys.readouterr())

    return calling


class Terminal:
    """The other side of a terminal a command runs on."""

    def __init__(self, process: asyncio.subprocess.Process, fd: int) -> None:
        self.text = ""
        self._process = process
        self._fd = fd

    def type(self, keys: str) -> None:
        os.write(self._fd, keys.encode())

    async def expect(self, text: str) -> None:
        """Wait until the command has written a text after the last one that was waited for."""
        start, until = len(self.text), time.monotonic() + PATIENCE
        while text not in self.text[start:]:
            assert time.monotonic() < until, self.text
            assert self._process.returncode is None or self._read(), self.text
            self._read()
            await asyncio.sleep(0.01)

    async def end(self) -> int:
        """Read to the end of the command; its exit code."""
        until = time.monotonic() + PATIENCE
        while self._process.returncode is None:
            assert time.monotonic() < until, self.text
            self._read()
            await asyncio.sleep(0.01)
        self._read()
        return self._process.returncode

    def interrupt(self) -> None:
        self._process.send_signal(signal.SIGINT)

    def _read(self) -> bool:
        try:
            found = os.read(self._fd, 65536).decode(errors="replace")
        except OSError:  # nothing there yet, or (on Linux) nobody at the other side any more
            return False
        self.text += found
        return bool(found)


@pytest.fixture
def on_terminal(environment: dict[str, str]) -> Any:
    """Start a command on a terminal of its own."""
    pty = pytest.importorskip("pty")
    termios = pytest.importorskip("termios")

    @asynccontextmanager
    async def starting(*words: str, columns: int = 80, **variables: str | None) -> AsyncIterator[Terminal]:
        environ = {name: value for name, value in (environment | variables).items() if value is not None}
        ours, theirs = pty.openpty()
        termios.tcsetwinsize(theirs, (50, columns))
        os.set_blocking(ours, False)
        process = await asyncio.create_subprocess_exec(
            *COMMAND, *words, env=environ, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
        )
        os.close(theirs)
        try:
            yield Terminal(process, ours)
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()
            os.close(ours)

    return starting
