"""Creating restores of single collections: once, guarded, checked before, and found again."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime, timedelta

import aiohttp
import attrs
import pytest
from aioresponses import CallbackResult

from builders.lists import listed
from mongorestore_async import (
    ATLAS_COLLECTION_RESTORE,
    NO_RETRY,
    BadRequest,
    CollectionRestore,
    ConfigError,
    MaybeCreated,
    NotFound,
    NotRestorable,
    NotUnique,
    OplogTime,
    Options,
    PointInTime,
    ProtectedTarget,
    RestoreGuard,
    Snapshot,
    Target,
    WriteStrategy,
)

NOW = datetime(2026, 11, 29, tzinfo=UTC)
REQUEST = CollectionRestore(
    Snapshot("s1"), Target("p2", "there"), write=WriteStrategy.OVERWRITE_EXISTING, collections=["shop.orders"]
)
ADDS = attrs.evolve(REQUEST, write=WriteStrategy.CREATE_NEW)
ONTO_ITSELF = attrs.evolve(REQUEST, target=Target("p", "c"))
JOBS = "clusters/c/collectionRestoreJobs"

pytestmark = pytest.mark.usefixtures("atlas")


@attrs.define
class Atlas:
    """Clusters, snapshots and restores of single collections; ``faults`` by path, ``seconds`` each answer takes."""

    jobs: dict = attrs.field(factory=dict)
    snapshots: dict = attrs.field(factory=lambda: {"s1": {"id": "s1", "status": "completed"}})
    clusters: dict = attrs.field(factory=lambda: {"p": ["c"], "p2": ["there"]})
    faults: dict = attrs.field(factory=dict)
    echoes: bool = True
    seconds: float = 0.0
    lost: bool = False

    def run(self, place=("p", "c"), request=REQUEST, **members):
        job = {"id": f"j{sum(map(len, self.jobs.values()))}", "state": "IN_PROGRESS"}
        job |= {"targetGroupId": request.target.project_id, "targetClusterName": request.target.cluster}
        job |= {"snapshotId": request.source.id, "writeStrategy": request.write, "indexStrategy": request.indexes}
        job |= {"collections": [{"sourceNamespace": name} for name in request.collections], **members}
        self.jobs.setdefault(place, []).append(job)
        return job

    async def __call__(self, sent):
        await asyncio.sleep(self.seconds)
        path = sent.url.partition("/groups/")[2].partition("?")[0].split("/")
        where, what = (path[0], path[2] if len(path) > 2 else ""), "/".join(path[1:])
        if fault := self.faults.get((sent.method, what)):
            return fault
        if sent.method == "POST":
            job = {"id": f"j{sum(map(len, self.jobs.values()))}", "state": "INITIALIZING"}
            self.jobs.setdefault(where, []).append(job | sent.body)
            if self.lost:
                return aiohttp.ServerDisconnectedError()
            return CallbackResult(status=201, payload=job | (sent.body if self.echoes else {}))
        if what == "clusters":
            found = [{"id": f"id-of-{name}", "name": name} for name in self.clusters[path[0]]]
        elif path[-1] == "collectionRestoreJobs":
            found = self.jobs.get(where, ())
        else:
            found = self.snapshots.get(path[-1])
            return CallbackResult(payload=found) if found else refused(404, "SNAPSHOT_NOT_FOUND")
        return CallbackResult(payload=listed(*found))


def refused(status, code):
    return CallbackResult(status=status, payload={"error": status, "errorCode": code, "detail": f"No: {code}."})


@pytest.fixture
def atlas(server):
    made = Atlas()
    server.serve(made)
    return made


@pytest.fixture
def cluster(connect):
    return connect().project("p", ATLAS_COLLECTION_RESTORE).cluster("c")


@pytest.fixture
def guarded(connect):
    def make(guard):
        session = connect(options=Options(retry=NO_RETRY, guard=guard))
        return session.project("p", ATLAS_COLLECTION_RESTORE).cluster("c")

    return make


async def test_a_create_reads_the_list_and_is_answered_with_201(atlas, cluster, server):
    batch = await cluster.create_restore_job(REQUEST)

    assert [(job.id, str(job.state), job.asked) for job in batch] == [("j0", "PENDING", REQUEST)]
    assert (batch.until, batch.existing, str(batch.refs[0])) == (
        "finished",
        False,
        "atlas-collection-restore/p/c/j0",
    )
    assert [sent.method for sent in server.sent] == ["GET", "POST"]
    assert server.last.url.endswith(f"/api/atlas/v2/groups/p/{JOBS}")
    assert {sent.headers["Accept"] for sent in server.sent} == {"application/vnd.atlas.2025-03-12+json"}
    assert server.last.headers["Content-Type"] == "application/vnd.atlas.2025-03-12+json"
    assert "includeCount" not in server.sent[0].query
    assert server.last.body == {
        "snapshotId": "s1",
        "targetGroupId": "p2",
        "targetClusterName": "there",
        "writeStrategy": "OVERWRITE_EXISTING",
        "indexStrategy": "ALL",
        "collections": [{"sourceNamespace": "shop.orders"}],
    }


async def test_a_refusal_of_the_api_started_nothing(atlas, cluster):
    atlas.faults["POST", JOBS] = refused(409, "SOME_CONFLICT")
    with pytest.raises(Exception, match="SOME_CONFLICT") as caught:
        await cluster.create_restore_job(REQUEST)
    assert not isinstance(caught.value, MaybeCreated)


@pytest.mark.parametrize("status", [500, 502, 301])
async def test_a_create_that_broke_may_have_been_taken(atlas, cluster, server, status):
    atlas.faults["POST", JOBS] = refused(status, "UNEXPECTED_ERROR")
    with pytest.raises(MaybeCreated):
        await cluster.create_restore_job(REQUEST)
    assert len(server.posts) == 1


async def test_a_lost_create_is_found_by_what_it_names(atlas, cluster):
    atlas.run(request=attrs.evolve(REQUEST, collections=["shop.items"]))
    atlas.lost = True
    with pytest.raises(MaybeCreated) as caught:
        await cluster.create_restore_job(REQUEST)
    atlas.run(request=attrs.evolve(REQUEST, target=Target("p2", "elsewhere")))

    found = await caught.value.reconcile()
    assert (found.verdict, [job.id for job in found.batch], found.batch[0].asked) == ("taken", ["j1"], REQUEST)


async def test_two_new_jobs_of_one_kind_cannot_be_told_apart(atlas, cluster):
    atlas.lost = True
    with pytest.raises(MaybeCreated) as caught:
        await cluster.create_restore_job(REQUEST)
    atlas.run()

    found = await caught.value.reconcile()
    assert (found.verdict, len(found.candidates)) == ("cannot tell", 2)


@pytest.mark.parametrize(
    "source", [PointInTime(datetime.now(UTC) + timedelta(days=1)), OplogTime(2**32 - 1, 1), OplogTime(5, 5)]
)
@pytest.mark.parametrize("verb", ["create_restore_job", "ensure_restore", "dry_run"])
async def test_bad_moments_are_refused_before_anything_is_sent(cluster, server, source, verb):
    with pytest.raises(ConfigError):
        await getattr(cluster, verb)(attrs.evolve(REQUEST, source=source))
    assert server.sent == []


GUARDS = [
    (RestoreGuard(), ONTO_ITSELF),
    (RestoreGuard([Target("p2", "there")]), REQUEST),
    (RestoreGuard([Target("p2", "*")]), REQUEST),
]


@pytest.mark.parametrize("verb", ["create_restore_job", "ensure_restore"])
@pytest.mark.parametrize(("guard", "request_"), GUARDS)
class TestGuard:
    async def test_protects_what_would_be_dropped(self, guarded, server, guard, request_, verb):
        with pytest.raises(ProtectedTarget):
            await getattr(guarded(guard), verb)(request_)
        assert server.sent == []

    async def test_lets_pass_what_only_adds(self, guarded, server, guard, request_, verb):
        request = attrs.evolve(request_, write=WriteStrategy.CREATE_NEW)
        batch = await getattr(guarded(guard), verb)(request)

        assert (len(batch), len(server.posts)) == (1, 1)
        assert not any("clusters?" in sent.url for sent in server.sent)  # nobody asked what the clusters are

    async def test_lets_pass_what_is_confirmed(self, guarded, server, guard, request_, verb):
        await getattr(guarded(guard), verb)(request_, overwrite=request_.target)
        assert len(server.posts) == 1


async def test_the_guard_knows_a_target_by_its_id_as_well(guarded, server):
    guard = RestoreGuard([Target("p2", "id-of-there")])
    with pytest.raises(ProtectedTarget, match="it is protected, as id-of-there"):
        await guarded(guard).create_restore_job(REQUEST)
    assert server.posts == []


async def test_what_only_adds_needs_no_confirmation(cluster, server):
    with pytest.raises(ConfigError, match=r"WriteStrategy\.CREATE_NEW does not overwrite a cluster: leave overwrite"):
        await cluster.create_restore_job(ADDS, overwrite=ADDS.target)
    assert server.sent == []


async def test_a_plan_shows_what_would_be_overwritten(cluster, server):
    plan, adds = await cluster.dry_run(REQUEST), await cluster.dry_run(ADDS)

    assert (plan.target, adds.target, plan.body["writeStrategy"]) == (REQUEST.target, None, "OVERWRITE_EXISTING")
    assert plan.url.endswith(f"/groups/p/{JOBS}")
    assert server.sent == []


async def test_a_protected_target_is_a_finding_of_a_plan(guarded):
    plan = await guarded(RestoreGuard()).dry_run(ONTO_ITSELF)
    assert [finding.rule for finding in plan.findings] == ["guard"]


class TestPrecheck:
    async def test_finds_nothing_where_all_is_well(self, atlas, cluster, server):
        atlas.run(state="SUCCESSFUL")
        plan = await cluster.dry_run(REQUEST, precheck=True)

        assert plan.findings == ()
        assert server.posts == []
        await cluster.create_restore_job(REQUEST, precheck=True)

    async def test_refuses_a_snapshot_that_is_not_complete(self, atlas, cluster, server):
        atlas.snapshots["s1"]["status"] = "inProgress"
        with pytest.raises(NotRestorable, match="snapshot s1 cannot be restored"):
            await cluster.create_restore_job(REQUEST, precheck=True)
        assert server.posts == []

    async def test_refuses_a_snapshot_that_is_not_there(self, cluster, server):
        with pytest.raises(NotFound):
            await cluster.create_restore_job(attrs.evolve(REQUEST, source=Snapshot("s9")), precheck=True)
        assert server.posts == []

    async def test_warns_of_a_target_that_is_not_listed(self, cluster):
        plan = await cluster.dry_run(attrs.evolve(REQUEST, target=Target("p2", "gone")), precheck=True)
        assert [(finding.rule, finding.fatal) for finding in plan.findings] == [("target", False)]

    @pytest.mark.parametrize(
        ("place", "request_", "refused"),
        [
            (("p", "c"), attrs.evolve(REQUEST, target=Target("p9", "else")), True),
            (("p2", "there"), REQUEST, True),
            (("p2", "there"), attrs.evolve(REQUEST, target=Target("p9", "else")), False),
        ],
    )
    async def test_knows_that_a_cluster_takes_one_restore(self, atlas, cluster, place, request_, refused):
        atlas.run(place, request_)
        plan = await cluster.dry_run(REQUEST, precheck=True)

        assert plan.is_refused is refused
        assert [finding.rule for finding in plan.findings] == ["running"] * refused
        if refused:
            assert f"({ATLAS_COLLECTION_RESTORE.name}/{'/'.join(place)}/j0)" in plan.findings[0].problem
            with pytest.raises(NotRestorable, match="a cluster takes one at a time"):
                await cluster.create_restore_job(REQUEST, precheck=True)

    async def test_reads_no_snapshot_for_a_moment(self, cluster, server):
        moment = attrs.evolve(REQUEST, source=PointInTime(datetime.now(UTC)), target=Target("p", "c"))
        plan = await cluster.dry_run(moment, precheck=True)

        assert plan.findings == ()
        assert [re.sub(r".*/groups/|\?.*", "", sent.url) for sent in server.sent] == ["p/clusters", f"p/{JOBS}"]


class TestEnsure:
    async def test_finds_the_same_restore(self, atlas, cluster, server):
        atlas.run(state="FAILED")
        atlas.run()
        batch = await cluster.ensure_restore(REQUEST)

        assert ([job.id for job in batch], batch.existing, batch[0].asked) == (["j1"], True, REQUEST)
        assert server.posts == []

    async def test_a_busy_target_is_refused(self, atlas, cluster, server):
        atlas.run(request=attrs.evolve(REQUEST, collections=["shop.items"]))
        with pytest.raises(NotRestorable, match="is being restored from something else"):
            await cluster.ensure_restore(REQUEST)
        assert server.posts == []

    async def test_a_target_that_is_busy_by_its_own_backup_is_refused(self, atlas, cluster, server):
        atlas.run(("p2", "there"), attrs.evolve(REQUEST, source=Snapshot("s5")))
        with pytest.raises(NotRestorable, match="is being restored from something else"):
            await cluster.ensure_restore(REQUEST)
        assert server.posts == []

    async def test_a_restore_elsewhere_does_not_matter(self, atlas, cluster, server):
        atlas.run(request=attrs.evolve(REQUEST, target=Target("p2", "elsewhere")))
        batch = await cluster.ensure_restore(REQUEST)

        assert (batch.existing, len(server.posts)) == (False, 1)

    @pytest.mark.parametrize("member", ["collections", "snapshotId", "writeStrategy", "indexStrategy", "targetGroupId"])
    async def test_a_job_that_shows_too_little_may_be_it(self, atlas, cluster, server, member):
        del atlas.run()[member]
        with pytest.raises(NotUnique, match="show too little to be sure"):
            await cluster.ensure_restore(REQUEST)
        assert server.posts == []

    async def test_what_the_session_started_is_known_without_an_echo(self, atlas, cluster, server):
        atlas.echoes = False
        first = await cluster.ensure_restore(REQUEST)
        for name in [*atlas.jobs["p", "c"][0]]:
            if name not in {"id", "state"}:
                del atlas.jobs["p", "c"][0][name]
        again = await cluster.ensure_restore(REQUEST)

        assert ([job.id for job in again], again.existing, again[0].asked) == (["j0"], True, first[0].asked)
        assert len(server.posts) == 1

    async def test_many_at_once_start_one(self, atlas, cluster, server):
        atlas.seconds = 0.1
        batches = await asyncio.gather(*(cluster.ensure_restore(REQUEST) for _ in range(20)))

        assert {batch[0].id for batch in batches} == {"j0"}
        assert len(server.posts) == 1

    async def test_the_order_of_names_makes_no_other_restore(self, cluster, server):
        names = ["shop.orders", "shop.items"]
        await cluster.ensure_restore(attrs.evolve(REQUEST, collections=names))
        again = await cluster.ensure_restore(attrs.evolve(REQUEST, collections=names[::-1]))

        assert (again.existing, len(server.posts)) == (True, 1)

    async def test_a_plain_create_starts_another_one(self, cluster, server):
        await cluster.create_restore_job(REQUEST)
        await cluster.create_restore_job(REQUEST)
        assert len(server.posts) == 2


async def test_there_is_no_call_to_cancel_one(cluster, server):
    with pytest.raises(Exception, match="cancel"):
        await cluster.cancel_restore_job("j")
    assert server.sent == []


async def test_a_bad_request_is_told_as_it_is(atlas, cluster):
    atlas.faults["POST", JOBS] = refused(400, "INVALID_ATTRIBUTE")
    with pytest.raises(BadRequest):
        await cluster.create_restore_job(REQUEST)
