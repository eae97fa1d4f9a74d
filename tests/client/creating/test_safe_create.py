"""Creating with care: dry runs and pre-checks."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime, timedelta

import pytest

from builders.constants import GROUPS
from builders.lists import listed, path_of
from builders.restores import DOWNLOAD, RESTORE, TARGET
from mongorestore_async import (
    ATLAS_CLOUD_BACKUP,
    ATLAS_FLEX,
    OPS_MANAGER,
    AutomatedRestore,
    Checkpoint,
    ConfigError,
    HttpRestore,
    OplogTime,
    Options,
    PointInTime,
    Unsupported,
)
from mongorestore_async.errors import ApiError, BadRequest, NotFound, NotRestorable
from mongorestore_async.models import RestoreGuard

BODY = {
    "snapshotId": "s1",
    "delivery": {"methodName": "AUTOMATED_RESTORE", "targetGroupId": "p2", "targetClusterId": "c2"},
}
CREATED = {"results": [{"id": "new", "snapshotId": "s1"}], "totalCount": 1}
GOOD = {
    "id": "s1",
    "complete": True,
    "clusterId": "c",
    "parts": [{"typeName": "REPLICA_SET", "mongodVersion": "6.0.1"}],
}
SHARDED = {**GOOD, "parts": [{"typeName": "REPLICA_SET"}, {"typeName": "CONFIG_SERVER_REPLICA_SET"}]}
REPLICA_SET = {"id": "c2", "clusterName": "two", "typeName": "REPLICA_SET"}


@pytest.fixture
def place(connect):
    """Name a cluster, with a guard if there is one."""

    def name(family=OPS_MANAGER, guard=None, **arguments):
        return connect(options=Options.for_tests(guard=guard), **arguments).project("p", family).cluster("c")

    return name


@pytest.fixture
def answer(server):
    """Answer each path from a table of documents, with 404 for all others; creates are answered too."""

    def table(documents):
        def serve(sent):
            path = path_of(sent)
            if sent.method == "POST" and path.endswith("/restoreJobs"):
                return server.answer(CREATED)
            found = documents.get(path.removeprefix(GROUPS))
            if isinstance(found, str):
                return server.answer({"errorCode": found}, status=400 if "JOB" in found or "USE" in found else 404)
            return server.answer({"errorCode": "X"}, status=404) if found is None else server.answer(found)

        server.serve(serve)

    return table


class TestDryRun:
    async def test_sends_nothing_and_shows_what_would_be_sent(self, place, server):
        plan = await place().dry_run(RESTORE)

        assert server.sent == []
        assert (plan.method, plan.url) == ("POST", f"https://om.example.com:8443{GROUPS}/p/clusters/c/restoreJobs")
        assert (plan.body, plan.target, plan.findings, plan.is_refused) == (BODY, TARGET, (), False)

    @pytest.mark.parametrize(
        ("family", "request_", "path"),
        [
            (OPS_MANAGER, DOWNLOAD, "/api/public/v1.0/groups/p/clusters/c/restoreJobs"),
            (ATLAS_FLEX, HttpRestore.on_server_terms("s1"), "/api/atlas/v2/groups/p/flexClusters/c/backup/download"),
            (ATLAS_FLEX, RESTORE, "/api/atlas/v2/groups/p/flexClusters/c/backup/restoreJobs"),
        ],
    )
    async def test_shows_the_same_as_the_create_sends(self, place, server, family, request_, path):
        server.will(listed())
        server.will({"id": "new"} if family is ATLAS_FLEX else CREATED)

        plan = await place(family).dry_run(request_)
        await place(family).create_restore_job(request_)

        (sent,) = server.posts
        assert (plan.url, plan.body) == (sent.url, sent.body)
        assert path_of(sent) == path
        assert plan.target == (TARGET if request_ is RESTORE else None)

    @pytest.mark.parametrize(
        ("family", "request_", "error"),
        [
            (OPS_MANAGER, AutomatedRestore(PointInTime(datetime(2020, 1, 1, tzinfo=UTC)), TARGET), ConfigError),
            (ATLAS_FLEX, DOWNLOAD, Unsupported),
            (ATLAS_FLEX, AutomatedRestore(OplogTime(1, 1), TARGET), Unsupported),
            (OPS_MANAGER, "s1", ConfigError),
        ],
    )
    async def test_refuses_what_the_create_refuses(self, place, server, family, request_, error):
        for verb in ("dry_run", "create_restore_job", "ensure_restore"):
            with pytest.raises(error):
                await getattr(place(family), verb)(request_)
        assert server.sent == []

    async def test_tells_that_a_guard_would_refuse(self, place, server):
        cluster = place(guard=RestoreGuard([TARGET]))

        plan = await cluster.dry_run(RESTORE)

        assert plan.is_refused
        assert [(str(finding.rule), finding.fatal) for finding in plan.findings] == [("guard", True)]
        assert (await cluster.dry_run(RESTORE, overwrite=TARGET)).findings == ()
        assert server.sent == []

    async def test_with_a_pre_check_only_reads(self, place, server, answer):
        answer(
            {
                "/p/clusters/c/snapshots/s1": SHARDED,
                "/p2/clusters": listed({"id": "other"}, REPLICA_SET),
                "/p2/clusters/c2/snapshots": listed(GOOD),
            }
        )

        plan = await place().dry_run(RESTORE, precheck=True)

        assert [str(finding.rule) for finding in plan.findings] == ["topology"]
        assert plan.is_refused
        assert {sent.method for sent in server.sent} == {"GET"}

    async def test_a_warning_refuses_nothing(self, place, answer):
        old = {**GOOD, "parts": [{"typeName": "REPLICA_SET", "mongodVersion": "4.4.1"}]}
        answer(
            {
                "/p/clusters/c/snapshots/s1": GOOD,
                "/p/clusters/c/restoreJobs": listed(),
                "/p2/clusters": listed(REPLICA_SET),
                "/p2/clusters/c2/snapshots": listed(old),
            }
        )

        plan = await place().dry_run(RESTORE, precheck=True)

        assert [(str(finding.rule), finding.fatal) for finding in plan.findings] == [("version", False)]
        assert not plan.is_refused
        assert [job.id for job in await place().create_restore_job(RESTORE, precheck=True)] == ["new"]


class TestPreCheck:
    TABLE = {  # noqa: RUF012
        "/p/clusters/c/restoreJobs": listed(),
        "/p/clusters/c/snapshots/s1": GOOD,
        "/p2/clusters": listed(REPLICA_SET),
        "/p2/clusters/c2/snapshots": listed(GOOD),
    }

    async def test_that_finds_nothing_lets_the_create_pass(self, place, server, answer):
        answer(self.TABLE)

        assert [job.id for job in await place().create_restore_job(RESTORE, precheck=True)] == ["new"]
        (sent,) = server.posts
        assert sent is server.last
        assert sent.body == BODY

    @pytest.mark.parametrize("verb", ["create_restore_job", "ensure_restore"])
    async def test_tells_everything_fatal_and_starts_nothing(self, place, server, answer, verb):
        answer({**self.TABLE, "/p/clusters/c/snapshots/s1": {**SHARDED, "complete": False}})

        with pytest.raises(NotRestorable) as caught:
            await getattr(place(), verb)(RESTORE, precheck=True)

        assert server.posts == []
        assert [str(finding.rule) for finding in caught.value.findings] == ["snapshot", "topology"]
        assert all(finding.words in str(caught.value) for finding in caught.value.findings)
        assert pickle.loads(pickle.dumps(caught.value)).findings == caught.value.findings  # noqa: S301

    async def test_of_a_download_looks_at_its_snapshot_only(self, place, server, answer):
        soon = (datetime.now(UTC) + timedelta(minutes=30)).isoformat()
        answer({"/p/clusters/c/snapshots/s1": {**GOOD, "expires": soon}})

        with pytest.raises(NotRestorable, match="the link would outlive the snapshot"):
            await place().create_restore_job(DOWNLOAD, precheck=True)
        assert [path_of(sent) for sent in server.sent] == [f"{GROUPS}/p/clusters/c/snapshots/s1"]

    @pytest.mark.parametrize("snapshots", [listed(), "BACKUP_CONFIG_NOT_FOUND", "BACKUP_JOB_NOT_FOUND"])
    async def test_names_a_target_without_backup(self, place, answer, snapshots):
        answer({**self.TABLE, "/p2/clusters/c2/snapshots": snapshots})

        with pytest.raises(NotRestorable, match="backup is not enabled on the target"):
            await place().create_restore_job(RESTORE, precheck=True)

    @pytest.mark.parametrize("snapshots", [None, "CANNOT_USE_X"])
    async def test_takes_a_target_it_cannot_look_into_as_unknown(self, place, answer, snapshots):
        answer({**self.TABLE, "/p2/clusters/c2/snapshots": snapshots})

        assert (await place().dry_run(RESTORE, precheck=True)).findings == ()

    async def test_of_a_target_that_is_not_there(self, place, answer):
        answer({**self.TABLE, "/p2/clusters": listed({"id": "c3"})})

        with pytest.raises(NotRestorable, match="has no cluster c2 of this kind"):
            await place().create_restore_job(RESTORE, precheck=True)

    async def test_a_missing_snapshot_raises_the_error_of_the_server(self, place, server, answer):
        answer({})

        with pytest.raises(NotFound):
            await place().create_restore_job(RESTORE, precheck=True)
        assert server.posts == []

    async def test_of_a_moment_asks_for_the_ranges(self, place, server):
        now = datetime.now(UTC)
        request = AutomatedRestore(PointInTime(now - timedelta(hours=1)), TARGET)
        ends = {"date": (now - timedelta(hours=2)).isoformat(), "increment": 1}
        for document in (listed({**REPLICA_SET, "id": "c"}), listed(GOOD), [{"start": ends, "end": ends}]):
            server.will(document)
        server.will(listed(REPLICA_SET))
        server.will(listed(GOOD))

        (finding,) = (await place().dry_run(request, precheck=True)).findings

        assert str(finding.rule) == "time-range"
        assert path_of(server.posts[0]) == f"{GROUPS}/p/clusters/c/restoreJobs/restorableTimeRanges"
        assert len(server.posts) == 1

    async def test_of_a_checkpoint_reads_it(self, place, answer):
        request = AutomatedRestore(Checkpoint("k1"), TARGET)
        answer(
            {
                **self.TABLE,
                "/p/clusters": listed({"id": "c", "typeName": "SHARDED_REPLICA_SET"}),
                "/p/clusters/c/snapshots": listed({**SHARDED, "parts": [{"fcv": "4.4"}, {"fcv": "4.4"}]}),
                "/p/clusters/c/checkpoints/k1": {"id": "k1", "restorable": False},
            }
        )

        plan = await place().dry_run(request, precheck=True)

        assert [str(finding.rule) for finding in plan.findings] == ["checkpoint", "checkpoint", "topology"]

    async def test_finds_the_snapshot_of_a_sharded_atlas_cluster(self, place, server):
        target = {"id": "x", "name": "c2", "clusterType": "SHARDED"}
        sharded = {"id": "s1", "status": "completed", "type": "shardedCluster", "mongodVersion": "8.0.1"}
        server.will({"errorCode": "SNAPSHOT_NOT_FOUND"}, status=404)
        for document in (sharded, listed(target), listed({**sharded, "mongodVersion": "7.0.9"})):
            server.will(document)

        plan = await place(ATLAS_CLOUD_BACKUP).dry_run(RESTORE, precheck=True)

        assert [(str(finding.rule), finding.fatal) for finding in plan.findings] == [("version", False)]
        backup = "/api/atlas/v2/groups/p/clusters/c/backup/snapshots"
        assert [path_of(sent) for sent in server.sent] == [
            f"{backup}/s1",
            f"{backup}/shardedCluster/s1",
            "/api/atlas/v2/groups/p2/clusters",
            "/api/atlas/v2/groups/p2/clusters/c2/backup/snapshots/shardedClusters",
        ]

    async def test_any_other_error_of_the_server_ends_it(self, place, server):
        server.will({"errorCode": "INVALID_SNAPSHOT"}, status=400)

        with pytest.raises(BadRequest):
            await place().create_restore_job(RESTORE, precheck=True)
        assert server.posts == []

    @pytest.mark.parametrize("status", [400, 404, 410])
    @pytest.mark.parametrize("path", ["/p/clusters/c/snapshots/s1", "/p2/clusters", "/p2/clusters/c2/snapshots"])
    async def test_a_gateways_page_is_no_finding(self, place, server, path, status):
        def serve(sent):
            if path_of(sent).removeprefix(GROUPS) == path:
                return server.answer(status=status, body="<html>")
            return server.answer(self.TABLE[path_of(sent).removeprefix(GROUPS)])

        server.serve(serve)

        with pytest.raises(ApiError) as caught:
            await place().create_restore_job(RESTORE, precheck=True)
        assert caught.value.from_gateway
        assert server.posts == []

    async def test_a_gateways_404_asks_for_no_sharded_snapshot(self, place, server):
        server.serve(lambda _: server.answer(status=404, body="<html>"))

        with pytest.raises(NotFound):
            await place(ATLAS_CLOUD_BACKUP).dry_run(RESTORE, precheck=True)
        assert len(server.sent) == 1
