"""The user's own checks: async functions, and commands without a shell. One that hangs is ended, one that talks is cut.

A command gets no credentials: variables of the API's keys are taken out of its environment.
"""

from __future__ import annotations

import asyncio
import importlib
import inspect
import os
import signal
import sys
import time
from typing import TYPE_CHECKING

import attrs

from mongorestore_async.drills.checks.own_thread import in_own_thread
from mongorestore_async.drills.results import CheckOutcome
from mongorestore_async.protocol.redaction import one_line

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from pathlib import Path

    from mongorestore_async.drills.plan import DrillCheck, DrillCluster

__all__ = ["CheckContext", "load_function", "run_check", "stop_process"]

#: Of the output of a command, so much is read and kept; the rest is thrown away.
_MOST_OUTPUT = 64 * 1024
_DETAIL = 300
_PATIENCE = 5.0
_SECRET = ("MONGODB_ATLAS_", "MCLI_")


@attrs.frozen(kw_only=True)
class CheckContext:
    """What a check gets to know.

    Attributes:
        cluster: The cluster in the plan.
        job: The restore job, as text.
        snapshot: The snapshot that was restored.
        archives: Archives that were downloaded; none for a restore into a cluster.
        directory: Where the archive is unpacked, if it is. It must not be changed: a server needs it as it is.
        address: ``mongodb://127.0.0.1:PORT`` of the server that has opened a copy of it, while it runs.
        namespaces: Documents that it counted.

    """

    cluster: DrillCluster
    job: str
    snapshot: str | None
    archives: tuple[Path, ...] = ()
    directory: Path | None = None
    address: str | None = None
    namespaces: Mapping[str, int] = attrs.field(factory=dict[str, int], hash=False)

    def words(self) -> dict[str, str]:
        """What commands may have filled in; empty where there is nothing.

        Returns:
            The words by the names that commands have for them.

        """
        return {
            "archive": str(self.archives[0]) if self.archives else "",
            "directory": str(self.directory or ""),
            "address": self.address or "",
            "target": "" if self.cluster.target is None else str(self.cluster.target),
            "job": self.job,
            "snapshot": self.snapshot or "",
        }


async def run_check(check: DrillCheck, context: CheckContext) -> CheckOutcome:
    """Run a check. Whatever goes wrong in it is its outcome, never an error.

    Args:
        check: The check in the plan.
        context: What it gets to know.

    """
    begin = time.monotonic()
    try:
        async with asyncio.timeout(check.timeout):
            passed, detail = await (_call(check.call, context) if check.call else _command(check.command, context))
    except TimeoutError:
        passed, detail = False, f"not over within {check.timeout:g} s, so it was ended"
    except Exception as error:  # noqa: BLE001 - code of somebody else
        passed, detail = False, f"{type(error).__name__}: {error}"
    return CheckOutcome(check.name, passed, one_line(detail, _DETAIL), round(time.monotonic() - begin, 3))


def load_function(path: str) -> Callable[[CheckContext], Awaitable[object]]:
    """Import the function of a check.

    Args:
        path: ``package.module:function``.

    Raises:
        TypeError: It is no async function.
        Exception: Whatever the import of its module raises.

    """
    module_name, _, name = path.partition(":")
    function: Callable[[CheckContext], Awaitable[object]] = getattr(importlib.import_module(module_name), name)
    if not inspect.iscoroutinefunction(function):
        raise TypeError(f"{path} is no async function")
    return function


async def _call(path: str, context: CheckContext) -> tuple[bool, str]:
    function = await in_own_thread(load_function, path)
    said = await function(context)
    return True, said if isinstance(said, str) else "passed"


async def _command(command: Sequence[str], context: CheckContext) -> tuple[bool, str]:
    words = context.words()
    arguments = [_filled(part, words) for part in command]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(_SECRET)}
    environment |= {f"DRILL_{name.upper()}": value for name, value in words.items()}
    process = await asyncio.create_subprocess_exec(
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=environment,
        start_new_session=True,
    )
    try:
        output = await _read(process.stdout)
        code = await process.wait()
    except BaseException:
        await stop_process(process, 0)
        raise
    text = output.decode("utf-8", "replace").strip()
    return code == 0, text if code == 0 and text else f"exit code {code}{': ' if text else ''}{text}"


def _filled(part: str, words: Mapping[str, str]) -> str:
    for name, value in words.items():
        part = part.replace(f"{{{name}}}", value)
    return part


async def _read(stream: asyncio.StreamReader | None) -> bytes:
    assert stream is not None  # noqa: S101 - it was asked for
    kept = b""
    while data := await stream.read(_MOST_OUTPUT):
        kept += data[: _MOST_OUTPUT - len(kept)]
    return kept


async def stop_process(process: asyncio.subprocess.Process, patience: float = _PATIENCE) -> None:
    """End a process that leads a group of its own, with all that it started; on Windows itself alone.

    Args:
        process: The process.
        patience: Seconds it has to end by itself; 0 for none.

    """
    if process.returncode is None and patience:
        process.terminate()
        try:
            async with asyncio.timeout(patience):
                await process.wait()
        except TimeoutError:
            pass
    if sys.platform == "win32":
        if process.returncode is None:
            process.kill()
    else:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass  # all of them have ended
        except PermissionError:  # macOS says this of a group that only has a dead leader
            pass
    await process.wait()
