"""What stands next to restore jobs: checkpoints, time ranges, hosts, config servers, targets."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from builders.lists import listed, path_of
from mongorestore_async import OPS_MANAGER
from mongorestore_async.errors import ConfigError, DataError, Forbidden, NotFound, NotRestorable, Unsupported
from mongorestore_async.families import FAMILIES
from mongorestore_async.models import Target

OM = "/api/public/v1.0/groups/p/clusters/c"
V1 = "/api/atlas/v1.0/groups/p"
V2 = "/api/atlas/v2/groups/p"
FIRST = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture
def place(session):
    return lambda name: session.project("p", FAMILIES[name]).cluster("c")


class TestCheckpoints:
    @pytest.mark.parametrize(
        ("name", "path"),
        [
            ("ops-manager", f"{OM}/checkpoints"),
            ("cloud-manager", f"{OM}/checkpoints"),
            ("atlas-legacy-v1", f"{V1}/clusters/c/backupCheckpoints"),
            ("atlas-legacy", f"{V2}/clusters/c/backupCheckpoints"),
        ],
    )
    async def test_are_listed_and_read(self, place, server, name, path):
        server.will(listed({"id": "k1", "restorable": True}, {"id": "k2"}))
        server.will({"id": "k1", "timestamp": "2026-01-01T12:00:00Z"})

        found = await place(name).checkpoints().collect()
        one = await place(name).checkpoint("k1")

        assert [(checkpoint.id, checkpoint.restorable) for checkpoint in found] == [("k1", True), ("k2", None)]
        assert one.timestamp == FIRST
        assert [path_of(sent) for sent in server.sent] == [path, f"{path}/k1"]

    @pytest.mark.parametrize("name", ["atlas-cloud-backup", "atlas-flex", "atlas-tenant", "atlas-serverless"])
    async def test_exist_in_some_families_only(self, place, server, name):
        with pytest.raises(Unsupported, match="has no checkpoints"):
            place(name).checkpoints()
        with pytest.raises(Unsupported, match="has no checkpoints"):
            await place(name).checkpoint("k1")
        assert server.sent == []


class TestTimeRanges:
    async def test_are_a_bare_array_asked_for_with_a_post(self, cluster, server):
        moment = {"date": "2026-01-01T12:00:00Z", "increment": 1}
        server.will([{"start": moment, "end": moment, "snapshotId": "s1", "shardCount": 2}])

        (found,) = await cluster.restorable_time_ranges()

        assert (found.snapshot_id, found.shard_count) == ("s1", 2)
        assert found.start is not None
        assert found.start.date == FIRST
        assert (server.last.method, server.last.data) == ("POST", None)
        assert path_of(server.last).endswith("/restoreJobs/restorableTimeRanges")

    async def test_may_be_none(self, cluster, server):
        server.will([])

        assert await cluster.restorable_time_ranges() == ()

    @pytest.mark.parametrize("document", [{"results": []}, [1], [{"start": 3}]])
    async def test_of_another_shape_are_an_error(self, cluster, server, document):
        server.will(document)

        with pytest.raises(DataError) as caught:
            await cluster.restorable_time_ranges()
        assert (caught.value.status, caught.value.request.method) == (200, "POST")

    @pytest.mark.parametrize("name", [name for name in FAMILIES if name.startswith("atlas")])
    async def test_are_told_by_ops_manager_and_cloud_manager_only(self, place, server, name):
        with pytest.raises(Unsupported, match="has no list of restorable time ranges"):
            await place(name).restorable_time_ranges()
        assert server.sent == []


class TestHosts:
    async def test_are_listed(self, session, server):
        server.will(listed({"id": "h1", "hostname": "one", "port": 27017}, {}, {"id": "h2"}, totalCount=2))

        found = await session.project("p", OPS_MANAGER).hosts().collect()

        assert [(host.id, host.port) for host in found] == [("h1", 27017), ("h2", None)]
        assert path_of(server.sent[0]) == "/api/public/v1.0/groups/p/hosts"

    def test_are_unknown_to_atlas(self, session):
        for name in FAMILIES:
            project = session.project("p", FAMILIES[name])
            if name.startswith("atlas"):
                with pytest.raises(Unsupported, match="has no list of hosts"):
                    project.hosts()
                with pytest.raises(Unsupported, match="does not restore config servers"):
                    project.config_server("h1")
            else:
                assert repr(project.config_server("h1")) == f"<ConfigServer {name} p/h1>"


class TestWhatWasListed:
    """Projects, clusters and hosts are named by what a list gave of them."""

    LISTED = (
        ("ops-manager", {"id": "c1", "clusterName": "one", "typeName": "REPLICA_SET"}, "c1"),
        ("cloud-manager", {"id": "c1", "clusterName": "one", "groupId": "P"}, "c1"),
        ("atlas-cloud-backup", {"id": "c1", "name": "one", "groupId": "p", "stateName": "IDLE"}, "one"),
        ("atlas-flex", {"id": "c1", "name": "one"}, "one"),
        ("atlas-legacy-v1", {"id": "c1", "name": "one"}, "one"),
    )

    @pytest.mark.parametrize(("name", "document", "key"), LISTED)
    async def test_names_it(self, session, server, name, document, key):
        family = FAMILIES[name]
        server.will(listed({"id": "p", "name": "shop"}))
        server.will(listed(document))

        project = session.project(await session.projects(family).one(), family)
        cluster = project.cluster(await project.clusters().one())

        assert (project.id, cluster.cluster) == ("p", key)

    @pytest.mark.parametrize(
        ("name", "document", "says"),
        [
            ("ops-manager", {"id": "c1", "clusterName": "one", "groupId": "q"}, "is of project q, not of p"),
            ("ops-manager", {"id": "c1", "name": "one"}, "was not listed by Ops Manager"),
            ("atlas-flex", {"id": "c1", "clusterName": "one"}, "was not listed by Atlas flex"),
            ("atlas-flex", {"id": "c1"}, "was listed without a name, which Atlas flex needs"),
            ("cloud-manager", {"id": "c1", "shardName": "s0"}, "is a part of a sharded cluster"),
            ("cloud-manager", {"id": "c1", "typeName": "CONFIG_SERVER_REPLICA_SET"}, "is a part of a sharded cluster"),
        ],
    )
    async def test_of_another_place_is_refused(self, session, server, name, document, says):
        project = session.project("p", FAMILIES[name])
        server.will(listed(document))
        found = await project.clusters().one()

        with pytest.raises(ConfigError, match=says):
            project.cluster(found)

    async def test_names_a_host(self, session, server):
        project = session.project("p", OPS_MANAGER)
        server.will(listed({"id": "h1", "groupId": "p"}, {"id": "h2", "groupId": "q"}))
        ours, other = await project.hosts().collect()

        assert project.config_server(ours).host == "h1"
        with pytest.raises(ConfigError, match="the host h2 is of project q, not of p"):
            project.config_server(other)


class TestConfigServers:
    async def test_have_jobs_and_snapshots_by_host(self, session, server):
        host = session.project("p", OPS_MANAGER).config_server("h1")
        server.will(listed({"id": "j1", "hostId": "h1"}))
        server.will(listed({"id": "s1", "HOST-ID": "h1"}))
        server.will({"id": "s1"})

        (job,) = await host.restore_jobs().collect()
        (snapshot,) = await host.snapshots(completed="all").collect()
        await host.snapshot("s1")

        assert str(job.ref) == str(host.ref("j1")) == "ops-manager/p/host:h1/j1"
        assert (snapshot.id, snapshot.cluster_id) == ("s1", None)
        base = "/api/public/v1.0/groups/p/hosts/h1"
        assert [path_of(sent) for sent in server.sent] == [
            f"{base}/restoreJobs",
            f"{base}/snapshots",
            f"{base}/snapshots/s1",
        ]

    @pytest.mark.parametrize("host", ["", "a/b", ".."])
    def test_are_named_by_an_id_that_cannot_change_the_path(self, session, host):
        with pytest.raises(ConfigError):
            session.project("p", OPS_MANAGER).config_server(host)


class TestRestoreTarget:
    @pytest.mark.parametrize("name", [name for name in FAMILIES if name.startswith("atlas")])
    async def test_on_atlas_is_the_name(self, place, server, name):
        assert await place(name).restore_target() == Target("p", "c")
        assert server.sent == []

    @pytest.mark.parametrize("name", ["ops-manager", "cloud-manager"])
    async def test_is_the_id_that_the_snapshots_of_the_target_tell(self, place, server, name):
        server.will(listed({"id": "s1"}, {"id": "s2", "clusterId": "the-id"}))

        assert await place(name).restore_target() == Target("p", "the-id")
        assert server.last.query["completed"] == "all"

    @pytest.mark.parametrize(
        "answer",
        [
            {"document": listed()},
            {"document": listed({"id": "s1", "complete": True})},
            {"document": {"errorCode": "BACKUP_CONFIG_NOT_FOUND"}, "status": 404},
            {"document": {"errorCode": "BACKUP_JOB_NOT_FOUND"}, "status": 400},
        ],
    )
    async def test_needs_a_backup(self, cluster, server, answer):
        server.will(**answer)

        with pytest.raises(NotRestorable, match=r"^backup is not enabled on the target: cluster \w+ has no snapshot"):
            await cluster.restore_target()

    @pytest.mark.parametrize(("status", "error"), [(404, NotFound), (403, Forbidden)])
    async def test_any_other_refusal_stays_what_it_is(self, cluster, server, status, error):
        server.will({"errorCode": "CLUSTER_NOT_FOUND"}, status=status)

        with pytest.raises(error):
            await cluster.restore_target()
