"""How users call us. Never executed: mypy --strict and basedpyright strict must agree with every line.

The lines at the end must *not* pass. Both checkers report a needless ignore, so each of them is a test as well.
"""

# pyright: reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, assert_type

from yarl import URL

import mongorestore_async
from mongorestore_async import (
    ATLAS_CLOUD_BACKUP,
    ATLAS_CLOUD_BACKUP_V1,
    ATLAS_TENANT_V1,
    CLOUD_MANAGER,
    FAMILIES,
    NO_RETRY,
    OPS_MANAGER,
    SERVER_DEFAULT,
    AccessToken,
    ApiError,
    AsyncSession,
    AuthError,
    AutomatedRestore,
    Checkpoint,
    CloudBackupRestoreJob,
    Cluster,
    ClusterBase,
    ClusterSummary,
    ConfigServer,
    DataError,
    Delivery,
    DeliveryStatus,
    DigestAuth,
    Endpoint,
    EndpointSet,
    Family,
    HttpRestore,
    JobDocument,
    JobRef,
    JobState,
    JobStatus,
    LimitScope,
    LimitValue,
    MaybeCreated,
    OpenReconciliation,
    OplogTime,
    OplogTimestamp,
    Options,
    Page,
    Pager,
    PointInTime,
    Profile,
    Project,
    ProjectSummary,
    RateLimit,
    RateLimited,
    RawDocument,
    Reconciliation,
    Reply,
    RequestContext,
    RestoreBatch,
    RestoreError,
    RestoreJob,
    Secret,
    ServiceAccount,
    ServiceVersion,
    SessionArguments,
    Snapshot,
    Stats,
    TakenReconciliation,
    Target,
    TenantRestoreJob,
    TransportError,
    Verdict,
    load_job,
    load_profile,
)
from mongorestore_async.emulator import Emulator, EmulatorSettings, ThreadedEmulator
from mongorestore_async.models import Headers, Link, TenantStatus

if TYPE_CHECKING:
    import aiohttp


async def sessions(http: aiohttp.ClientSession) -> None:
    auth = DigestAuth("public", "private")
    assert_type(auth.public_key, str)
    assert_type(AsyncSession(auth), AsyncSession)
    assert_type(AsyncSession(ServiceAccount("mdb_sa_id_1", "mdb_sa_sk_1", revoke_on_close=True)), AsyncSession)
    assert_type(AsyncSession(None, base_url=URL("http://om.example.com:8080/prefix")), AsyncSession)
    assert_type(AsyncSession(auth, http=http, envelope=True, pretty=True), AsyncSession)
    assert_type(AsyncSession(auth, ssl=False, proxy="http://proxy:3128", options=Options(timeout=5)), AsyncSession)
    assert_type(AsyncSession.from_env(), AsyncSession)
    assert_type(AsyncSession.from_env({"MONGODB_ATLAS_PUBLIC_API_KEY": "k"}, pretty=True), AsyncSession)
    assert_type(AsyncSession.from_env(auth=None, http=http, options=Options(timeout=5)), AsyncSession)
    AsyncSession.from_env(pretty="yes")  # type: ignore[arg-type]
    AsyncSession.from_env(no_such_argument=1)  # type: ignore[call-arg]
    assert_type(AsyncSession.from_profile(), AsyncSession)
    assert_type(AsyncSession.from_profile("staging", base_url=URL("https://om.example.com")), AsyncSession)
    profile = load_profile("staging", environ={"HOME": "/home/u"})
    assert_type(profile, Profile)
    assert_type(profile.project_id, str | None)
    settings: SessionArguments = {"auth": AccessToken("token"), "strict_certificates": False}
    assert_type(AsyncSession.from_profile(profile, **settings), AsyncSession)

    async with AsyncSession(auth) as session:
        assert_type(session, AsyncSession)
        assert_type(session.base_url, URL)
        assert_type(session.options, Options)
        assert_type(session.stats, Stats)
        assert_type(session.service_version, ServiceVersion | None)
        assert_type(session.with_options(timeout=5), AsyncSession)
        assert_type(session.with_options(envelope=True, pretty=False), AsyncSession)
        assert_type(session.with_options(timeout=0.5, items_per_page=100, user_agent="drill/2"), AsyncSession)
        assert_type(session.with_options(retry=NO_RETRY), AsyncSession)
        assert_type(session.with_options(retry=lambda failure: float(failure.tries)), AsyncSession)
        assert_type(await session.request("GET", "/groups", family=OPS_MANAGER, query={"pageNum": 2}), Reply)
        assert_type(
            await session.request("PATCH", "/x", family=ATLAS_CLOUD_BACKUP, version="2025-03-12", headers={"X-A": "b"}),
            Reply,
        )
        await session.open()
        await session.close()


