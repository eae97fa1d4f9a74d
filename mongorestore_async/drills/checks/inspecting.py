"""Fetches the archives of a drill, and runs all checks of one restore.

Each restore has a folder of its own: ``archives/`` for what is fetched, ``work-N/`` for what the checks of run N need.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import shutil
import threading
import time
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import attrs

from mongorestore_async.drills.checks.archive_check import ArchiveError, hash_file, look_at, unpack
from mongorestore_async.drills.checks.comparing import compare_counts, is_known
from mongorestore_async.drills.checks.server_check import ServedCopy, ServerError, count_documents
from mongorestore_async.drills.checks.user_checks import CheckContext, run_check
from mongorestore_async.drills.results import CheckOutcome
from mongorestore_async.errors import ConfigError, DownloadError
from mongorestore_async.transport.worker_threads import WorkerThreads

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from mongorestore_async.drills.plan import DrillCluster, DrillPlan
    from mongorestore_async.drills.results import DrillOutcome, DrillReport
    from mongorestore_async.models import JobRef
    from mongorestore_async.resources import RestoreBatch

__all__ = ["Archives", "Found", "Inspector"]


@attrs.frozen(kw_only=True)
class Archives:
    """What was fetched.

    Attributes:
        files: Each archive with its SHA-256, in the order of their names.
        size: Bytes of all.
        sha256: Of the one; of several, of the list of theirs.
        words: Whether the hashes that the service publishes agreed.

    """

    files: tuple[tuple[Path, str], ...]
    size: int
    sha256: str
    words: str


@attrs.frozen(kw_only=True)
class Found:
    """What the checks of one restore found.

    Attributes:
        checks: Each of them.
        namespaces: Documents that a server counted.
        verified: See :class:`DrillOutcome`.

    """

    checks: tuple[CheckOutcome, ...] = ()
    namespaces: Mapping[str, int] = attrs.field(factory=dict[str, int])
    verified: bool | None = None


class Inspector:
    """Fetches and checks for one run of a drill.

    Args:
        plan: The plan.
        folder: The folder of the drill.
        last: The report of the last drill, to compare counts with.
        run: Number of the run.

    """

    def __init__(self, plan: DrillPlan, folder: Path, last: DrillReport | None, run: int) -> None:
        self._plan = plan
        self._run = run
        self._last = last
        self._threads = WorkerThreads("drill", plan.parallel)
        restores = folder.absolute() / "restores"  # a server is started in another folder
        self._folders = {
            cluster.name: restores / f"{place:03d}-{re.sub(r'[^A-Za-z0-9._-]', '_', cluster.name)[:80]}"
            for place, cluster in enumerate(plan.clusters, start=1)
        }

    def close(self) -> None:
        """Let the threads end."""
        self._threads.close()

    async def fetch(self, entry: DrillCluster, batch: RestoreBatch[Any]) -> Archives:
        """Fetch the archives of a restore, or what is left of them, and hash them.

        Raises:
            DownloadError: They cannot be fetched or read.
            RestoreError: As :meth:`RestoreBatch.download`.

        """
        downloaded = await batch.download(self._folders[entry.name] / "archives")
        files: list[tuple[Path, str]] = []
        for path in sorted(each.path for each in downloaded):
            try:
                _, sha256 = await self._in_thread(hash_file, path)
            except OSError as error:
                raise DownloadError(f"{path.name} cannot be read: {error.strerror}") from None
            files.append((path, sha256))
        listed = "".join(f"{sha256}  {path.name}\n" for path, sha256 in files)
        one = files[0][1] if len(files) == 1 else hashlib.sha256(listed.encode()).hexdigest()
        words = "; ".join(sorted({each.reason or "the published SHA-1 agrees" for each in downloaded}))
        return Archives(files=tuple(files), size=sum(each.size for each in downloaded), sha256=one, words=words)

    async def check(
        self, entry: DrillCluster, job: JobRef, facts: Mapping[str, Any], downloaded: Mapping[str, Any] | None
    ) -> Found:
        """Run all checks of a restore.

        Args:
            entry: The cluster in the plan.
            job: The restore job.
            facts: What is known of the outcome so far.
            downloaded: What the journal says of the archives; None for a restore into a cluster.

        """
        work = self._folders[entry.name] / f"work-{self._run}"
        context = CheckContext(cluster=entry, job=str(job), snapshot=facts.get("snapshot"))
        checks: list[CheckOutcome] = []
        found = Found()
        async with AsyncExitStack() as stack:
            if downloaded is not None:
                paths = [(self._folders[entry.name] / "archives" / each["name"], each) for each in downloaded["files"]]
                context = attrs.evolve(context, archives=tuple(path for path, _ in paths))
                if entry.archive:
                    await self._in_thread(_make_empty, work)
                    looking = _Looking(self._plan, entry, work, self._in_thread, stack)
                    last = self._last
                    before = None if last is None else last.find(entry.name, entry.project, entry.cluster)
                    found = await looking.look(paths, before, context)
                    context, checks = looking.context, list(found.checks)
            checks += [await run_check(check, context) for check in entry.checks]
        return attrs.evolve(found, checks=tuple(checks))

    async def clean(self, entry: DrillCluster, *, keep: bool) -> None:
        """Remove what a restore left on this machine.

        Args:
            entry: The cluster in the plan.
            keep: Whether its archives stay.

        """
        await self._in_thread(_clean, self._folders[entry.name], keep="archives" if keep else None)

    async def _in_thread(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Call a function that blocks; when this is cancelled, the function is told to stop."""
        stop = threading.Event()
        try:
            return await self._threads.run(function, *args, **kwargs, stop=stop)
        except asyncio.CancelledError:
            stop.set()
            raise


