"""``mongorestore-async demo``."""

import asyncio
import time
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter, validators
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
from rich.text import Text

from mongorestore_async.cli.exits import ExitCode
from mongorestore_async.cli.place import Place
from mongorestore_async.cli.rows import moment
from mongorestore_async.cli.screen import Screen, screen
from mongorestore_async.cli.shell import folded
from mongorestore_async.cli.survey import Finding, survey
from mongorestore_async.cli.tables import Column, print_table, state_style
from mongorestore_async.families import CLOUD_MANAGER
from mongorestore_async.models import AutomatedRestore, JobState, RestoreJob, Snapshot, Target

if TYPE_CHECKING:
    from mongorestore_async import AsyncSession, RestoreBatch
    from mongorestore_async.emulator import Emulator

__all__ = ["demo"]

#: A restore takes ten minutes on the emulator's clock, and that clock runs so many times as fast meanwhile.
_SPEED = 150
_POLL_SECONDS = 0.2
_PATIENCE_SECONDS = 30
#: Clusters a table shows; of the others it tells how many they are.
_ROWS = 15

_UNDER_WAY = frozenset({JobState.PENDING, JobState.RUNNING, JobState.UNKNOWN})


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
        lambda finding: "" if finding.newest is None else moment(finding.newest.created)[:16].replace("T", " "),
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

    Lists every restore job of every project, starts a restore into another cluster and follows it to its end.
    """
    return asyncio.run(_demo(projects=projects, clusters=clusters, jobs=jobs, seed=seed))


async def _demo(*, projects: int, clusters: int, jobs: int, seed: int) -> int:
    from mongorestore_async import AsyncSession, DigestAuth
    from mongorestore_async.emulator import Emulator, EmulatorSettings

    out = screen()
    started = time.monotonic()
    settings = EmulatorSettings(projects=projects, clusters_per_project=clusters, jobs_per_cluster=jobs, seed=seed)
    async with Emulator(settings) as emulator:
        auth = DigestAuth(emulator.public_key, emulator.private_key)
        async with AsyncSession(auth, base_url=emulator.url) as session:
            out.print(f"An emulated Cloud Manager listens at {emulator.url}")
            _title(out, "1. Every restore job of every project")
            findings = await _list(out, session)
            source, target = _choose(findings)
            _title(out, "2. One restore into another cluster")
            code = await _restore(out, session, emulator, source, target)
            stats = session.stats
    _title(out, "3. What it took")
    out.print(
        f"{stats.requests} requests and {_some(stats.challenges, 'login challenge')} (HTTP digest) over real sockets,"
        f" {time.monotonic() - started:.1f} seconds."
    )
    _title(out, "Next: the same by hand")
    sizes = {"projects": projects, "clusters": clusters, "jobs": jobs, "seed": seed}
    emulator_words = [word for name, value in sizes.items() for word in (f"--{name}", str(value))]
    _advise(out, source, target, ["mongorestore-async", "emulator", *emulator_words])
    return code


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
        f"\n{_some(total, 'restore job')} of {_some(len(findings), 'cluster')} in {_some(places, 'project')}:"
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


async def _restore(out: Screen, session: "AsyncSession", emulator: "Emulator", source: Finding, target: Finding) -> int:
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
    states = await _follow(out, session, emulator, batch)
    if states & _UNDER_WAY:
        screen(error=True).print(f"gave up after {_PATIENCE_SECONDS} seconds")
        return ExitCode.GAVE_UP
    return ExitCode.DONE if states == {JobState.FINISHED} else ExitCode.JOB_NOT_FINISHED


async def _follow(
    out: Screen, session: "AsyncSession", emulator: "Emulator", batch: "RestoreBatch[RestoreJob]"
) -> set[JobState]:
    """Tell each change of state until all jobs are over, or patience is."""
    refs = batch.refs
    cluster = session.project(refs[0].project, CLOUD_MANAGER).cluster(refs[0].cluster or "")
    told: dict[str, str] = {}
    jobs: list[RestoreJob] = list(batch)
    until = time.monotonic() + _PATIENCE_SECONDS
    with out.status("waiting") as status:
        while True:
            clock = emulator.clock.now().strftime("%H:%M:%S")
            for job in jobs:
                delivery = "" if job.delivery is None else f"delivery {job.delivery.status_name}"
                line = f"{job.state:9} {delivery}"
                status.update(f"{clock}  {line}")
                if told.get(job.id) != line:
                    told[job.id] = line
                    which = f"{job.id}  " if len(jobs) > 1 else ""
                    out.print(
                        Text.assemble(f"  {clock}  {which}", (f"{job.state:9}", state_style(job.state)), f" {delivery}")
                    )
            states = {job.state for job in jobs}
            if not states & _UNDER_WAY or time.monotonic() > until:
                return states
            await asyncio.sleep(_POLL_SECONDS)
            jobs = [await cluster.restore_job(ref.job) for ref in refs]


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


def _some(count: int, noun: str) -> str:
    return f"{count} {noun}{'s' * (count != 1)}"
