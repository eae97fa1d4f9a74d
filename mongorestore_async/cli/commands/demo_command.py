"""``mongorestore-async demo``."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import attrs
from cyclopts import Parameter, validators

import mongorestore_async
from mongorestore_async import PollPolicy
from mongorestore_async.cli.cluster_options import ClusterOptions
from mongorestore_async.cli.columns import Column, print_table, state_style
from mongorestore_async.cli.console import PlainConsole, fold_command, plural, program, stdout_console
from mongorestore_async.cli.display.progress_display import DownloadBars
from mongorestore_async.cli.exit_codes import ExitCode
from mongorestore_async.cli.units import format_size, format_time, shorten_time
from mongorestore_async.families import CLOUD_MANAGER, Family
from mongorestore_async.models import (
    AutomatedRestore,
    ClusterSummary,
    HttpRestore,
    JobState,
    ProjectSummary,
    RestoreJob,
    Snapshot,
    Target,
)

if TYPE_CHECKING:
    from mongorestore_async import AsyncSession, RestoreBatch
    from mongorestore_async.emulator import Emulator

__all__ = ["ClusterJobs", "demo", "summarize_jobs"]

#: A restore takes ten minutes of the emulator's clock, which runs this many times as fast meanwhile.
_SPEED = 400
_POLL_SECONDS = 0.1
_TIMEOUT_SECONDS = 30
#: Clusters in the table; the others are counted.
_MOST_ROWS = 15


@attrs.define(kw_only=True)
class ClusterJobs:
    """The restore jobs of one cluster, counted: memory does not grow with their number.

    Attributes:
        project: Its project.
        cluster: The cluster.
        counts: Jobs by state.
        newest: The job created last.
        snapshot_id: Snapshot of one of its jobs, to restore from.

    """

    project: ProjectSummary
    cluster: ClusterSummary
    counts: Counter[JobState] = attrs.field(factory=Counter)
    newest: RestoreJob | None = None
    snapshot_id: str | None = None

    def add(self, job: RestoreJob) -> None:
        """Count a job."""
        self.counts[job.state] += 1
        if job.created is not None and (
            self.newest is None or self.newest.created is None or job.created > self.newest.created
        ):
            self.newest = job
        self.snapshot_id = self.snapshot_id or job.snapshot_id


async def summarize_jobs(
    session: "AsyncSession", family: Family[RestoreJob], progress: Callable[[int, int, int], None]
) -> list[ClusterJobs]:
    """Count the restore jobs of all clusters, reading as many clusters at once as the session allows.

    Args:
        session: The session to read with.
        family: Ops Manager or Cloud Manager.
        progress: Called with the numbers of clusters read, clusters known and jobs read.

    Raises:
        RestoreError: The first error met.

    """
    summaries = [
        ClusterJobs(project=project, cluster=cluster)
        async for project in session.projects(family)
        async for cluster in session.project(project.id, family).clusters()
        if cluster.takes_restores
    ]
    read = 0

    def report() -> None:
        progress(read, len(summaries), sum(summary.counts.total() for summary in summaries))

    async def fill(summary: ClusterJobs) -> None:
        nonlocal read
        cluster = session.project(summary.project.id, family).cluster(summary.cluster.id)
        async for page in cluster.restore_jobs().pages():
            for job in page:
                summary.add(job)
            report()
        read += 1
        report()

    report()
    try:
        async with asyncio.TaskGroup() as group:
            for summary in summaries:
                group.create_task(fill(summary))
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None
    return summaries


def _count(state: JobState) -> Column[ClusterJobs]:
    return Column(
        state.capitalize(),
        lambda summary: str(summary.counts[state] or ""),
        rank=1,
        number=True,
        style=lambda _: state_style(state),
    )


_COLUMNS: tuple[Column[ClusterJobs], ...] = (
    Column("Project", lambda summary: summary.project.name or summary.project.id),
    Column("Cluster", lambda summary: summary.cluster.name or summary.cluster.id),
    Column("Kind", lambda summary: (summary.cluster.type_name or "").lower().replace("_", " "), rank=3),
    Column("Jobs", lambda summary: str(summary.counts.total()), number=True),
    *(_count(state) for state in JobState),
    Column(
        "Newest",
        lambda summary: "" if summary.newest is None else shorten_time(format_time(summary.newest.created)),
        rank=2,
    ),
)


def demo(
    *,
    projects: Annotated[
        int, Parameter(validator=validators.Number(gte=1, lte=1000), help="Number of projects, 1 to 1000.")
    ] = 3,
    clusters: Annotated[
        int,
        Parameter(validator=validators.Number(gte=1, lte=100), help="Number of clusters in each project, 1 to 100."),
    ] = 3,
    jobs: Annotated[
        int,
        Parameter(validator=validators.Number(gte=1, lte=100_000), help="Number of jobs of each cluster, 1 to 100000."),
    ] = 25,
    seed: Annotated[int, Parameter(help="Same seed and sizes, same data.")] = 7,
) -> int:
    """Show the whole workflow against a built-in server.

    It needs no key, no network and no settings. It lists every restore job of
    every project, restores a snapshot into another cluster and follows the job
    to its end, then downloads the newest snapshot and verifies it.
    """
    with TemporaryDirectory() as directory:
        asyncio.run(_demo(directory, projects=projects, clusters=clusters, jobs=jobs, seed=seed))
    return ExitCode.DONE


async def _demo(directory: str, *, projects: int, clusters: int, jobs: int, seed: int) -> None:
    from mongorestore_async.emulator import Emulator, EmulatorSettings  # loads the HTTP library, as --help must not

    out = stdout_console()
    started = time.monotonic()
    settings = EmulatorSettings(
        projects=projects,
        clusters_per_project=clusters,
        jobs_per_cluster=jobs,
        seed=seed,
        # Whether a snapshot can be restored is decided by the clock of this machine.
        start=datetime.now(UTC),
    )
    options = mongorestore_async.Options(
        poll=PollPolicy(shortest=_POLL_SECONDS, longest=_POLL_SECONDS, budget_share=None), rate_limits=None
    )
    async with Emulator(settings) as emulator:
        auth = mongorestore_async.DigestAuth(emulator.public_key, emulator.private_key)
        async with mongorestore_async.AsyncSession(auth, base_url=emulator.url, options=options) as session:
            out.print(f"An emulated Cloud Manager listens at {emulator.url}")
            _print_title(out, "1. Every restore job of every project")
            summaries = await _list(out, session)
            source, target = _choose(summaries)
            _print_title(out, "2. One restore into another cluster")
            await _restore(out, session, emulator, source, target)
            _print_title(out, "3. A snapshot as a file: choose, create, wait, download, verify")
            await _download(out, session, emulator, source, directory)
            stats = session.stats
    _print_title(out, "4. Cost")
    out.print(
        f"{stats.requests} requests and {plural(stats.challenges, 'login challenge')} (HTTP digest) over real sockets,"
        f" {time.monotonic() - started:.1f} seconds."
    )
    _print_title(out, "Next: the same commands by hand")
    sizes = {"projects": projects, "clusters": clusters, "jobs": jobs, "seed": seed}
    emulator_words = [word for name, value in sizes.items() for word in (f"--{name}", str(value))]
    _print_commands(out, source, target, [program(), "emulator", *emulator_words])


async def _list(out: PlainConsole, session: "AsyncSession") -> list[ClusterJobs]:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        console=out.rich,
        transient=True,
        disable=not out.is_live,
    ) as progress:
        task = progress.add_task("looking for clusters", total=None)
        summaries = await summarize_jobs(
            session,
            CLOUD_MANAGER,
            lambda read, known, jobs: progress.update(
                task, description=f"{jobs} restore jobs of clusters", completed=read, total=known
            ),
        )
    listed = summaries[:_MOST_ROWS]
    print_table(out, _COLUMNS, listed)
    if len(summaries) > len(listed):
        out.print(f"... and {len(summaries) - len(listed)} more clusters")
    total = sum(summary.counts.total() for summary in summaries)
    projects = len({summary.project.id for summary in summaries})
    out.print(
        f"\n{plural(total, 'restore job')} of {plural(len(summaries), 'cluster')} in {plural(projects, 'project')}:"
        f" {session.stats.requests} requests."
    )
    return summaries


def _choose(summaries: list[ClusterJobs]) -> tuple[ClusterJobs, ClusterJobs]:
    """A cluster with something to restore, and the best other one of its kind to restore into."""
    source = next((summary for summary in summaries if summary.snapshot_id is not None), summaries[0])

    def fitness(summary: ClusterJobs) -> tuple[bool, bool, bool]:
        return (
            summary.cluster.type_name == source.cluster.type_name,
            summary is not source,
            summary.project.id != source.project.id,
        )

    return source, max(summaries, key=fitness)


async def _restore(
    out: PlainConsole, session: "AsyncSession", emulator: "Emulator", source: ClusterJobs, target: ClusterJobs
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


async def _download(
    out: PlainConsole, session: "AsyncSession", emulator: "Emulator", source: ClusterJobs, directory: str
) -> None:
    """The whole workflow: choose a snapshot, create, wait, download, verify."""
    cluster = session.project(source.project.id, CLOUD_MANAGER).cluster(source.cluster.id)
    snapshot = await cluster.snapshots().latest_restorable()
    taken = shorten_time(format_time(snapshot.taken_at))
    out.print(f"Newest snapshot that can be restored: {snapshot.id}, data of {taken} UTC")
    batch = await cluster.create_restore_job(HttpRestore(snapshot.id, max_downloads=1, expiration_hours=1))
    await _follow(out, emulator, batch)
    batch = await batch.refresh()
    with DownloadBars(out) as bars:
        files = await batch.download(directory, on_progress=bars.show)
    for file in files:
        out.print(f"\n{file.path.name}: {format_size(file.size)}, SHA-1 {file.sha1}")
        out.print(f"Compared with the SHA-1 that the API publishes: {file.verification.lower()}.")


async def _follow(out: PlainConsole, emulator: "Emulator", batch: "RestoreBatch[RestoreJob]") -> None:
    """Print each change of state until all jobs have ended."""
    with out.status("waiting"):
        async for job in batch.watch(timeout=_TIMEOUT_SECONDS):
            which = f"{job.id}  " if len(batch) > 1 else ""
            delivery = "" if job.delivery is None else f"delivery {job.delivery.status_name}"
            state = (f"{job.state:9}", state_style(job.state))
            when = f"  {emulator.clock.now():%H:%M:%S}  "
            out.print_styled(f"{when}{which}", state, f" {delivery}", soft_wrap=False)


def _print_commands(out: PlainConsole, source: ClusterJobs, target: ClusterJobs, emulator: list[str]) -> None:
    cluster = ClusterOptions(family=CLOUD_MANAGER.name, project_id=source.project.id, cluster_id=source.cluster.id)
    restore = ["--snapshot-id", source.snapshot_id or "ID"]
    restore += ["--target-project-id", target.project.id, "--target-cluster-id", target.cluster.id]
    for text, words in (
        ("Start a server with the same data. Paste its export lines into another terminal:", emulator),
        (
            "There, list restore jobs (use -o json, jsonl or csv in scripts):",
            cluster.command_line("jobs", "--limit", "10"),
        ),
        ("Restore a snapshot into another cluster:", cluster.command_line("create", *restore)),
    ):
        out.print_sentence(text)
        out.print(fold_command(words, out.width), style="cyan", soft_wrap=True)


def _print_title(out: PlainConsole, text: str) -> None:
    out.print(f"\n{text}\n", style="bold")