class _Looking:
    """The check of archives that ships: unpack, look, open a copy, count, compare."""

    def __init__(
        self, plan: DrillPlan, entry: DrillCluster, work: Path, in_thread: Callable[..., Any], stack: AsyncExitStack
    ) -> None:
        self._plan = plan
        self._entry = entry
        self._work = work
        self._in_thread = in_thread
        self._stack = stack
        self.context: CheckContext

    async def look(
        self, paths: Sequence[tuple[Path, Mapping[str, Any]]], last: DrillOutcome | None, context: CheckContext
    ) -> Found:
        """Check archives; servers that were opened stay open until the stack is closed."""
        self.context = context
        checks: list[CheckOutcome] = []
        counted: dict[str, int] = {}
        for place, (path, facts) in enumerate(paths, start=1):
            begin = time.monotonic()
            try:
                words, counts = await self._one(path, str(facts["sha256"]), self._work / str(place))
            except (ArchiveError, ServerError, ConfigError, OSError) as error:
                said = error.problem if isinstance(error, ConfigError) else str(error)
                checks.append(_outcome("archive", begin, f"{path.name}: {said}", passed=False))
                return Found(checks=tuple(checks), verified=False)
            checks.append(_outcome("archive", begin, f"{path.name}: {words}", passed=True))
            for name, count in counts.items():
                counted[name] = counted.get(name, 0) + count
        if self._plan.server is None:
            return Found(checks=tuple(checks))
        begin = time.monotonic()
        wrong = compare_counts(self._entry, counted, last, self.context.snapshot)
        known = is_known(self._entry, last)
        told = f"{sum(counted.values())} documents in {len(counted)} namespaces"
        detail = wrong or (f"{told}, as known" if known else f"{told}; nothing is known to compare them with")
        checks.append(_outcome("documents", begin, detail, passed=not wrong))
        self.context = attrs.evolve(self.context, namespaces=counted)
        return Found(checks=tuple(checks), namespaces=counted, verified=False if wrong else True if known else None)

    async def _one(self, path: Path, sha256: str, folder: Path) -> tuple[str, dict[str, int]]:
        _, now = await self._in_thread(hash_file, path)
        if now != sha256:
            raise ArchiveError("it is not what was downloaded: its SHA-256 is another one")
        unpacked = await self._in_thread(unpack, path, folder, limit=self._plan.unpacked_limit)
        layout = await self._in_thread(_look, unpacked.folder)
        if layout.problems or layout.directory is None:
            raise ArchiveError("; ".join(layout.problems))
        self.context = attrs.evolve(self.context, directory=layout.directory)
        if self._plan.server is None:
            return f"{layout.words}, {unpacked.size} bytes; no server opened it, so it is not verified", {}
        copy = folder.with_name(f"{folder.name}-server")
        address = await self._stack.enter_async_context(ServedCopy(self._plan.server, layout.directory, copy))
        self.context = attrs.evolve(self.context, address=address)
        return f"{layout.words}, {unpacked.size} bytes; a server opened a copy", await count_documents(address)


def _outcome(name: str, begin: float, detail: str, *, passed: bool) -> CheckOutcome:
    return CheckOutcome(name, passed, detail, round(time.monotonic() - begin, 3))


def _look(folder: Path, *, stop: threading.Event) -> Any:
    del stop  # a look is short
    return look_at(folder)


def _make_empty(folder: Path, *, stop: threading.Event) -> None:
    del stop
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(mode=0o700, parents=True)


def _clean(folder: Path, *, keep: str | None, stop: threading.Event) -> None:
    for path in list(folder.iterdir()) if folder.exists() else []:
        if path.name != keep and not stop.is_set():
            shutil.rmtree(path)
    if folder.exists() and not any(folder.iterdir()):
        folder.rmdir()