async def any_list_gives_raw_documents(session: AsyncSession) -> None:
    pager = session.pages("/groups/p/alerts", family=ATLAS_CLOUD_BACKUP, version="2025-03-12", headers={"X-A": "b"})
    other: Pager[RawDocument] = session.pages("/orgs", query={"a": True, "b": 1}, items_per_page=10, limit=5)
    assert_type(aiter(other), AsyncIterator[RawDocument])
    async for document in pager:
        assert_type(document, RawDocument)
        assert_type(document["id"], Any)
    assert_type(await pager, Page[RawDocument])
    assert_type(await pager.first(), RawDocument | None)
    assert_type(await pager.one(), RawDocument)
    assert_type(await pager.collect(), list[RawDocument])
    async for page in pager.pages():
        assert_type(page, Page[RawDocument])


async def rate_limits_are_endpoint_sets(session: AsyncSession) -> None:
    async for found in session.rate_limits("p", name="clusters"):
        assert_type(found, EndpointSet)
        assert_type(found.scope, LimitScope | str | None)
        assert_type(found.capacity, LimitValue)
        assert_type(found.capacity.value, int)
        assert_type(found.capacity.default_value, int | None)
        assert_type(found.endpoints, tuple[Endpoint, ...])
        assert_type(found.rate_limit, RateLimit | None)
        assert_type(found.documented, bool)
    assert_type(await anext(session.rate_limits()), EndpointSet)
    assert_type(await session.use_rate_limits(), tuple[EndpointSet, ...])


async def projects_and_clusters(session: AsyncSession) -> None:
    async for found in session.projects(CLOUD_MANAGER):
        assert_type(found, ProjectSummary)
    async for cluster in session.project("p", OPS_MANAGER).clusters(limit=10):
        assert_type(cluster, ClusterSummary)
        assert_type(cluster.takes_restores, bool)


async def what_was_listed_names_it(session: AsyncSession) -> None:
    project = session.project(await session.projects(OPS_MANAGER).one(), OPS_MANAGER)
    assert_type(project, Project[RestoreJob])
    assert_type(project.cluster(await project.clusters().one()), Cluster[RestoreJob])
    assert_type(project.config_server(await project.hosts().one()), ConfigServer[RestoreJob])


def the_type_of_a_job_follows_from_the_family(session: AsyncSession) -> None:
    assert_type(session.project("p", OPS_MANAGER), Project[RestoreJob])
    assert_type(session.project("p", CLOUD_MANAGER), Project[RestoreJob])
    assert_type(session.project("p", ATLAS_CLOUD_BACKUP_V1), Project[CloudBackupRestoreJob])
    assert_type(session.project("p", ATLAS_TENANT_V1), Project[TenantRestoreJob])

    assert_type(session.project("p", OPS_MANAGER).cluster("c"), Cluster[RestoreJob])
    assert_type(session.project("p", ATLAS_TENANT_V1).cluster("c"), Cluster[TenantRestoreJob])
    pager: Pager[RestoreJob] = session.project("p", OPS_MANAGER).cluster("c").restore_jobs()
    assert_type(aiter(pager), AsyncIterator[RestoreJob])

    assert_type(OPS_MANAGER, Family[RestoreJob])
    assert_type(ATLAS_CLOUD_BACKUP_V1.job_type, type[CloudBackupRestoreJob])
    assert_type(FAMILIES, Mapping[str, Family[Any]])


