"""The drill of ``drill demo``: a server that plays Cloud Manager, six restores, two of which do not pass on purpose."""

import asyncio
import gzip
import io
import random
import tarfile
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mongorestore_async
from mongorestore_async import PollPolicy
from mongorestore_async.drills import DrillCluster, DrillPlan, DrillReport, DrillServer, DrillTarget, run_drill
from mongorestore_async.evidence import EvidenceLog

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mongorestore_async.drills.steps import JournalStep
    from mongorestore_async.emulator import Emulator, RequestRecord

__all__ = ["make_archive", "run_demo"]

#: Names in the plan; the first three are downloaded, the others restored into throw-away clusters.
_NAMES = ("orders", "users", "search", "billing", "reports", "sessions")
_DOWNLOADS = 3
_FAILS, _MISSES = "reports", "sessions"
_RESTORE_SECONDS = 1.5
_DAY = 86400.0
_FILE_BYTES = 64 * 1024


def make_archive(name: str) -> bytes:
    """Make an archive with the files that a data directory of WiredTiger has, full of noise: no server opens it.

    Args:
        name: Same name, same bytes.

    """
    noise = random.Random(name)  # noqa: S311 - data to look at, not a secret
    files = {
        "WiredTiger": b"WiredTiger\nWiredTiger 11.2.0: (November 29, 2026)\n",
        "WiredTiger.turtle": b"WiredTiger version string\nWiredTiger 11.2.0\n",
        "journal/WiredTigerLog.0000000001": noise.randbytes(_FILE_BYTES),
        "storage.bson": noise.randbytes(114),
    }
    tables = ("WiredTiger", "WiredTigerHS", "_mdb_catalog", "sizeStorer", "collection-0", "collection-2", "index-1")
    files |= {f"{table}.wt": noise.randbytes(_FILE_BYTES) for table in tables}
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as zipped, tarfile.open(fileobj=zipped, mode="w") as tar:
        for path, content in files.items():
            info = tarfile.TarInfo(f"{name}/{path}")
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return packed.getvalue()


async def run_demo(
    folder: Path,
    *,
    on_step: "Callable[[JournalStep], object] | None" = None,
    archive: bytes | None = None,
    server: DrillServer | None = None,
    namespaces: "Mapping[str, int] | None" = None,
) -> DrillReport:
    """Run the drill of the demo, with evidence.

    Args:
        folder: Where journal, evidence and archives go.
        on_step: Called with each step.
        archive: What is downloaded instead of noise: the data directory of a server, packed.
        server: Opens it.
        namespaces: What is in it.

    Raises:
        ConfigError: A drill has begun in the folder already.
        RestoreError: The evidence cannot be written.

    """
    from mongorestore_async.emulator import Emulator, EmulatorSettings, Side

    settings = EmulatorSettings(
        projects=2 * len(_NAMES),
        clusters_per_project=1,
        jobs_per_cluster=0,
        snapshots_per_cluster=1,
        restore_seconds=_RESTORE_SECONDS,
        # Whether a snapshot can be restored is decided by the clock of this machine.
        start=datetime.now(UTC),
    )
    poll = PollPolicy(shortest=0.1, longest=0.1, budget_share=None)
    options = mongorestore_async.Options(poll=poll, rate_limits=None)
    async with AsyncExitStack() as stack:
        emulator = await stack.enter_async_context(Emulator(settings))
        clusters = [next(iter(emulator.world.clusters(each))) for each in emulator.world.projects(Side.MANAGER)]
        names = {cluster.id: name for cluster, name in zip(clusters, _NAMES, strict=False)}
        emulator.archives.given = lambda job, _member: archive or make_archive(names[job.cluster.id])
        emulator.before_answer = _break_one(emulator, clusters[_NAMES.index(_FAILS)])
        auth = mongorestore_async.DigestAuth(emulator.public_key, emulator.private_key)
        session = mongorestore_async.AsyncSession(auth, base_url=emulator.url, options=options)
        await stack.enter_async_context(session)
        plan = _plan(clusters, server, namespaces or {})
        log = stack.enter_context(await asyncio.to_thread(EvidenceLog.open, folder / "evidence.jsonl"))
        return await run_drill(plan, session, folder, evidence=log, on_step=on_step)


def _plan(clusters: list[Any], server: DrillServer | None, namespaces: "Mapping[str, int]") -> DrillPlan:
    entries = tuple(
        DrillCluster(
            name=name,
            project=source.project_id,
            cluster=source.id,
            target=DrillTarget(target.project_id, target.id) if place >= _DOWNLOADS else None,
            rto=_RESTORE_SECONDS / 10 if name == _MISSES else 60.0,
            rpo=_DAY,
            timeout=60.0,
            after=("orders",) if name == "users" else (),
            namespaces=namespaces if place < _DOWNLOADS else {},
        )
        for place, (name, source, target) in enumerate(
            zip(_NAMES, clusters[: len(_NAMES)], clusters[len(_NAMES) :], strict=True)
        )
    )
    return DrillPlan(name="demo", family="cloud-manager", clusters=entries, parallel=3, server=server)


def _break_one(emulator: "Emulator", cluster: Any) -> Any:
    """Let the restore of one cluster fail, as soon as it is there."""

    async def break_it(record: "RequestRecord") -> None:
        if record.method == "POST" and cluster.id in record.path and emulator.world.jobs.count(cluster):
            emulator.patch_job(emulator.world.jobs.at(cluster, 0), {"statusName": "BROKEN"})

    return break_it
