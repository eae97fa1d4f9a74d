"""``mongorestore-async demo``."""

import asyncio
import time
from datetime import UTC, datetime
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter, validators
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
from rich.text import Text

from mongorestore_async.cli.exits import ExitCode
from mongorestore_async.cli.place import Place
from mongorestore_async.cli.progress import Bars
from mongorestore_async.cli.rows import moment, short, some
from mongorestore_async.cli.screen import Screen, screen
from mongorestore_async.cli.shell import folded
from mongorestore_async.cli.survey import Finding, survey
from mongorestore_async.cli.tables import Column, print_table, state_style
from mongorestore_async.cli.units import size
from mongorestore_async.families import CLOUD_MANAGER
from mongorestore_async.models import AutomatedRestore, HttpRestore, JobState, PollPolicy, RestoreJob, Snapshot, Target

if TYPE_CHECKING:
    from mongorestore_async import AsyncSession, RestoreBatch
    from mongorestore_async.emulator import Emulator

__all__ = ["demo"]

#: A restore takes ten minutes on the emulator's clock, and that clock runs so many times as fast meanwhile.
_SPEED = 400
_POLL_SECONDS = 0.1
_PATIENCE_SECONDS = 30
#: Clusters a table shows; of the others it tells how many they are.
_ROWS = 15


def _count(state: JobState) -> Column[Finding]:
    return Column(
        state.capitalize(),
        lambda finding: str(finding.counts[state] or ""),
        rank=1,
        number=True,
        style=lambda _: state_style(state),
    )


_COLUMNS: tuple[Column[Finding], ...] = (
    Column("Project", lambda finding: finding.project.name or finding.project.id),
    Column("Cluster", lambda finding: finding.cluster.name or finding.cluster.id),
    Column("Kind", lambda finding: (finding.cluster.type_name or "").lower().replace("_", " "), rank=3),
    Column("Jobs", lambda finding: str(finding.counts.total()), number=True),
    *(_count(state) for state in JobState),
    Column(
        "Newest",
        lambda finding: "" if finding.newest is None else short(moment(finding.newest.created)),
        rank=2,
    ),
)


def demo(
    *,
    projects: Annotated[int, Parameter(validator=validators.Number(gte=1, lte=1000), help="Projects to play.")] = 3,
    clusters: Annotated[int, Parameter(validator=validators.Number(gte=1, lte=100), help="Clusters of each.")] = 3,
    jobs: Annotated[int, Parameter(validator=validators.Number(gte=1, lte=100_000), help="Jobs of each cluster.")] = 25,
    seed: Annotated[int, Parameter(help="Same seed and sizes, same data.")] = 7,
) -> int:
    """Show everything at work, against a server that runs inside: no key, no network, nothing to set up.

    Lists every restore job of every project, starts a restore into another cluster and follows it to its end, then
    downloads the newest snapshot and verifies it.
    """
    with TemporaryDirectory() as directory:
        asyncio.run(_demo(directory, projects=projects, clusters=clusters, jobs=jobs, seed=seed))
    return ExitCode.DONE


async def _demo(directory: str, *, projects: int, clusters: int, jobs: int, seed: int) -> None:
    from mongorestore_async import AsyncSession, DigestAuth, Options
    from mongorestore_async.emulator import Emulator, EmulatorSettings

    out = screen()
    started = time.monotonic()
    settings = EmulatorSettings(
        projects=projects,
        clusters_per_project=clusters,
        jobs_per_cluster=jobs,
        seed=seed,
        # Snapshots are judged by the clock of this machine.
        start=datetime.now(UTC),
    )
    options = Options(
        poll=PollPolicy(shortest=_POLL_SECONDS, longest=_POLL_SECONDS, budget_share=None), rate_limits=None
    )
    async with Emulator(settings) as emulator:
        auth = DigestAuth(emulator.public_key, emulator.private_key)
        async with AsyncSession(auth, base_url=emulator.url, options=options) as session:
            out.print(f"An emulated Cloud Manager listens at {emulator.url}")
            _title(out, "1. Every restore job of every project")
            findings = await _list(out, session)
            source, target = _choose(findings)
            _title(out, "2. One restore into another cluster")
            await _restore(out, session, emulator, source, target)
            _title(out, "3. A snapshot as a file: choose, create, wait, download, verify")
            await _fetch(out, session, emulator, source, directory)
            stats = session.stats
    _title(out, "4. What it took")
    out.print(
        f"{stats.requests} requests and {some(stats.challenges, 'login challenge')} (HTTP digest) over real sockets,"
        f" {time.monotonic() - started:.1f} seconds."
    )
    _title(out, "Next: the same by hand")
    sizes = {"projects": projects, "clusters": clusters, "jobs": jobs, "seed": seed}
    emulator_words = [word for name, value in sizes.items() for word in (f"--{name}", str(value))]
    _advise(out, source, target, ["mongorestore-async", "emulator", *emulator_words])