async def lists(session: AsyncSession) -> None:
    cluster = session.project("p", ATLAS_CLOUD_BACKUP_V1).cluster("Cluster0")

    async for job in cluster.restore_jobs(limit=10, starting_at=2, include_count=False):
        assert_type(job, CloudBackupRestoreJob)

    pager = cluster.restore_jobs(query={"backupJobsEnabledOnly": True})
    assert_type(await pager, Page[CloudBackupRestoreJob])
    assert_type(await pager.page(), Page[CloudBackupRestoreJob])
    walk: AsyncIterator[Page[CloudBackupRestoreJob]] = pager.pages()
    assert_type(await anext(walk), Page[CloudBackupRestoreJob])
    async with aclosing(pager.pages()) as pages:
        assert_type(await anext(pages), Page[CloudBackupRestoreJob])
    async for page in pager.pages():
        assert_type(page.items, tuple[CloudBackupRestoreJob, ...])
        assert_type(page.number, int)
        assert_type(page.total_count, int | None)
        assert_type(page.links, tuple[Link, ...])
        assert_type(page.status, int)
        assert_type(page.headers, Headers)
        assert_type(page.drifted, bool)
        assert_type(page[0], CloudBackupRestoreJob)
        assert_type(page[2:5], tuple[CloudBackupRestoreJob, ...])
        assert_type(list(page), list[CloudBackupRestoreJob])
    assert_type(await pager.collect(limit=2000, concurrency=4), list[CloudBackupRestoreJob])
    assert_type(await pager.first(), CloudBackupRestoreJob | None)
    assert_type(await pager.one(), CloudBackupRestoreJob)
    assert_type([job.id async for job in pager], list[str])


async def any_family(cluster: Cluster[RestoreJob] | Cluster[TenantRestoreJob]) -> JobState:
    job = await cluster.restore_job("j")
    assert_type(job, RestoreJob | TenantRestoreJob)
    return job.state


async def any_job(cluster: ClusterBase[JobDocument], pager: Pager[JobDocument]) -> list[JobDocument]:
    """What gives jobs of one kind can be passed where any kind will do."""
    return [await cluster.restore_job("j"), *await pager.collect()]


async def of_any_family(session: AsyncSession, family: Family[JobDocument] = OPS_MANAGER) -> None:
    families: list[Family[JobDocument]] = [OPS_MANAGER, ATLAS_CLOUD_BACKUP, ATLAS_TENANT_V1, family]
    for each in families:
        cluster = session.project("p", each).cluster("c")
        assert_type(cluster, Cluster[JobDocument])
        await any_job(cluster, cluster.restore_jobs())
    backup = session.project("p", ATLAS_CLOUD_BACKUP)
    await any_job(backup.cluster("c"), backup.cluster("c").restore_jobs())
    projects: list[Project[JobDocument]] = [backup, session.project("p", OPS_MANAGER)]
    batch: RestoreBatch[JobDocument] = await backup.cluster("c").ensure_restore(HttpRestore.on_server_terms("s"))
    del projects, batch


async def create(session: AsyncSession) -> None:
    cluster = session.project("p", CLOUD_MANAGER).cluster("c")
    requests: Sequence[HttpRestore | AutomatedRestore] = [
        HttpRestore("s", 1, expiration_hours=1),
        HttpRestore(snapshot_id="s", max_downloads=SERVER_DEFAULT, expires=datetime.now(UTC)),
        HttpRestore("s", SERVER_DEFAULT, expiration_hours=SERVER_DEFAULT),
        AutomatedRestore(Snapshot("s"), Target("p", "c")),
        AutomatedRestore(source=OplogTime(seconds=1, increment=1), target=Target(project_id="p", cluster="c")),
        AutomatedRestore(PointInTime(datetime.now(UTC)), Target("p", "c")),
        AutomatedRestore(Checkpoint("k"), Target("p", "c")),
    ]
    batch = await cluster.create_restore_job(requests[0])
    assert_type(batch, RestoreBatch[RestoreJob])
    assert_type(batch.jobs, tuple[RestoreJob, ...])
    assert_type(batch[0], RestoreJob)
    assert_type(batch[-2:], tuple[RestoreJob, ...])
    assert_type(batch.batch_id, str | None)
    assert_type(batch.refs, tuple[JobRef, ...])
    assert_type([job.delivery for job in batch], list[Delivery | None])
    assert_type(await cluster.cancel_restore_job("j"), None)


def jobs(job: RestoreJob, backup: CloudBackupRestoreJob, tenant: TenantRestoreJob, document: dict[str, Any]) -> None:
    assert_type(load_job(OPS_MANAGER, document), RestoreJob)
    assert_type(load_job(ATLAS_TENANT_V1, document, project="p", cluster="c"), TenantRestoreJob)

    for each in (job, backup, tenant):
        assert_type(each.id, str)
        assert_type(each.state, JobState)
        assert_type(each.snapshot_moment, datetime | None)
        assert_type(each.ref, JobRef | None)
        assert_type(each.to_dict(redacted=False), dict[str, Any])

    assert_type(job.status_name, JobStatus | str | None)
    assert_type(job.timestamp, OplogTimestamp | None)
    assert_type(backup.timestamp, datetime | None)
    assert_type(backup.delivery_url, tuple[Secret, ...])
    assert_type(tenant.status, TenantStatus | str | None)
    if job.delivery is not None:
        assert_type(job.delivery.status_name, DeliveryStatus | str | None)
        assert_type(job.delivery.url, Secret | None)
        assert_type(job.delivery.expires, datetime | None)
    assert_type(JobRef.parse("ops-manager/p/c/j"), JobRef)


async def errors(session: AsyncSession) -> None:
    try:
        await session.project("p", OPS_MANAGER).cluster("c").restore_jobs()
    except RateLimited as error:
        assert_type(error.retry_after, float | None)
    except ApiError as error:
        assert_type(error.status, int)
        assert_type(error.error_code, str | None)
        assert_type(error.reason, str | None)
        assert_type(error.detail, str | None)
        assert_type(error.parameters, tuple[Any, ...])
        assert_type(error.service_version, str | None)
    except DataError as error:
        assert_type(error.path, str)
        assert_type(error.excerpt, str)
    except MaybeCreated as error:
        found = await error.reconcile()
        either: Reconciliation[Any] = found
        assert_type(either.verdict, Verdict)
        assert_type(found, TakenReconciliation[Any] | OpenReconciliation[Any])
        if found.verdict is Verdict.TAKEN:
            assert_type(found, TakenReconciliation[Any])
            batch: RestoreBatch[RestoreJob] = found.batch
            await batch.wait(timeout=None)
        elif found.verdict is Verdict.NOT_TAKEN:
            assert_type(found, OpenReconciliation[Any])
            assert_type(found.batch, None)
        else:
            assert_type(found.verdict, Literal[Verdict.CANNOT_TELL])
            assert_type(found.candidates, tuple[Any, ...])
    except (AuthError, TransportError) as error:
        assert_type(error.request, RequestContext | None)
    except RestoreError as error:
        assert_type(error.message, str)
        assert_type(error.resume_at, int | None)


async def tests_against_the_emulator() -> None:
    async with Emulator(EmulatorSettings(projects=3, jobs_per_cluster=1000)) as emulator:
        auth = DigestAuth(emulator.public_key, emulator.private_key)
        assert_type(AsyncSession(auth, base_url=emulator.url), AsyncSession)
    with ThreadedEmulator() as threaded:
        assert_type(threaded.url, str)


assert_type(mongorestore_async.__version__, str)


# What must not pass. Each line is wrong in exactly one way.


def wrong_settings(session: AsyncSession) -> None:
    AsyncSession("public:private")  # type: ignore[arg-type]
    AsyncSession(None, "http://om")  # type: ignore[call-arg]
    session.with_options(timeout="5")  # type: ignore[arg-type]
    session.with_options(tries=5)  # type: ignore[call-arg]
    session.with_options(envelope="yes")  # type: ignore[arg-type]
    Options(envelope=True)  # type: ignore[call-arg]
    session.options.timeout = 5  # type: ignore[misc]


async def wrong_calls(session: AsyncSession) -> None:
    session.project("p")  # type: ignore[call-arg]
    session.project("p", "ops-manager")  # type: ignore[arg-type]
    cluster = session.project("p", OPS_MANAGER).cluster("c")
    await cluster.restore_jobs("batch")  # type: ignore[call-arg]
    await cluster.restore_jobs(page_size=5)  # type: ignore[call-arg]
    for _ in cluster.restore_jobs():  # type: ignore[attr-defined]
        pass
    await cluster.create_restore_job(Snapshot("s"))  # type: ignore[arg-type]


async def wrong_expectations(session: AsyncSession) -> None:
    job = await session.project("p", ATLAS_TENANT_V1).cluster("c").restore_jobs().first()
    print(job.id)  # type: ignore[union-attr]
    if job is not None:
        print(job.delivery)  # type: ignore[attr-defined]
        job.id = "other"  # type: ignore[misc]


def wrong_requests() -> None:
    HttpRestore("s")  # type: ignore[call-arg]
    AutomatedRestore(Snapshot("s"), "p/c")  # type: ignore[arg-type]
    PointInTime("2026-11-02")  # type: ignore[arg-type]