async def _list(out: Screen, session: "AsyncSession") -> list[Finding]:
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        console=out,
        transient=True,
        disable=not out.is_terminal,
    ) as progress:
        task = progress.add_task("looking for clusters", total=None)
        findings = await survey(
            session,
            CLOUD_MANAGER,
            lambda read, known, jobs: progress.update(
                task, description=f"{jobs} restore jobs of clusters", completed=read, total=known
            ),
        )
    shown = findings[:_ROWS]
    print_table(out, _COLUMNS, shown)
    if len(findings) > len(shown):
        out.print(f"... and {len(findings) - len(shown)} more clusters")
    total = sum(finding.counts.total() for finding in findings)
    places = len({finding.project.id for finding in findings})
    out.print(
        f"\n{some(total, 'restore job')} of {some(len(findings), 'cluster')} in {some(places, 'project')}:"
        f" {session.stats.requests} requests."
    )
    return findings


def _choose(findings: list[Finding]) -> tuple[Finding, Finding]:
    """A cluster with something to restore, and the best other one of its kind to restore into."""
    source = next((finding for finding in findings if finding.snapshot_id is not None), findings[0])

    def fitness(finding: Finding) -> tuple[bool, bool, bool]:
        return (
            finding.cluster.type_name == source.cluster.type_name,
            finding is not source,
            finding.project.id != source.project.id,
        )

    return source, max(findings, key=fitness)


async def _restore(
    out: Screen, session: "AsyncSession", emulator: "Emulator", source: Finding, target: Finding
) -> None:
    out.print(f"From: snapshot {source.snapshot_id} of {source.cluster.name} in {source.project.name}")
    out.print(f"Into: {target.cluster.name} in {target.project.name}")
    cluster = session.project(source.project.id, CLOUD_MANAGER).cluster(source.cluster.id)
    batch = await cluster.create_restore_job(
        AutomatedRestore(Snapshot(source.snapshot_id or ""), Target(target.project.id, target.cluster.id))
    )
    for job in batch:
        out.print(f"Job:  {job.id}")
    out.print(f"\nThe emulator's clock now runs {_SPEED} times as fast.")
    emulator.clock.speed = _SPEED
    await _follow(out, emulator, batch)


async def _fetch(out: Screen, session: "AsyncSession", emulator: "Emulator", source: Finding, directory: str) -> None:
    """The whole walk: choose a snapshot, create, wait, download, verify."""
    cluster = session.project(source.project.id, CLOUD_MANAGER).cluster(source.cluster.id)
    snapshot = await cluster.snapshots().latest_restorable()
    out.print(f"Newest snapshot that can be restored: {snapshot.id}, data of {short(moment(snapshot.taken_at))} UTC")
    batch = await cluster.create_restore_job(HttpRestore(snapshot.id, max_downloads=1, expiration_hours=1))
    await _follow(out, emulator, batch)
    batch = await batch.refresh()
    with Bars(out) as bars:
        files = await batch.download(directory, on_progress=bars.show)
    for file in files:
        out.print(f"\n{file.path.name}: {size(file.size)}, SHA-1 {file.sha1}")
        out.print(f"Compared with the SHA-1 that the API publishes: {file.verification.lower()}.")


async def _follow(out: Screen, emulator: "Emulator", batch: "RestoreBatch[RestoreJob]") -> None:
    """Tell each change of state until all jobs are over."""
    with out.status("waiting"):
        async for job in batch.watch(timeout=_PATIENCE_SECONDS):
            which = f"{job.id}  " if len(batch) > 1 else ""
            delivery = "" if job.delivery is None else f"delivery {job.delivery.status_name}"
            state = (f"{job.state:9}", state_style(job.state))
            out.print(Text.assemble(f"  {emulator.clock.now():%H:%M:%S}  {which}", state, f" {delivery}"))


def _advise(out: Screen, source: Finding, target: Finding, emulator: list[str]) -> None:
    place = Place(family=CLOUD_MANAGER.name, project_id=source.project.id, cluster_id=source.cluster.id)
    restore = ["--snapshot-id", source.snapshot_id or "ID"]
    restore += ["--target-project-id", target.project.id, "--target-cluster-id", target.cluster.id]
    for text, words in (
        ("A server with the same data. Paste its export lines into another terminal:", emulator),
        ("There, list restore jobs (-o json, jsonl and csv are for programs):", place.words("jobs", "--limit", "10")),
        ("And restore a snapshot into another cluster:", place.words("create", *restore)),
    ):
        out.say(text)
        out.print(folded(words, out.width), style="cyan", soft_wrap=True)


def _title(out: Screen, text: str) -> None:
    out.print(f"\n{text}\n", style="bold")
